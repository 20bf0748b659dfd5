"""Prometheus's consoles as a person sees them: phone and desktop, light and dark."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from playwright.sync_api import Browser

from tests.e2e.browsing import Visit, visiting
from tests.e2e.conftest import Stack
from tests.e2e.test_dashboards import ask, is_expected
from tests.unit.consoles import CONSOLES, expressions
from tests.waiting import wait_until

# Two scrapes and an evaluation, with slack.
MEASURED_WITHIN_SECONDS = 120
RECORDED_EVERY_FEW_MINUTES = {"Error budget left"}


@pytest.fixture(scope="module")
def used(stack: Stack) -> Stack:
    """The stack once Prometheus has something to say to every question of the consoles."""
    asked = {
        text for name in CONSOLES for text in expressions(name) if is_expected(text) and 'job="x"' not in text
    }

    def measured() -> bool:
        stack.person("reader").get("/explore")
        return all(ask(stack, text) for text in asked)

    wait_until(measured, MEASURED_WITHIN_SECONDS, "all that the consoles ask for")
    return stack


@pytest.fixture(params=["phone-light", "phone-dark", "desktop-light", "desktop-dark"])
def visit(request: pytest.FixtureRequest, browser: Browser, used: Stack) -> Iterator[Visit]:
    with visiting(browser, used.prometheus, request.param) as begun:
        yield begun


def drawn(visit: Visit) -> None:
    """Wait until every chart is there."""
    visit.page.wait_for_function(
        "[...document.querySelectorAll('.chart')].every(chart => chart.querySelector('svg path'))"
    )


@pytest.mark.parametrize("name", ["index", "microblog"])
def test_a_console_shows_figures_and_charts_without_a_complaint_of_the_browser(
    visit: Visit, name: str
) -> None:
    answer = visit.page.goto(f"/consoles/{name}.html")
    assert answer is not None
    assert answer.status == 200, visit.page.content()
    drawn(visit)
    names = visit.page.locator(".figure dt").all_text_contents()
    figures = dict(zip(names, visit.page.locator(".figure dd:not(.bound)").all_text_contents(), strict=True))
    assert len(figures) == 6
    assert {name for name, value in figures.items() if value == "–"} <= RECORDED_EVERY_FEW_MINUTES
    assert not visit.scrolls_sideways
    assert visit.complaints == []
    visit.shoot(f"console-{name}")


def test_the_overview_names_every_service_and_says_that_no_alert_fires_or_which(visit: Visit) -> None:
    visit.page.goto("/consoles/index.html")
    services = visit.page.locator(".services li").all_text_contents()
    assert {"microblog", "mysqld_exporter", "nginx_exporter", "prometheus"} <= {
        s.split()[0] for s in services
    }
    said = visit.page.locator(".verdict").text_content() or ""
    listed = visit.page.locator(".alerts li").count()
    assert said.strip() == (
        "No alert fires" if listed == 0 else f"{listed} alert{'s fire' if listed > 1 else ' fires'}"
    )


def test_the_charts_show_the_time_that_was_chosen(visit: Visit) -> None:
    visit.page.goto("/consoles/microblog.html")
    with visit.page.expect_request(lambda sent: "/query_range" in sent.url) as asked:
        visit.page.get_by_role("link", name="6h").click()
    query = parse_qs(urlsplit(asked.value.url).query)
    assert int(query["end"][0]) - int(query["start"][0]) == 6 * 3600
    drawn(visit)
    assert visit.page.locator(".range [aria-current]").text_content() == "6h"


def test_a_console_says_so_when_prometheus_is_gone(visit: Visit) -> None:
    visit.page.goto("/consoles/index.html")
    drawn(visit)
    visit.page.route("**/*", lambda route: route.abort())
    visit.page.evaluate("refresh()")
    visit.page.get_by_text("Prometheus does not answer").first.wait_for()


def test_prometheus_leads_to_the_consoles_from_its_own_menu(used: Stack) -> None:
    page = requests.get(f"{used.prometheus}/classic/graph", timeout=10).text
    assert "/consoles/index.html" in page
