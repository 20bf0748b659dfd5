"""The consoles ask for series that exist, are red where an alert is, and need nobody else's server."""

import re

import pytest

from grafana.boards import limits
from tests.unit.consoles import ASSETS, CONSOLES, LIBRARY, Bound, bounds, expressions
from tests.unit.promql import selectors
from tests.unit.test_dashboards import known_series, recorded

each_console = pytest.mark.parametrize("name", CONSOLES)
# Alerts on what is left, where a console shows what is used.
OF_WHAT_IS_LEFT = {"HostMemoryPressure", "HostFilesystemAlmostFull"}
# Given by Prometheus to every target and of every alert: with any job.
OF_EVERY_JOB = {"up", "ALERTS", "ALERTS_FOR_STATE"}


@each_console
def test_a_console_uses_known_series_only_and_with_their_job(name: str) -> None:
    asked = [selector for expression in expressions(name) for selector in selectors(expression)]
    assert len(asked) > 10
    assert {selector.name for selector in asked} - known_series() - recorded() == set()
    assert [one for one in asked if "job" not in one.matchers and one.name not in OF_EVERY_JOB] == []


@each_console
def test_a_figure_is_red_where_its_alert_is(name: str) -> None:
    assert bounds(name)
    for bound in bounds(name):
        assert bound == Bound(bound.alert, limit(bound.alert))


def limit(alert: str) -> float:
    """The alert's bound, on what is used."""
    severity = "warning" if alert in OF_WHAT_IS_LEFT else ""
    value = limits.of_alert(alert, severity)
    return round(1 - value, 6) if alert in OF_WHAT_IS_LEFT else value


def test_no_console_asks_another_server() -> None:
    for text in (*CONSOLES.values(), LIBRARY, *ASSETS.values()):
        # The name of a language is no address.
        assert re.findall(r"(?:https?:)?//[\w.-]+\.\w+", text.replace("http://www.w3.org/2000/svg", "")) == []


@each_console
def test_every_part_that_a_console_uses_is_in_the_library(name: str) -> None:
    used = set(re.findall(r'template "(\w+)"', CONSOLES[name] + LIBRARY))
    assert used <= set(re.findall(r'define "(\w+)"', LIBRARY))


def test_every_page_of_the_menu_is_there() -> None:
    linked = set(re.findall(r'href="(\w+)\.html"', LIBRARY))
    assert linked == CONSOLES.keys()
