"""What every dashboard has: a source, names of its own, units, descriptions, thresholds, series that exist.

The rules are those of Grafana's dashboard-linter; what a rule does not fit is in EXCEPTIONS, with the reason.
"""

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

from grafana.boards import limits
from grafana.boards.every import BOARDS as SOURCES
from tests.unit.consoles import CONSOLES
from tests.unit.consoles import expressions as console_expressions
from tests.unit.promql import Selector, metric_names, selectors

ROOT = Path(__file__).parents[2]
BOARDS: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text()) for path in sorted((ROOT / "grafana/dashboards").glob("*.json"))
}
PANELS = {
    f"{name} {panel['id']}: {panel['title']}": (name, panel)
    for name, board in BOARDS.items()
    for panel in board["panels"]
    if panel["type"] != "row"
}
# What Grafana 12 and later can no longer show.
ANGULAR = {"graph", "singlestat", "table-old", "grafana-piechart-panel", "grafana-worldmap-panel"}
# Of Grafana's units, by their ids, those that are meant here.
UNITS = {
    *("short", "bool", "percentunit", "s", "ms", "d", "dateTimeAsIso"),
    *("bytes", "Bps", "bps", "pps", "reqps", "ops", "iops", "wps", "cps", "cpm"),
}
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
# The rule, the board or the series, and the reason.
EXCEPTIONS = {
    ("template-instance", "stack_overview"): "it tells of the stack as one",
    ("template-instance", "hosts"): "it compares all hosts",
    ("template-instance", "jenkins"): "there is one Jenkins",
    ("template-instance", "monitoring"): "there is one of each",
    ("template-instance", "delivery"): "a deployment is one of all hosts",
    ("target-job", "ALERTS"): "an alert on nothing of a job, such as the Watchdog, has no job",
}

each_board = pytest.mark.parametrize("name", BOARDS)
each_panel = pytest.mark.parametrize(("board", "panel"), PANELS.values(), ids=PANELS.keys())


@cache
def known_series() -> set[str]:
    by_job = yaml.safe_load((ROOT / "tests/functional/known_series.yml").read_text())
    return {series for names in by_job.values() for series in names}


@cache
def recorded() -> set[str]:
    return {rule["record"] for rule in limits.rules() if "record" in rule}


def expressions(panel: dict[str, Any]) -> list[str]:
    return [target["expr"] for target in panel["targets"]]


def asked(panel: dict[str, Any]) -> list[Selector]:
    return [selector for expression in expressions(panel) for selector in selectors(expression)]


def annotations(name: str) -> list[str]:
    return [annotation["expr"] for annotation in BOARDS[name]["annotations"]["list"]]


def variables(name: str) -> dict[str, dict[str, Any]]:
    return {variable["name"]: variable for variable in BOARDS[name]["templating"]["list"]}


def values(tree: Any, key: str) -> Iterator[Any]:
    """What is under the key, anywhere in the tree."""
    if isinstance(tree, dict):
        yield from (tree[key],) if key in tree else ()
        tree = list(tree.values())
    if isinstance(tree, list):
        for branch in tree:
            yield from values(branch, key)


def test_the_dashboards_are_what_their_source_says() -> None:
    assert {board.uid for board in SOURCES} == BOARDS.keys(), "make dashboards"
    for board in SOURCES:
        text = (ROOT / f"grafana/dashboards/{board.uid}.json").read_text()
        assert text == board.json(), "make dashboards"


def test_titles_and_uids_are_unique_and_the_uid_is_the_name_of_the_file() -> None:
    assert all(count == 1 for count in Counter(board["title"] for board in BOARDS.values()).values())
    assert {name: board["uid"] for name, board in BOARDS.items()} == {name: name for name in BOARDS}


@each_board
def test_the_file_alone_decides_what_a_dashboard_is(name: str) -> None:
    board = BOARDS[name]
    assert board["schemaVersion"] >= 39, "an older line of the library sorts above today's"
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
def test_a_dashboard_leads_to_every_other(name: str) -> None:
    [link] = BOARDS[name]["links"]
    assert (link["type"], link["keepTime"]) == ("dashboards", True)
    assert all(set(link["tags"]) <= set(board["tags"]) for board in BOARDS.values())


@each_board
def test_a_person_chooses_the_datasource_and_finds_the_provisioned_one_chosen(name: str) -> None:
    provisioned = yaml.safe_load((ROOT / "grafana/provisioning/datasources/datasources.yml").read_text())
    uids = {source["uid"] for source in provisioned["datasources"] if source["type"] == "prometheus"}
    chosen = variables(name)["datasource"]
    assert (chosen["type"], chosen["query"]) == ("datasource", "prometheus")
    assert chosen["current"]["value"] in uids
    assert list(values(BOARDS[name], "datasource")), "asked at all"
    assert all(source == DATASOURCE for source in values(BOARDS[name], "datasource"))


@each_board
def test_a_person_chooses_the_instance(name: str) -> None:
    if ("template-instance", name) in EXCEPTIONS:
        assert "instance" not in variables(name)
        return
    variable = variables(name)["instance"]
    assert variable["refresh"] == 2, "asked anew when another time is shown"
    [source] = selectors(variable["query"].removeprefix("label_values(").removesuffix(", instance)"))
    assert source.name in known_series()
    assert source.matchers["job"]


@each_board
def test_the_instance_that_is_chosen_is_the_one_that_is_shown(name: str) -> None:
    if "instance" not in variables(name):
        return
    [source] = selectors(variables(name)["instance"]["query"].partition("(")[2].removesuffix(", instance)"))
    for board, panel in PANELS.values():
        for selector in asked(panel) if board == name else []:
            if selector.matchers["job"] == source.matchers["job"] and not of_all_instances(selector.name):
                assert "instance" in selector.matchers, (panel["title"], selector)


def of_all_instances(series: str) -> bool:
    """Whether a recorded series has summed the instances up."""
    return series.partition(":")[0] in {"job", "job_le", "endpoint"} and ":" in series


@each_panel
def test_a_panel_says_what_it_shows_and_in_what_unit(board: str, panel: dict[str, Any]) -> None:
    defaults = panel["fieldConfig"]["defaults"]
    assert panel["title"]
    assert panel["description"].endswith(".")
    assert set(values(panel["fieldConfig"], "unit")) <= UNITS
    assert defaults["unit"]
    assert defaults["thresholds"]["steps"][0]["value"] is None
    bounds = [step["value"] for step in defaults["thresholds"]["steps"][1:]]
    assert bounds == sorted(bounds)
    assert panel["type"] not in ANGULAR
    assert expressions(panel)


@each_panel
def test_every_target_has_a_letter_of_its_own(board: str, panel: dict[str, Any]) -> None:
    letters = [target["refId"] for target in panel["targets"]]
    assert len(set(letters)) == len(letters)


@each_panel
def test_a_rate_is_taken_over_an_interval_that_fits_the_screen(board: str, panel: dict[str, Any]) -> None:
    for selector in asked(panel):
        if selector.function in ("rate", "irate"):
            assert selector.window == "$__rate_interval", selector
        if selector.function == "increase":
            assert selector.window in ("$__range", "1h", "1d"), selector


@each_panel
def test_a_counter_is_shown_by_how_it_grows(board: str, panel: dict[str, Any]) -> None:
    for selector in asked(panel):
        # Jenkins's plugin calls a number of tests a total.
        if selector.name.endswith("_total") and not selector.name.endswith("_tests_total"):
            assert selector.function in ("rate", "irate", "increase"), selector


@each_panel
def test_a_series_is_asked_for_with_its_job(board: str, panel: dict[str, Any]) -> None:
    for selector in asked(panel):
        assert "job" in selector.matchers or ("target-job", selector.name) in EXCEPTIONS, selector


@each_panel
def test_a_panel_uses_known_series_only(board: str, panel: dict[str, Any]) -> None:
    assert {selector.name for selector in asked(panel)} - known_series() - recorded() == set()


@each_board
def test_an_annotation_uses_known_series_only(name: str) -> None:
    used = {series for expression in annotations(name) for series in metric_names(expression)}
    assert used
    assert used - known_series() - recorded() == set()


def test_rules_use_known_series_only() -> None:
    used = {name for rule in limits.rules() for name in metric_names(str(rule["expr"]))}
    assert used - known_series() - recorded() == set()


def test_every_known_series_is_used() -> None:
    asked_for = {
        *(str(rule["expr"]) for rule in limits.rules()),
        *(text for _, panel in PANELS.values() for text in expressions(panel)),
        *(text for name in BOARDS for text in annotations(name)),
        *(text for name in CONSOLES for text in console_expressions(name)),
        *(
            v["query"].partition("(")[2].removesuffix(", instance)")
            for n in BOARDS
            if (v := variables(n).get("instance"))
        ),
    }
    assert known_series() - {name for text in asked_for for name in metric_names(text)} == set()


def test_every_exception_is_of_a_rule_that_still_has_one() -> None:
    assert {name for rule, name in EXCEPTIONS if rule == "template-instance"} < BOARDS.keys()


def test_grafana_finds_the_dashboards_and_opens_with_the_overview() -> None:
    provisioned = yaml.safe_load((ROOT / "grafana/provisioning/dashboards/dashboards.yml").read_text())
    [folder] = [provider["options"]["path"] for provider in provisioned["providers"]]
    assert re.search(
        rf"^COPY .* dashboards {folder}$", (ROOT / "images/grafana/Dockerfile").read_text(), re.MULTILINE
    )
    settings = yaml.safe_load((ROOT / "compose/compose.yaml").read_text())["services"]["grafana"][
        "environment"
    ]
    assert settings["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"] == f"{folder}/stack_overview.json"


@pytest.mark.parametrize(
    ("alert", "severity", "bound"),
    [
        ("HostFilesystemAlmostFull", "warning", 0.1),
        ("HostFilesystemAlmostFull", "critical", 0.05),
        ("MicroblogLatencyHigh", "", 0.05),
    ],
)
def test_the_bound_of_an_alert_is_read_from_its_rule(alert: str, severity: str, bound: float) -> None:
    assert limits.of_alert(alert, severity) == bound


def test_an_alert_that_is_gone_is_no_bound() -> None:
    with pytest.raises(LookupError, match="no bound in an alert Gone"):
        limits.of_alert("Gone")
