"""What every alert has: a severity, words for a person, a runbook, and a test of when it fires."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
RUNBOOKS = ROOT / "docs/runbooks"
DASHBOARDS = {
    "stack_overview", "microblog", "edge", "mariadb", "hosts", "host", "jenkins", "monitoring", "delivery",
}  # fmt: skip


@cache
def alerts() -> list[dict[str, Any]]:
    """Every alert, with the name of its file as `area`."""
    return [
        {**rule, "area": file.stem}
        for file in sorted((ROOT / "prometheus/rules").glob("*.yml"))
        for group in yaml.safe_load(file.read_text())["groups"]
        for rule in group["rules"]
        if "alert" in rule
    ]


@cache
def rule_tests() -> list[dict[str, Any]]:
    files = sorted((ROOT / "prometheus/tests").glob("*.yml"))
    tests = [test for file in files for test in yaml.safe_load(file.read_text())["tests"]]
    return [case for test in tests for case in test["alert_rule_test"]]


def headings(area: str) -> set[str]:
    return set(re.findall(r"^## (\w+)$", (RUNBOOKS / f"{area}.md").read_text(), flags=re.MULTILINE))


def scrape_jobs(place: str = "local") -> dict[str, dict[str, Any]]:
    configuration = yaml.safe_load((ROOT / f"prometheus/scrape/{place}.yml").read_text())
    return {job["job_name"]: job for job in configuration["scrape_configs"]}


each_alert = pytest.mark.parametrize(
    "alert", alerts(), ids=lambda alert: f"{alert['alert']}-{alert['labels']['severity']}"
)


@each_alert
def test_an_alert_tells_a_person_what_is_wrong_and_where_to_read_on(alert: dict[str, Any]) -> None:
    assert alert["labels"]["severity"] in {"critical", "warning", "info", "none"}
    told = alert["annotations"]
    assert told.keys() == {"summary", "description", "runbook_url", "dashboard"}
    assert told["runbook_url"] == f"docs/runbooks/{alert['area']}.md#{alert['alert'].lower()}"
    assert alert["alert"] in headings(alert["area"])
    assert told["dashboard"].removeprefix("/d/") in DASHBOARDS


@each_alert
def test_an_alert_is_tested_to_fire(alert: dict[str, Any]) -> None:
    fired = [
        labels(expected)
        for case in rule_tests()
        if case["alertname"] == alert["alert"]
        for expected in case["exp_alerts"]
    ]
    assert alert["labels"]["severity"] in [found["severity"] for found in fired]


@pytest.mark.parametrize("name", sorted({alert["alert"] for alert in alerts()} - {"Watchdog"}))
def test_an_alert_is_tested_to_stay_silent(name: str) -> None:
    silent = [case for case in rule_tests() if case["alertname"] == name and not case["exp_alerts"]]
    assert len(silent) >= 2


def labels(expected: dict[str, Any]) -> dict[str, str]:
    return dict(expected["exp_labels"])


@pytest.mark.parametrize("area", sorted({alert["area"] for alert in alerts()}))
def test_no_runbook_is_left_of_an_alert_that_is_gone(area: str) -> None:
    assert headings(area) == {alert["alert"] for alert in alerts() if alert["area"] == area}


def test_every_runbook_is_found_from_their_first_page() -> None:
    page = (RUNBOOKS / "README.md").read_text()
    assert set(re.findall(r"\(([\w.]+#\w+)\)", page)) == {
        alert["annotations"]["runbook_url"].removeprefix("docs/runbooks/") for alert in alerts()
    }


def test_every_target_carries_instance_role_and_host() -> None:
    static = [group for job in scrape_jobs().values() for group in job.get("static_configs", [])]
    files = [yaml.safe_load(file.read_text()) for file in (ROOT / "prometheus/targets").glob("*.json")]
    groups = static + [group for content in files for group in content]
    assert {frozenset(group["labels"]) for group in groups} == {frozenset({"instance", "role", "host"})}


def test_a_target_is_scraped_as_the_service_it_is() -> None:
    for name, job in scrape_jobs().items():
        instances = {group["labels"]["instance"] for group in job.get("static_configs", [])}
        assert instances <= {"nginx" if name == "blackbox" else name}


def test_the_jobs_are_the_same_on_one_machine_and_on_ec2() -> None:
    assert scrape_jobs("ec2").keys() == scrape_jobs("local").keys()


def test_a_target_on_ec2_carries_instance_role_and_host_too_and_none_is_of_another_stack() -> None:
    for name, job in scrape_jobs("ec2").items():
        for found in job.get("ec2_sd_configs", []):
            assert {"name": "tag:Stack", "values": ["@STACK@"]} in found["filters"]
            targets = {rule.get("target_label") for rule in job["relabel_configs"]}
            assert {"instance", "role", "host"} <= targets, name


@pytest.mark.parametrize("name", ["prometheus.yml", "alertmanager.yml", "blackbox.yml"])
def test_nothing_waits_for_a_variable_that_nobody_fills_in(name: str) -> None:
    assert "${" not in (ROOT / "prometheus" / name).read_text()
