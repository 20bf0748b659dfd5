"""The microblog without a mouse: real keys, and where the focus is after each."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browsing import SIZES
from tests.e2e.community import Community
from tests.e2e.looking import looker

MOST_STOPS = 250
# What has the focus: what it is, whether it comes after the one before, can be seen, and shows the focus.
FOCUSED = """() => {
  const one = document.activeElement;
  if (one === document.body) return null;
  const box = one.getBoundingClientRect();
  const at = document.elementFromPoint(box.x + Math.min(box.width / 2, 40), box.y + box.height / 2);
  const style = getComputedStyle(one);
  const before = window.before;
  window.before = one;
  return {
    what: one.outerHTML.slice(0, 150),
    follows: !before || Boolean(before.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING),
    seen: Boolean(at) && (one.contains(at) || at.contains(one)),
    outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
  };
}"""


@pytest.fixture(params=list(SIZES))
def page(request: pytest.FixtureRequest, browser: Browser, settled: Community) -> Iterator[Page]:
    """The member's browser."""
    one = looker(browser, settled.address, "member", settled.story.cast.member, set())
    one.page.set_viewport_size(SIZES[request.param])
    yield one.page
    one.page.context.close()


def stops(page: Page) -> list[dict[str, Any]]:
    """Where the focus goes, from the top of the page until it leaves it."""
    page.evaluate("window.before = null")
    found: list[dict[str, Any]] = []
    while len(found) < MOST_STOPS:
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUSED)
        if stop is None or not stop["follows"]:
            return found
        found.append(stop)
    raise AssertionError(f"the focus does not leave {page.url}: {found[-1]}")


@pytest.mark.parametrize("path", ["/explore", "/account", "/account/tokens", "/profile/edit", "/messages"])
def test_the_focus_goes_down_the_page_and_is_always_seen(page: Page, path: str) -> None:
    # A card opens where somebody stays on a name, and is over the next stop for a moment.
    page.route("**/card*", lambda route: route.abort())
    page.goto(path)
    found = stops(page)
    everything = page.locator("a[href], button, input, select, textarea, summary, [tabindex='0']")
    reachable = everything.evaluate_all("all => all.filter(one => one.checkVisibility()).length")
    assert len(found) >= reachable, f"{len(found)} of {reachable} were reached"
    assert [stop["what"] for stop in found if not stop["seen"]] == []
    assert [stop["what"] for stop in found if not stop["outlined"]] == []


def test_the_first_key_skips_to_the_content(page: Page) -> None:
    page.goto("/explore")
    page.keyboard.press("Tab")
    skip = page.locator(".skip")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport(ratio=1)
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_a_person_in_short_opens_at_their_name_is_entered_and_put_away(
    page: Page, settled: Community
) -> None:
    page.goto("/search?q=cello")
    page.locator("a[aria-current=page]").first.focus()
    name = page.locator("main article a.author").first
    while not name.evaluate("one => one === document.activeElement"):
        page.keyboard.press("Tab")
    card = page.locator(".person.card")
    card.wait_for()
    page.keyboard.press("Tab")
    expect(card.locator("a").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(card).to_have_count(0)
    expect(name).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    card.wait_for()
    page.keyboard.press("Shift+Tab")
    expect(card).to_have_count(0)


def test_what_is_folded_opens_by_enter_and_closes_by_escape(page: Page, settled: Community) -> None:
    page.goto(f"/people/{settled.story.cast.followed.name}")
    summary = page.locator("details.more summary")
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.locator("details.more")).to_have_attribute("open", "")
    page.keyboard.press("Tab")
    expect(page.locator("details.more button").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("details.more")).not_to_have_attribute("open", "")
    expect(summary).to_be_focused()


def test_a_post_is_written_and_liked_by_keys_alone(page: Page) -> None:
    page.goto("/")
    page.locator("[name=body]").focus()
    page.keyboard.type("Written without a mouse")
    page.keyboard.press("Control+Enter")
    page.get_by_text("Written without a mouse").first.wait_for()
    page.locator("button[formaction$='like']").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("button[formaction$='/unlike']").first).to_be_visible()
