"""What the lists contain, page by page, and what they cost."""

import itertools

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from microblog.database import db
from microblog.kept import Kept
from microblog.models import User
from microblog.pages import LARGEST_ID, Between
from microblog.posts import timelines


def authors(page) -> list[str]:
    return [element.text for element in page.select(".post .author .handle")]


def test_home_shows_oneself_and_the_people_one_follows(somebody):
    alice, bob, carol = somebody("alice"), somebody("bob"), somebody("carol")
    alice.write("from alice")
    bob.write("from bob")
    carol.write("from carol")
    assert authors(alice.page("/")) == ["@alice"]
    alice.post("/people/bob/follow")
    assert authors(alice.page("/")) == ["@bob", "@alice"]
    assert authors(bob.page("/")) == ["@bob"]
    alice.post("/people/bob/unfollow")
    assert authors(alice.page("/")) == ["@alice"]


def test_explore_shows_everybody(somebody, browser):
    somebody("alice").write("one")
    somebody("bob").write("two")
    assert authors(browser.page("/explore")) == ["@bob", "@alice"]


def test_a_profile_shows_one_person(somebody, browser):
    somebody("alice").write("one")
    somebody("bob").write("two")
    assert authors(browser.page("/people/alice")) == ["@alice"]


def test_strangers_are_shown_everybody(browser):
    assert browser.get("/").location == "/explore"


def test_empty_lists_say_what_to_do(somebody, browser):
    alice = somebody("alice")
    assert alice.page("/").select_one(".empty h2").text == "It is quiet here"
    assert browser.page("/explore").select_one(".empty h2").text == "Nothing here yet"
    assert browser.page("/people/alice").select_one(".empty h2").text == "No posts yet"


@pytest.mark.parametrize("path", ["/explore", "/people/alice", "/"])
@pytest.mark.parametrize("amount", [0, 1, 4, 5, 6, 10, 11])
def test_pages_hold_five_posts_and_a_link_to_older_ones(somebody, store, path, amount):
    alice = somebody("alice")
    written = store.add_posts(store.user("alice").id, amount)
    seen, url = [], path
    while url:
        page = alice.page(url)
        links = [int(link["href"].rpartition("/")[2]) for link in page.select(".when")]
        assert len(links) <= 5
        seen += links
        older = page.select_one(".older a")
        assert older is None or links
        url = f"{path}{older['href']}" if older else None
    assert seen == written[::-1]


@pytest.mark.parametrize(
    "before", ["0", "-1", "x", "", "1.5", "1e3", "nan", "9223372036854775808", "9" * 5000, "٣", "%00", " 5"]
)
@pytest.mark.parametrize("path", ["/explore", "/people/alice", "/"])
def test_strange_page_numbers_are_bad_requests(somebody, path, before):
    alice = somebody("alice")
    assert alice.get(f"{path}?before={before}").status_code == 400


def test_the_largest_number_is_a_page(somebody):
    assert somebody("alice").get(f"/?before={LARGEST_ID}").status_code == 200


@pytest.mark.parametrize("path", ["/", "/explore", "/people/bob", "/people/alice"])
@pytest.mark.parametrize("posts", [3, 40])
def test_a_page_takes_at_most_four_statements(somebody, store, path, posts):
    alice, _ = somebody("alice"), somebody("bob")
    alice.post("/people/bob/follow")
    for name in ("alice", "bob"):
        store.add_posts(store.user(name).id, posts)
    with store.statements() as sent:
        assert alice.get(path).status_code == 200
    assert 1 <= len(sent) <= 4, sent
    assert all(statement.startswith("SELECT") for statement in sent), sent
    assert "sign_in" in sent[0], "who asks, and the at most 99 things that are new for them"
    assert not any("count(" in statement.lower() for statement in sent[1:])


@pytest.mark.parametrize(("path", "statements"), [("/explore", 1), ("/people/alice", 2), ("/login", 0)])
def test_strangers_cost_no_statement_for_who_they_are(somebody, browser, store, path, statements):
    somebody("alice")
    with store.statements() as sent:
        assert browser.get(path).status_code == 200
    assert len(sent) == statements, sent


def test_static_files_and_pictures_cost_no_statement(somebody, store):
    alice = somebody("alice")
    with store.statements() as sent:
        for path in ("/static/style.css", "/avatars/alice.svg", "/healthz"):
            assert alice.get(path).status_code == 200
    assert sent == []


def test_being_seen_is_written_once_in_five_minutes(app: Flask, somebody, store):
    alice = somebody("alice")
    with store.statements() as sent:
        alice.get("/")
    assert not any(statement.startswith("UPDATE") for statement in sent)
    with app.app_context():
        long_ago = store.user("alice").last_seen.replace(year=2020)
        db.session.execute(update(User).values(last_seen=long_ago))
        db.session.commit()
    with store.statements() as sent:
        alice.get("/")
        alice.get("/")
    assert sum(statement.startswith("UPDATE") for statement in sent) == 2, "the person, and the browser"
    assert store.user("alice").last_seen.year > 2020


WAYS = (timelines.walk, timelines.walk_apart, timelines.gather, timelines.gather_apart)
WRITERS = ("reader", "friend", "stranger")


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    before=st.lists(st.sampled_from(WRITERS), max_size=25),
    meanwhile=st.lists(st.lists(st.sampled_from((*WRITERS, "delete")), max_size=4), max_size=8),
    size=st.integers(1, 6),
    walking=st.booleans(),
)
def test_pages_neither_skip_nor_repeat_while_others_write(fresh_store, before, meanwhile, size, walking):
    store = fresh_store()
    ids = {name: store.add_user(name) for name in WRITERS}
    store.add_follow(ids["reader"], ids["friend"])
    wanted = {ids["reader"], ids["friend"]}
    written = [(store.add_posts(ids[name], 1)[0], ids[name]) for name in before]
    expected = [number for number, author in reversed(written) if author in wanted]

    seen, position, gone = [], LARGEST_ID, set()
    for happening in itertools.chain(meanwhile, itertools.repeat([])):
        page = store.home(ids["reader"], position, size, walking)
        seen += [entry.id for entry in page.entries]
        if page.older is None:
            break
        position = page.older
        for what in happening:
            if what == "delete":
                gone |= store.delete_oldest()
            else:
                store.add_posts(ids[what], 1)

    assert len(seen) == len(set(seen))
    assert seen == sorted(seen, reverse=True)
    assert [number for number in expected if number not in gone] == [
        number for number in seen if number in expected and number not in gone
    ]


def test_all_ways_to_a_timeline_show_the_same(app: Flask, store):
    ids = {name: store.add_user(name) for name in WRITERS}
    store.add_follow(ids["reader"], ids["friend"])
    for name in ("friend", "stranger", "reader", "stranger", "friend"):
        store.add_posts(ids[name], 1)
    with app.app_context():
        reader = store.user("reader")
        pages = [timelines.page_of(way(reader, Between(), 11), 10) for way in WAYS]
    assert [entry.username for entry in pages[0].entries] == ["friend", "reader", "friend"]
    assert all(page == pages[0] for page in pages)


def test_the_way_to_a_timeline_follows_from_how_much_there_is(app: Flask, store, monkeypatch):
    quiet, loud = store.add_user("quiet"), store.add_user("loud")
    reader = store.add_user("reader")
    store.add_posts(quiet, 2)
    store.add_posts(loud, 200)
    for followed, rows in ((quiet, 2), (loud, 202)):
        store.add_follow(reader, followed)
        monkeypatch.setattr(timelines, "_ways", Kept(10))
        with app.app_context():
            assert timelines._amounts(store.user("reader")) == (rows, 202)
            someone = store.user("reader")
            # Who comes again is not asked how much there is.
            first, again = (timelines.home(someone, Between(), 6) for _ in range(2))
            ways = (
                (timelines.walk, timelines.walk_apart)
                if followed == loud
                else (timelines.gather, timelines.gather_apart)
            )
            assert (first, again) == tuple(way(someone, Between(), 6) for way in ways)
