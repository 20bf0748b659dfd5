"""The microblog as a person sees it: headless Chromium, phone and desktop, light and dark."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from playwright.sync_api import Browser

from tests.e2e.browsing import Visit, visiting
from tests.e2e.conftest import Stack
from tests.e2e.person import PASSWORD

THOUGHT = "My first post, with an emoji 🌱 and <b>no markup</b>"


@pytest.fixture(params=["phone-light", "desktop-dark"])
def visit(request: pytest.FixtureRequest, browser: Browser, stack: Stack) -> Iterator[Visit]:
    with visiting(browser, stack.microblog, request.param) as begun:
        yield begun


def test_a_person_joins_writes_and_finds_the_post_without_a_complaint_of_the_browser(visit: Visit) -> None:
    page, name = visit.page, f"carol_{uuid4().hex[:6]}"
    page.goto("/register")
    visit.shoot("register")
    page.locator("[name=username]").fill(name)
    page.locator("[name=email]").fill(f"{name}@example.org")
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    page.locator("[name=body]").fill(THOUGHT)
    page.get_by_role("button", name="Post", exact=True).click()
    page.get_by_text(THOUGHT).wait_for()
    for path in ("/", "/explore", f"/people/{name}", "/profile/edit", "/language"):
        page.goto(path)
        assert not visit.scrolls_sideways, path
        visit.shoot(path.strip("/").split("/")[0] or "home")
    assert visit.complaints == []


def test_a_page_that_is_not_there_is_said_in_the_same_design(visit: Visit) -> None:
    answer = visit.page.goto("/nowhere")
    assert answer is not None
    assert answer.status == 404
    assert visit.page.get_by_role("link", name="Explore").first.is_visible()
    visit.shoot("not-found")
