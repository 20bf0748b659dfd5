"""Prometheus sees every service of the composed stack, and says when one is gone."""

from typing import Any

import requests

from tests.e2e.conftest import Stack
from tests.waiting import wait_until

SCRAPED_WITHIN_SECONDS = 60
# Scraped every 15 s, down for 30 s, grouped for 30 s: with slack.
ALERT_WITHIN_SECONDS = 180


def query(stack: Stack, expression: str) -> list[Any]:
    answer = requests.get(f"{stack.prometheus}/api/v1/query", params={"query": expression}, timeout=10)
    return list(answer.json()["data"]["result"])


def targets(stack: Stack) -> dict[str, str]:
    answer = requests.get(f"{stack.prometheus}/api/v1/targets", timeout=10).json()
    return {
        f"{target['labels']['job']} {target['labels']['instance']}": target["lastError"] or target["health"]
        for target in answer["data"]["activeTargets"]
    }


def test_every_target_is_up_and_the_left_out_ones_are_none(stack: Stack) -> None:
    expected = {
        "alertmanager", "blackbox_exporter", "microblog", "mysqld_exporter",
        "nginx_exporter", "node_exporter", "prometheus",
    }  # fmt: skip
    wait_until(
        lambda: set(targets(stack).values()) == {"up"}, SCRAPED_WITHIN_SECONDS, f"all up: {targets(stack)}"
    )
    jobs = {name.split()[0] for name in targets(stack)}
    assert expected <= jobs
    assert not {"grafana", "jenkins"} & jobs


def test_the_exporters_reach_what_they_measure(stack: Stack) -> None:
    for series in ("mysql_up", "nginx_up", "probe_success", "microblog_workers"):
        wait_until(
            lambda series=series: any(float(r["value"][1]) >= 1 for r in query(stack, series)),  # type: ignore[misc]
            SCRAPED_WITHIN_SECONDS,
            series,
        )


def test_an_alert_fires_when_the_microblog_stops_and_resolves_when_it_is_back(stack: Stack) -> None:
    alertmanager = stack.address("ALERTMANAGER_PORT")

    def firing() -> bool:
        alerts = requests.get(f"{alertmanager}/api/v2/alerts", timeout=10).json()
        return any(
            alert["labels"]["alertname"] == "MicroblogDown" and alert["status"]["state"] == "active"
            for alert in alerts
        )

    wait_until(lambda: not firing(), ALERT_WITHIN_SECONDS, "no MicroblogDown yet")
    stack.container("microblog").stop()
    try:
        wait_until(firing, ALERT_WITHIN_SECONDS, "MicroblogDown firing")
        page = requests.get(stack.microblog, timeout=10)
        assert page.status_code == 503
        assert "Back in a moment" in page.text
    finally:
        stack.container("microblog").start()
    wait_until(lambda: not firing(), ALERT_WITHIN_SECONDS, "MicroblogDown resolved")
