"""What every dashboard has: names of its own, units, descriptions, thresholds, and series that exist."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.promql import metric_names

ROOT = Path(__file__).parents[2]
BOARDS: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text()) for path in sorted((ROOT / "grafana/dashboards").glob("*.json"))
}
PANELS = {
    f"{name}: {panel['title']}": panel
    for name, board in BOARDS.items()
    for panel in board["panels"]
    if panel["type"] != "row"
}
# What Grafana 12 and later can no longer show.
ANGULAR = {"graph", "singlestat", "table-old", "grafana-piechart-panel", "grafana-worldmap-panel"}

each_board = pytest.mark.parametrize("name", BOARDS)
each_panel = pytest.mark.parametrize("panel", PANELS.values(), ids=PANELS.keys())


@cache
def known_series() -> set[str]:
    by_job = yaml.safe_load((ROOT / "tests/functional/known_series.yml").read_text())
    return {series for names in by_job.values() for series in names}


@cache
def rules() -> list[dict[str, Any]]:
    files = (ROOT / "prometheus/rules").glob("*.yml")
    groups = [group for file in files for group in yaml.safe_load(file.read_text())["groups"]]
    return [rule for group in groups for rule in group["rules"]]


def recorded() -> set[str]:
    return {rule["record"] for rule in rules() if "record" in rule}


def expressions(panel: dict[str, Any]) -> list[str]:
    return [target["expr"] for target in panel["targets"]]


def values(tree: Any, key: str) -> Iterator[Any]:
    """What is under the key, anywhere in the tree."""
    if isinstance(tree, dict):
        yield from (tree[key],) if key in tree else ()
        tree = list(tree.values())
    if isinstance(tree, list):
        for branch in tree:
            yield from values(branch, key)


def test_titles_and_uids_are_unique_and_the_uid_is_the_name_of_the_file() -> None:
    assert all(count == 1 for count in Counter(board["title"] for board in BOARDS.values()).values())
    assert {name: board["uid"] for name, board in BOARDS.items()} == {name: name for name in BOARDS}


@each_board
def test_the_file_alone_decides_what_a_dashboard_is(name: str) -> None:
    board = BOARDS[name]
    assert board["schemaVersion"] >= 39
    assert "id" not in board
    assert board["editable"] is False
    assert board["refresh"] == "30s"


@each_board
def test_panels_have_ids_of_their_own_and_do_not_overlap(name: str) -> None:
    panels = BOARDS[name]["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert [
        (a["title"], b["title"]) for a, b in combinations(panels, 2) if overlap(a["gridPos"], b["gridPos"])
    ] == []
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in panels)


def overlap(a: dict[str, int], b: dict[str, int]) -> bool:
    apart_sideways = a["x"] + a["w"] <= b["x"] or b["x"] + b["w"] <= a["x"]
    apart_upright = a["y"] + a["h"] <= b["y"] or b["y"] + b["h"] <= a["y"]
    return not (apart_sideways or apart_upright)


@each_board
def test_a_dashboard_links_to_the_others(name: str) -> None:
    assert {link["url"] for link in BOARDS[name]["links"]} == {f"/d/{uid}" for uid in BOARDS.keys() - {name}}


@each_board
def test_only_provisioned_datasources_are_used(name: str) -> None:
    provisioned = yaml.safe_load((ROOT / "grafana/provisioning/datasources/datasources.yml").read_text())
    uids = {source["uid"] for source in provisioned["datasources"]}
    assert {source["uid"] for source in values(BOARDS[name], "datasource")} <= uids


@each_panel
def test_a_panel_says_what_it_shows_and_in_what_unit(panel: dict[str, Any]) -> None:
    defaults = panel["fieldConfig"]["defaults"]
    assert panel["description"].endswith(".")
    assert defaults["unit"]
    assert defaults["thresholds"]["steps"][0]["value"] is None
    assert panel["type"] not in ANGULAR
    assert expressions(panel)


@each_panel
def test_a_rate_is_taken_over_an_interval_that_fits_the_screen(panel: dict[str, Any]) -> None:
    for expression in expressions(panel):
        windows = re.findall(r"\b(?:rate|irate|increase)\([^()]*\[([^\]]+)\]", expression)
        assert len(windows) == len(re.findall(r"\b(?:rate|irate|increase)\(", expression))
        assert set(windows) <= {"$__rate_interval"}


@each_panel
def test_a_panel_uses_known_series_only(panel: dict[str, Any]) -> None:
    used = {name for expression in expressions(panel) for name in metric_names(expression)}
    assert used - known_series() - recorded() == set()


def test_rules_use_known_series_only() -> None:
    used = {name for rule in rules() for name in metric_names(str(rule["expr"]))}
    assert used - known_series() - recorded() == set()


def test_every_known_series_is_used() -> None:
    in_rules = {name for rule in rules() for name in metric_names(str(rule["expr"]))}
    in_panels = {
        name for panel in PANELS.values() for text in expressions(panel) for name in metric_names(text)
    }
    annotations = {
        name
        for board in BOARDS.values()
        for annotation in board["annotations"]["list"]
        for name in metric_names(annotation["expr"])
    }
    assert known_series() - in_rules - in_panels - annotations == set()
