"""A script that writes is slowed down; a person who writes meets no limit."""

from dataclasses import replace

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import func, select

from microblog import create_app, limits, pace
from microblog.database import db
from microblog.limits import Limit
from microblog.models import Follow, Post
from microblog.pace import Deed
from microblog.ties import Hidden, Like, Repost
from tests.unit.microblog.conftest import Browser, close
from tests.unit.microblog.program import program


@pytest.fixture
def slow(settings):
    """A site where one may write two posts at once, react six times, and follow or hide four times."""
    app = create_app(replace(settings, writes_per_minute=1))
    yield app
    close(app)


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """Nothing passes while a test runs."""
    monkeypatch.setattr(limits.time, "time", lambda: 1_800_000_000.0)


def people(app: Flask, *names: str) -> list[Browser]:
    browsers = [Browser(app.test_client()) for _ in names]
    for browser, name in zip(browsers, names, strict=True):
        assert browser.register(name).status_code == 303
    return browsers


def amount(app: Flask, table: type) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(table))


@pytest.mark.parametrize(
    ("deed", "limit"),
    [(Deed.POST, Limit(20, 6)), (Deed.REACTION, Limit(60, 1)), (Deed.TIE, Limit(40, 3))],
)
def test_what_one_person_may_do(app, deed, limit):
    assert pace.limit(deed, app.config["WRITES_PER_MINUTE"]) == limit


@pytest.mark.parametrize("deed", Deed)
def test_a_faster_pace_allows_more_at_once_and_never_less_than_one_a_second(deed):
    fast = pace.limit(deed, 1_000_000)
    assert fast.burst >= 2_000_000
    assert fast.seconds == 1


def test_posts_and_answers_are_counted_together(slow):
    (alice,) = people(slow, "alice")
    assert alice.write("hello").status_code == 303
    assert alice.post("/posts/1/replies", {"body": "again"}).status_code == 303
    for path in ("/posts", "/posts/1/replies"):
        assert alice.post(path, {"body": "and again"}).status_code == 429
    assert amount(slow, Post) == 2
    (bob,) = people(slow, "bob")
    assert bob.write("each person has an allowance of their own").status_code == 303


def test_what_is_not_good_is_not_counted(slow):
    (alice,) = people(slow, "alice")
    for _ in range(3):
        assert alice.write("").status_code == 422
    assert alice.write("hello").status_code == 303


@pytest.mark.parametrize("path", ["/posts", "/posts/1/replies"])
def test_what_was_written_is_still_there_with_when_to_send_it(slow, path):
    (alice,) = people(slow, "alice")
    for body in ("one", "two"):
        alice.write(body)
    refused = alice.post(path, {"body": "three & more", "alt": "a hill"})
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "60"
    assert refused.headers["Cache-Control"] == "no-store"
    page = BeautifulSoup(refused.text, "html.parser")
    form = page.select_one("form.compose")
    assert form["action"] == path
    assert form.select_one("[name=body]").text.strip() == "three & more"
    assert form.select_one("[name=alt]").text.strip() == "a hill"
    told = form.select_one("#body-error")
    assert told["role"] == "alert"
    assert told.text == "Not sent: that was too much at once. Please try again in 60 seconds."
    assert "one" in page.text, "below it is what there was"


def test_it_is_said_in_their_language(slow):
    (alice,) = people(slow, "alice")
    alice.post("/language", {"language": "es"})
    answers = [alice.write(f"hola {number}") for number in range(3)]
    assert "Inténtalo de nuevo dentro de 60 segundos." in answers[-1].text


def test_reactions_are_counted_together(slow):
    alice, bob = people(slow, "alice", "bob")
    alice.write("hello")
    for act in ("like", "unlike", "like", "repost", "unrepost", "repost"):
        assert bob.post(f"/posts/1/{act}").status_code == 303
    for act in ("like", "unlike", "repost", "unrepost"):
        refused = bob.post(f"/posts/1/{act}")
        assert refused.status_code == 429
        assert refused.headers["Retry-After"] == "10"
        assert "Please try again in 10 seconds." in refused.text
    assert (amount(slow, Like), amount(slow, Repost)) == (1, 1)


def test_following_and_hiding_are_counted_together(slow):
    _alice, bob = people(slow, "alice", "bob")
    for act in ("follow", "mute", "unmute", "block"):
        assert bob.post(f"/people/alice/{act}").status_code == 303
    for act in ("follow", "unfollow", "mute", "unmute", "block", "unblock"):
        assert bob.post(f"/people/alice/{act}").status_code in {403, 429}
    assert bob.post("/people/alice/unblock").headers["Retry-After"] == "30"
    assert (amount(slow, Follow), amount(slow, Hidden)) == (0, 2)


def test_a_program_and_its_person_are_counted_together(slow):
    alice, bob = people(slow, "alice", "bob")
    bobs = program(slow, "bob")
    alice.write("hello")
    bob.write("one")
    assert bobs.post("/posts", json={"body": "two"}).status_code == 201
    refused = bobs.post("/posts", json={"body": "three"})
    assert refused.status_code == 429
    assert refused.mimetype == "application/problem+json"
    assert refused.headers["Retry-After"] == "60"
    assert bob.write("three").status_code == 429
    assert amount(slow, Post) == 3
    for _ in range(3):
        assert bobs.put("/posts/1/like").status_code == 204
        assert bobs.delete("/posts/1/like").status_code == 204
    assert [bobs.put(f"/posts/1/{act}").status_code for act in ("like", "repost")] == [429, 429]
    assert bob.post("/posts/1/like").status_code == 429
    for act in ("follow", "mute"):
        assert bobs.put(f"/users/alice/{act}").status_code == 204
        assert bobs.delete(f"/users/alice/{act}").status_code == 204
    assert [bobs.put(f"/users/alice/{act}").status_code for act in ("follow", "block")] == [429, 429]
    assert bob.post("/people/alice/follow").status_code == 429


def test_reading_counts_nothing(slow, store):
    (alice,) = people(slow, "alice")
    alice.write("hello")
    alice.get("/")
    with store.statements() as sent:
        for path in ("/", "/explore", "/people/alice", "/posts/1"):
            assert alice.get(path).status_code == 200
    assert all(statement.startswith("SELECT") for statement in sent)
