"""What dashboards, consoles and rules ask for is really there, once somebody uses the stack."""

import json
import re
from dataclasses import asdict
from typing import Any

import pytest
import requests
import yaml

from ec2.host_scripts import host_script
from ec2.ledger import Entry
from tests.conftest import ROOT
from tests.e2e.conftest import Stack
from tests.unit.consoles import CONSOLES
from tests.unit.consoles import expressions as console_expressions
from tests.unit.promql import filled, selectors
from tests.unit.test_dashboards import BOARDS, PANELS
from tests.waiting import wait_until

# Enough for a rate over a minute, and for the rules that record it; more where the tests share the machine.
ANSWERED_WITHIN_SECONDS = 240
# Never run here: their series are described in known_series.yml.
NOT_RUN = {"jenkins", "grafana"}
# What a stack on one machine has no reason to have.
ELSEWHERE = {"certificate", "prometheus_on_ec2", "scripts_on_hosts"}
# What may have no answer here, and why.
MAY_BE_EMPTY = {
    "ALERTS_FOR_STATE": "no alert fires but the Watchdog",
    "deriv": "no file system fills",
    "instance:probe_ssl_earliest_cert_expiry:days": "no https address is probed",
    "job:microblog_error_budget_left:ratio30d": "it is recorded every few minutes",
}
# What known_series.yml has apart, though the job gives it out.
GIVEN_BY = {"deployments": "node_exporter"}


@pytest.fixture(scope="module")
def watched(stack: Stack) -> Stack:
    """The stack, with somebody who uses it and a deployment that was told as a host tells it."""
    somebody = stack.person("somebody")
    somebody.register()
    somebody.post("I am here to be counted")
    begun = Entry.begin("deploy", "20261128T120000-abc1234", "abc1234", {})
    tell(stack, begun)
    # A counter that is first seen at 1 has not grown.
    wait_until(
        lambda: bool(ask(stack, "stack_deployments_total")), ANSWERED_WITHIN_SECONDS, "the deployment begun"
    )
    tell(stack, begun.done({"images": 12.1, "rollout": 18.4}, 12_345_678))
    return stack


def tell(stack: Stack, entry: Entry) -> None:
    """Have node_exporter know of a deployment; a host's script writes where its exporter looks."""
    words = [
        "python3",
        "-c",
        host_script("deployments.py"),
        "/textfiles/deployments.prom",
        json.dumps(asdict(entry)),
    ]
    status, output = stack.container("container_metrics").exec_run(words)
    assert status == 0, output


def questions() -> dict[str, tuple[str, str]]:
    """Every expression with the legend of its answer, by where it stands."""
    found = {
        f"{board}, {panel['title']}, {target['refId']}": (target["expr"], target["legendFormat"])
        for board, panel in PANELS.values()
        for target in panel["targets"]
    }
    written = {
        f"console {name}, {place}": (expression, "")
        for name in CONSOLES
        for place, expression in enumerate(console_expressions(name))
        if 'job="x"' not in expression
    }
    return found | written


def is_expected(expression: str) -> bool:
    """Whether the expression must have an answer here."""
    jobs = {selector.matchers.get("job") for selector in selectors(expression)}
    return not jobs & NOT_RUN and not any(word in expression for word in MAY_BE_EMPTY)


def ask(stack: Stack, expression: str, window: str = "1m") -> list[dict[str, Any]]:
    """What Prometheus answers to what Grafana would ask."""
    of_one_host = expression.replace('instance="$instance"', 'instance="node_exporter"')
    asked = {"query": filled(of_one_host, window=window)}
    answer = requests.get(f"{stack.prometheus}/api/v1/query", params=asked, timeout=10).json()
    assert answer["status"] == "success", (expression, answer)
    return list(answer["data"]["result"])


def test_every_question_of_every_dashboard_and_console_has_an_answer(watched: Stack) -> None:
    open_questions = {place: one for place, one in questions().items() if is_expected(one[0])}
    assert len(open_questions) > 200
    somebody = watched.person("visitor")

    def all_answered() -> bool:
        for path in ("/explore", "/login", "/nowhere"):
            somebody.get(path)
        for place, (expression, legend) in list(open_questions.items()):
            if says_all(ask(watched, expression), legend):
                del open_questions[place]
        return not open_questions

    try:
        wait_until(all_answered, ANSWERED_WITHIN_SECONDS, "every question answered")
    finally:
        assert open_questions == {}


def says_all(answer: list[dict[str, Any]], legend: str) -> bool:
    """Whether there is an answer, and each of its series has the labels that its legend speaks of."""
    wanted = re.findall(r"{{(\w+)}}", legend)
    return bool(answer) and all(series["metric"].get(label) for series in answer for label in wanted)


def test_a_deployment_is_a_line_in_every_graph_of_the_board_for_it(watched: Stack) -> None:
    lines = {line["name"]: line["expr"] for line in BOARDS["delivery"]["annotations"]["list"]}
    wait_until(
        lambda: says_all(ask(watched, lines["Deployments"], window="10m"), "{{action}}"),
        ANSWERED_WITHIN_SECONDS,
        "the deployment as a line",
    )
    assert ask(watched, lines["Failed deployments"], window="10m") == []


def test_every_series_that_rules_dashboards_and_consoles_use_is_really_there(watched: Stack) -> None:
    known = yaml.safe_load((ROOT / "tests/functional/known_series.yml").read_text())
    scraped = known.keys() - {"every_target"} - NOT_RUN - ELSEWHERE
    wanted = {(GIVEN_BY.get(job, job), name) for job in scraped for name in known[job]}
    wanted |= {
        (GIVEN_BY.get(job, job), name) for job in scraped for name in ("up", "scrape_duration_seconds")
    }

    def missing() -> set[tuple[str, str]]:
        asked = {"match[]": '{job=~".+"}'}
        answer = requests.get(f"{watched.prometheus}/api/v1/series", params=asked, timeout=30).json()
        return wanted - {(series["job"], series["__name__"]) for series in answer["data"]}

    wait_until(lambda: not missing(), ANSWERED_WITHIN_SECONDS, f"these series: {sorted(missing())}")
