"""Every page of the microblog is fit for whoever sees, hears or types it."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import request, template_rendered
from jinja2 import Template
from playwright.sync_api import Browser
from werkzeug.routing import Rule

from microblog import PACKAGE, errors
from microblog.seeding.filling import PASSWORD
from tests.e2e.browsing import SIZES
from tests.e2e.community import Community
from tests.e2e.looking import Looker, looker

# Addresses that are no pages of their own. A new address is one, unless it is put here.
NO_PAGES = {
    "avatars.avatar": "a picture",
    "exports.download": "a file",
    "exports.download_kept": "a file",
    "exports.progress": "a part of exports.export",
    "health.healthz": "for Docker",
    "health.metrics": "for Prometheus",
    "health.readyz": "for Docker",
    "images.image": "a picture",
    "messages.fresh": "JSON for a script",
    "moderation.picture": "a picture",
    "notifications.fresh_unread": "JSON for a script",
    "people.card": "a part of other pages, opened below",
    "posts.fresh_explore": "JSON for a script",
    "posts.fresh_home": "JSON for a script",
    "posts.fresh_mentions": "JSON for a script",
    "posts.fresh_tagged": "JSON for a script",
    "raise": "the errors, each looked at below",
    "static": "a file",
}


FAULTY = """document.querySelector("main").innerHTML = '<button></button><svg width="2000"></svg>'"""
# It turns text around, so no form takes it.
UNREADABLE = "turned \u202dround"


@dataclass(frozen=True)
class Walk:
    """All that was looked at."""

    community: Community
    lookers: dict[str, Looker]
    templates: set[str]
    endpoints: set[str]


@pytest.fixture(scope="module")
def walk(browser: Browser, settled: Community) -> Iterator[Walk]:
    """Everybody looks at everything, once, in one browser."""
    cast = settled.story.cast
    people = {"visitor": None, "newcomer": cast.newcomer, "member": cast.member, "admin": cast.admin}
    known: set[str] = set()
    lookers = {who: looker(browser, settled.address, who, person, known) for who, person in people.items()}
    templates: set[str] = set()
    endpoints: set[str] = set()

    def note(_app: object, template: Template, **_rest: object) -> None:
        templates.add(template.name or "")
        if template.name != "error.html":
            endpoints.add(request.endpoint or "")

    with template_rendered.connected_to(note, settled.app):
        for one in lookers.values():
            look_at_every_address(settled, one)
        visitor, newcomer, member, admin = lookers.values()
        look_as_a_visitor(settled, visitor)
        look_as_a_member(settled, member)
        look_at_mistakes(settled, member)
        look_at_an_export(settled, newcomer)
        look_as_an_admin(settled, admin)
        look_at_the_errors(visitor)
        open_a_person(member)
    yield Walk(settled, lookers, templates, endpoints)
    for one in lookers.values():
        one.page.context.close()


def pages(made: Community) -> Iterator[tuple[Rule, str]]:
    """Every page with its path, filled in with what the member has a view of."""
    story = made.story
    values = {
        "username": story.cast.followed.name,
        "post_id": story.posts["thread"],
        "conversation_id": story.conversations["long"],
        "case_id": story.cases["removed"],
        "tag": "trains",
    }
    with made.app.test_request_context():
        urls = made.app.url_map.bind("")
        for rule in made.app.url_map.iter_rules():
            is_no_page = rule.endpoint in NO_PAGES or rule.endpoint.startswith("api.")
            if "GET" in (rule.methods or ()) and not is_no_page:
                yield rule, urls.build(rule.endpoint, {name: values[name] for name in rule.arguments})


def look_at_every_address(made: Community, one: Looker) -> None:
    """Whoever is sent elsewhere or told that there is nothing has not seen that page."""
    for rule, path in pages(made):
        if one.who == "newcomer" and rule.arguments:
            continue
        if one.who == "admin" and not rule.endpoint.startswith("moderation."):
            continue
        answer = one.go(path)
        if answer.status in {200, 403} and answer.request.redirected_from is None:
            one.inspect(path)


def look_as_a_visitor(made: Community, one: Looker) -> None:
    story = made.story
    for purpose, path in (
        ("join", "/register/confirm"),
        ("reset", "/password/new"),
        ("address", "/account/email/confirm"),
        ("kept", "/export/kept"),
    ):
        one.look(f"{path}?token={story.tokens[purpose]}")
    one.look("/export/kept", 410)
    one.look(f"/account/suspended?ticket={story.tokens['ticket']}", 403)
    ticket = f"?ticket={story.tokens['ticket']}"
    one.look(f"/account/decisions/{story.cases['suspended']}/answer{ticket}")
    one.look(f"/people/{story.cast.suspended.name}", 403)
    one.look(f"/posts/{story.posts['picture']}")
    one.look("/search?q=cello")
    one.look("/search/people?q=a")
    with made.without_mail():
        one.look("/password/forgotten")
        one.look("/register")


def look_as_a_member(made: Community, one: Looker) -> None:
    story = made.story
    cast, posts, conversations = story.cast, story.posts, story.conversations
    for post in ("picture", "answer", "gone", "removed"):
        one.look(f"/posts/{posts[post]}")
    for person in (cast.member, cast.blocked, cast.muted, cast.admin):
        one.look(f"/people/{person.name}")
    one.look(f"/people/{cast.suspended.name}", 403)
    one.look(f"/people/{cast.admin.name}/message")
    one.look(f"/messages/{conversations['left']}")
    one.look(f"/messages/{conversations['request']}")
    one.look("/search?q=cello")
    one.look("/search/people?q=a")
    one.look("/search?q=%3F")
    one.look("/tags/nobodywrotethis")


def look_at_mistakes(made: Community, one: Looker) -> None:
    """Forms that come back with what is wrong in them, and what is shown once one was good."""
    story, page = made.story, one.page
    for path in (
        "/profile/edit",
        "/account/email",
        "/account/password",
        "/account/delete",
        f"/posts/{story.posts['thread']}/report",
        f"/account/decisions/{story.cases['removed']}/answer",
    ):
        one.go(path)
        for field in page.locator("main form :is(input[name=display_name], input[name=email])").all():
            field.fill(UNREADABLE)
        page.locator("main form .button:not(.quiet)").first.click()
        page.locator("main .error").first.wait_for()
        one.inspect(f"{path} with mistakes")
    one.go("/")
    page.locator("[name=body]").fill("x" * 281)
    page.get_by_role("button", name="Post", exact=True).click()
    page.locator("main .error").first.wait_for()
    one.inspect("/posts with mistakes")
    one.go("/account/tokens")
    page.locator("[name=name]").fill("A lamp")
    page.locator("[name=current]").fill(PASSWORD)
    page.get_by_role("button", name="Make a token").click()
    page.locator("#secret").wait_for()
    one.inspect("/account/tokens with a new one")


def look_at_an_export(made: Community, one: Looker) -> None:
    """Asked for, half done, failed, done, shown."""
    one.go("/account/export")
    one.page.locator("[name=current]").fill(PASSWORD)
    one.page.get_by_role("button", name="Make the file").click()
    one.inspect("/account/export that waits")
    made.change_job(done=3, total=7)
    one.look("/account/export")
    one.look("/account/delete")
    made.change_job(done=0, total=0)
    made.work()
    one.look("/account/export")
    one.look("/account/delete")
    made.change_job(failed=True, result_bytes=0)
    one.look("/account/export")


def look_as_an_admin(made: Community, one: Looker) -> None:
    story = made.story
    for case in story.cases.values():
        one.look(f"/moderation/cases/{case}")
    one.look(f"/moderation/people/{story.cast.suspended.name}")
    one.look(f"/people/{story.cast.suspended.name}", 403)
    one.look(f"/people/{story.cast.followed.name}")
    one.look("/moderation/audit?person=nobody")
    one.go(f"/moderation/cases/{story.cases['open']}")
    one.page.get_by_role("button", name="Decide").click()
    one.page.locator("main .error").first.wait_for()
    one.inspect("/moderation/cases with mistakes")


def look_at_the_errors(one: Looker) -> None:
    for code in errors.TEXTS:
        one.look(f"/raise/{code}", code)


def open_a_person(one: Looker) -> None:
    """The short view of a person beside their name."""
    one.page.set_viewport_size(SIZES["phone"])
    one.go("/explore")
    one.page.locator("a.author").first.hover()
    one.page.locator(".person.card").wait_for()
    one.inspect("/explore with a person in short", ".person.card")


@pytest.mark.parametrize("who", ["visitor", "newcomer", "member", "admin"])
def test_nobody_meets_a_page_with_a_grave_fault(walk: Walk, who: str) -> None:
    faults = walk.lookers[who].faults
    assert not faults, "\n".join(faults)


def test_no_page_was_forgotten(walk: Walk) -> None:
    folder = PACKAGE / "templates"
    whole = {
        str(path.relative_to(folder))
        for path in folder.rglob("*.html")
        if path.read_text(encoding="utf-8").startswith("{% extends")
    }
    assert whole <= walk.templates
    assert {rule.endpoint for rule, _path in pages(walk.community)} <= walk.endpoints


def test_what_is_no_page_exists(walk: Walk) -> None:
    assert set(NO_PAGES) <= {rule.endpoint for rule in walk.community.app.url_map.iter_rules()}


def test_a_fault_is_found(browser: Browser, walk: Walk) -> None:
    one = looker(browser, walk.community.address, "visitor", None, set())
    one.go("/login")
    one.page.evaluate(FAULTY)
    one.inspect("/login")
    one.page.context.close()
    found = "\n".join(one.faults)
    assert "phone light: button-name" in found
    assert "desktop: is wider than the screen" in found
