"""Whatever people type is text wherever it is shown: on no page and in no answer is it markup."""

import io
import zipfile
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import quote

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from markupsafe import escape
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from microblog.database import db
from microblog.jobs import worker
from microblog.models import User
from microblog.moderation import decisions
from microblog.oversight import FOREVER
from microblog.roles import Role
from tests.unit.microblog.conftest import PASSWORD, Browser
from tests.unit.microblog.pictures import photo
from tests.unit.microblog.program import Program, program

MARKUP = """<script>alert(1)</script>"'"""
SIGN = "alert(1)"
IN_ADDRESS = quote(MARKUP)
# How a page may have it: as text, also that of an attribute, and in the address that a link leads to.
HARMLESS = (str(escape(MARKUP)), str(escape(quote(MARKUP, safe="()/'"))))
# What is asked for in place of a path: the answer to the form itself, and the page that it leads to.
ANSWER, NEXT = "answer", "next"


class Site(NamedTuple):
    """Alice types; Bob follows her and has written post 1; post 2 is hers. Anna is an admin."""

    app: Flask
    alice: Browser
    bob: Browser
    anna: Browser
    stranger: Browser

    def reported(self) -> None:
        self.bob.post("/posts/2/report", {"reason": "spam", "words": ""})

    def decided(self, decision: str = "removed", reason: str = "because") -> TestResponse:
        self.reported()
        return self.anna.post("/moderation/cases/1", {"decision": decision, "reason": reason})

    def answered(self, words: str = "no") -> TestResponse:
        self.decided()
        return self.alice.post("/account/decisions/1/answer", {"words": words})

    def suspended(self, reason: str = "because") -> TestResponse:
        return self.anna.post("/moderation/people/alice/suspend", {"duration": "7", "reason": reason})


@pytest.fixture
def site(app, somebody):
    alice, bob, anna = (somebody(name) for name in ("alice", "bob", "anna"))
    with app.app_context():
        db.session.execute(update(User).where(User.username == "anna").values(role=int(Role.ADMIN)))
        db.session.commit()
    bob.write("hello")
    alice.write("mine")
    bob.post("/people/alice/follow")
    return Site(app, alice, bob, anna, Browser(app.test_client()))


def profile(site: Site, **fields: str) -> TestResponse:
    """Alice says something about herself, and is met wherever a person is."""
    for path in ("/people/bob/follow", "/posts/1/like", "/posts/1/repost"):
        site.alice.post(path)
    site.anna.post("/people/alice/mute")
    site.bob.post("/people/alice/report", {"reason": "spam", "words": ""})
    return site.alice.post("/profile/edit", fields)


def picture(site: Site) -> TestResponse:
    image = (io.BytesIO(photo()), f"{MARKUP}.jpg")
    return site.alice.post("/posts", {"body": "look #tea", "alt": MARKUP, "image": image})


def kept_out(site: Site) -> TestResponse:
    site.suspended(MARKUP)
    return site.alice.login("alice")


def kept_out_for_good(site: Site) -> TestResponse:
    site.decided("suspended")
    ticket = site.alice.login("alice").location.partition("ticket=")[2]
    site.alice.post("/account/decisions/1/answer", {"words": "no", "ticket": ticket})
    site.anna.post("/moderation/cases/1", {"decision": "deny", "reason": MARKUP})
    return site.alice.login("alice")


def restored(site: Site) -> TestResponse:
    site.decided("suspended")
    site.anna.post("/moderation/people/alice/restore", {"reason": MARKUP})
    return site.alice.login("alice")


def denied(site: Site) -> TestResponse:
    site.answered()
    return site.anna.post("/moderation/cases/1", {"decision": "deny", "reason": MARKUP})


def token(site: Site, name: str = MARKUP) -> TestResponse:
    fields = {"name": name, "days": "30", "writes": "y", "current": PASSWORD}
    return site.alice.post("/account/tokens", fields)


def role(site: Site) -> TestResponse:
    return site.anna.post("/moderation/people/bob/role", {"role": "moderator", "note": MARKUP})


TOO_MUCH = MARKUP * 50
# What is typed where, and who then finds it on which pages.
TYPED: dict[str, tuple[Callable[[Site], TestResponse], tuple[str, ...]]] = {
    "post": (
        lambda site: site.alice.write(f"#tea {MARKUP}"),
        (
            "stranger /explore",
            "bob /",
            "stranger /people/alice",
            "stranger /posts/3",
            "stranger /tags/tea",
            "stranger /search?q=alert",
            "bob /posts/3/report",
            "bob /api/v1/posts/3",
            "stranger /api/v1/timelines/public",
        ),
    ),
    "names and hashtags": (
        lambda site: site.alice.write(f"{MARKUP} @bob{MARKUP} #tea{MARKUP}"),
        ("bob /mentions", "bob /notifications", "stranger /tags/tea", "stranger /posts/3"),
    ),
    "reply": (
        lambda site: site.alice.post("/posts/1/replies", {"body": MARKUP}),
        (
            "stranger /posts/1",
            "bob /notifications",
            "stranger /people/alice/replies",
            "stranger /api/v1/posts/1/replies",
        ),
    ),
    "message": (
        lambda site: site.alice.post("/people/bob/message", {"body": MARKUP}),
        ("bob /messages", "bob /messages/1", "alice /messages/1"),
    ),
    "display name": (
        lambda site: profile(site, display_name=MARKUP),
        (
            "alice /",
            "alice /profile/edit",
            "stranger /explore",
            "stranger /posts/2",
            "stranger /people/alice",
            "stranger /people/alice/card",
            "bob /people/alice",
            "stranger /people/alice/followers",
            "stranger /people/alice/following",
            "bob /people/bob/followers",
            "bob /people/alice/message",
            "bob /people/alice/report",
            "bob /notifications",
            "stranger /search/people?q=alert",
            "anna /profile/hidden",
            "anna /moderation/cases/1",
            "anna /moderation/people/alice",
            "stranger /api/v1/users/alice",
            "bob /api/v1/users/bob/followers",
        ),
    ),
    "display name of who writes a message": (
        lambda site: (
            site.alice.post("/people/anna/message", {"body": "hi"}),
            site.alice.post("/profile/edit", {"display_name": MARKUP}),
        )[-1],
        (
            "anna /messages/requests",
            "anna /messages/1",
            "bob /people/alice/message",
            "stranger /people/alice/following",
        ),
    ),
    "display name in what is said once": (
        lambda site: (profile(site, display_name=MARKUP), site.reported())[0],
        ("bob /posts/2",),
    ),
    "about": (
        lambda site: profile(site, about=MARKUP),
        (
            "alice /profile/edit",
            "stranger /people/alice",
            "stranger /people/alice/card",
            "bob /people/bob/followers",
            "stranger /search/people?q=alert",
            "anna /moderation/cases/1",
            "stranger /api/v1/users/alice",
        ),
    ),
    "picture's description": (
        picture,
        ("stranger /explore", "stranger /posts/3", "stranger /tags/tea"),
    ),
    "who was reported": (
        lambda site: (
            site.alice.post("/profile/edit", {"display_name": MARKUP, "about": MARKUP}),
            site.bob.post("/people/alice/report", {"reason": "pretends"}),
            site.alice.post("/profile/edit", {"display_name": "", "about": ""}),
        )[-1],
        ("anna /moderation/cases/1",),
    ),
    "picture that was reported": (
        lambda site: (
            picture(site),
            site.bob.post("/posts/3/report", {"reason": "illegal"}),
            site.alice.post("/posts/3/delete"),
        )[-1],
        ("anna /moderation/cases/1",),
    ),
    "report": (
        lambda site: site.bob.post("/posts/2/report", {"reason": "spam", "words": MARKUP}),
        ("anna /moderation/cases/1",),
    ),
    "what was reported": (
        lambda site: (
            site.alice.write(MARKUP),
            site.bob.post("/posts/3/report", {"reason": "spam", "words": ""}),
            site.anna.post("/moderation/cases/1", {"decision": "removed", "reason": "because"}),
        )[-1],
        (
            "anna /moderation/decided",
            "anna /moderation/cases/1",
            "anna /moderation/people/alice",
            "alice /account/decisions",
            "alice /account/decisions/1/answer",
        ),
    ),
    "decision": (
        lambda site: site.decided(reason=MARKUP),
        (
            "anna /moderation/cases/1",
            "anna /moderation/audit",
            "alice /account/decisions",
            "alice /account/decisions/1/answer",
        ),
    ),
    "answer to a decision": (lambda site: site.answered(MARKUP), ("anna /moderation/cases/1",)),
    "decision that stays": (denied, ("anna /moderation/cases/1", "alice /account/decisions")),
    "suspension": (kept_out, ("anna /moderation/people/alice", "anna /moderation/audit", f"alice {NEXT}")),
    "suspension that stays": (kept_out_for_good, (f"alice {NEXT}",)),
    "end of a suspension": (restored, ("anna /moderation/audit", "alice /account/decisions")),
    "change of a role": (role, ("anna /moderation/audit",)),
    "token": (token, ("alice /account/tokens", "alice /api/v1/tokens")),
    "words of a search": (
        lambda site: site.stranger.get("/"),
        (f"stranger /search?q={IN_ADDRESS}", f"alice /search/people?q={IN_ADDRESS}"),
    ),
    "name in the audit trail": (
        lambda site: site.anna.get("/"),
        (f"anna /moderation/audit?person={IN_ADDRESS}",),
    ),
    "way back": (
        lambda site: site.stranger.get("/"),
        (f"stranger /login?next=/{IN_ADDRESS}", f"alice /language?next=/{IN_ADDRESS}"),
    ),
    "refused user name": (lambda site: site.stranger.register(MARKUP), (f"stranger {ANSWER}",)),
    "refused address": (lambda site: site.stranger.register("eve", email=MARKUP), (f"stranger {ANSWER}",)),
    "refused login": (lambda site: site.stranger.login(MARKUP), (f"stranger {ANSWER}",)),
    "refused post": (lambda site: site.alice.write(TOO_MUCH), (f"alice {ANSWER}",)),
    "refused profile": (
        lambda site: site.alice.post("/profile/edit", {"display_name": TOO_MUCH, "about": TOO_MUCH}),
        (f"alice {ANSWER}",),
    ),
    "refused message": (
        lambda site: site.alice.post("/people/bob/message", {"body": TOO_MUCH}),
        (f"alice {ANSWER}",),
    ),
    "refused report": (
        lambda site: site.alice.post("/posts/1/report", {"reason": MARKUP, "words": TOO_MUCH}),
        (f"alice {ANSWER}",),
    ),
    "refused token": (lambda site: token(site, TOO_MUCH), (f"alice {ANSWER}",)),
}


@pytest.mark.parametrize("typed", TYPED)
def test_what_people_type_is_text_wherever_it_is_shown(site, typed):
    fill, places = TYPED[typed]
    done = fill(site)
    assert done.status_code < 400 or ANSWER in places[0], done.status
    for place in places:
        who, path = place.split(" ", 1)
        answer = answer_at(site, who, path, done)
        if path.startswith("/api/"):
            assert answer.mimetype == "application/json"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert MARKUP in texts_of(answer.json), place
        else:
            assert answer.mimetype == "text/html"
            assert harmless(answer.text), f"it is not on the page: {place}"


def answer_at(site: Site, who: str, path: str, done: TestResponse) -> TestResponse:
    if path == ANSWER:
        assert done.status_code == 422
        return done
    browser: Browser = getattr(site, who)
    if path.startswith("/api/"):
        client = Program(site.app.test_client()) if who == "stranger" else program(site.app, who)
        return client.get(path)
    return browser.get(done.location if path == NEXT else path)


def texts_of(value: object) -> str:
    """All strings of a JSON value, one after the other."""
    if isinstance(value, dict | list):
        return "\n".join(map(texts_of, value.values() if isinstance(value, dict) else value))
    return str(value)


def harmless(page: str) -> bool:
    """Whether it is on a page; fails where it is there as anything but text."""
    soup = BeautifulSoup(page, "html.parser")
    assert not [script for script in soup("script") if script.text]
    assert not [name for tag in soup(True) for name in tag.attrs if name.startswith("on")]
    assert "<script>alert" not in page
    assert page.count(SIGN) == sum(map(page.count, HARMLESS))
    return any(form in page for form in HARMLESS)


@pytest.mark.parametrize("path", ["/tags/{}", "/people/{}", "/avatars/{}.svg", "/static/{}", "/{}"])
def test_an_address_that_is_not_there_is_text_too(browser, path):
    answer = browser.get(path.format(IN_ADDRESS))
    assert answer.status_code == 404
    assert answer.mimetype == "text/html"
    assert harmless(answer.text)


def test_what_a_browser_calls_itself_is_not_repeated(site):
    form = {"csrf_token": site.stranger.token(), "identity": "alice", "password": PASSWORD}
    agent = {"User-Agent": f"Firefox/1 {MARKUP}"}
    assert site.stranger.client.post("/login", data=form, headers=agent).status_code == 303
    page = site.alice.get("/account").text
    assert "Firefox" in page
    assert SIGN not in page


def test_the_page_in_an_export_has_their_words_as_text(site):
    site.alice.write(MARKUP)
    site.alice.post("/profile/edit", {"display_name": MARKUP, "about": MARKUP})
    picture(site)
    site.alice.post("/account/export", {"current": PASSWORD})
    with site.app.app_context():
        assert worker.work_off() == 1
    answer = site.alice.get("/account/export/download")
    assert answer.mimetype == "application/zip"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    page = zipfile.ZipFile(io.BytesIO(answer.data)).read("microblog/index.html").decode()
    assert harmless(page)


def test_a_letter_is_plain_text(mailing):
    mailing.member("alice")
    with mailing.app.app_context():
        alice = db.session.scalar(select(User))
        decisions.suspend_unreported(None, alice, MARKUP, FOREVER)
    mailing.deliver()
    letter = mailing.mailbox.to("alice@example.org")[-1]
    assert letter.get_content_type() == "text/plain"
    assert MARKUP in letter.get_content()
