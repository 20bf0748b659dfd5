"""Blocking and muting: who sees whom, in every list, count and permission."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from microblog.database import db
from microblog.models import Post, User
from microblog.people import acquaintance, following, hiding
from microblog.posts import reactions, threads, timelines, writing
from microblog.ties import Hidden

LISTS = ("/explore", "/", "/tags/all", "/mentions", "/likes", "/people/carol", "/people/carol/followers")


def reads(browser, path: str) -> str:
    return browser.page(path).select_one("main").text


@pytest.fixture
def three(somebody):
    """Alice and Bob, who meet everywhere, and Carol, whom both know."""
    alice, bob, carol = (somebody(name) for name in ("alice", "bob", "carol"))
    carol.write("from carol #all @alice @bob")
    for one, other in ((alice, "bob"), (bob, "alice")):
        one.post(f"/people/{other}/follow")
        one.post("/people/carol/follow")
        for reaction in ("like", "repost"):
            one.post(f"/posts/1/{reaction}")
        one.write(f"by the hand of {other[::-1]} #all @{other}")
        one.post("/posts/1/replies", {"body": f"answer to {other[::-1]}"})
    return alice, bob, carol


def mine(page) -> list[str]:
    return [card["href"] for card in page.select(".author")]


@pytest.mark.parametrize("what", ["block", "mute"])
def test_the_hidden_are_in_no_list_and_no_count(three, what):
    alice, bob, carol = three
    assert "/people/bob" in mine(alice.page("/tags/all"))
    alice.post(f"/people/bob/{what}")
    for path in (*LISTS, "/posts/1"):
        assert "/people/bob" not in mine(alice.page(path)), path
    for browser, expected in ((alice, "1"), (carol, "2")):
        card = browser.page("/explore").select_one("#post-1 .reactions")
        assert [item.text.split()[-1] for item in card.find_all(recursive=False)] == [expected] * 3
    assert "1 follower" in reads(alice, "/people/carol")
    assert "2 followers" in reads(carol, "/people/carol")
    assert ("/people/alice" in mine(bob.page("/explore"))) is (what == "mute")


def test_a_block_ends_follows_both_ways_and_forbids_everything(three, store):
    alice, bob, _carol = three
    alices = next(entry for entry in bob.page("/people/alice").select(".when"))["href"]
    alice.post("/people/bob/block")
    for name in ("alice", "bob"):
        user = store.user(name)
        assert (user.following_count, user.follower_count, user.hidden_count) == (1, 0, 1)
    for path in ("/people/alice", "/people/alice/replies", "/people/alice/followers", alices):
        assert bob.get(path).status_code == 404
    for action in ("like", "unlike", "repost", "unrepost", "replies", "delete"):
        assert bob.post(f"{alices}/{action}", {"body": "x"}).status_code == 404
    for action in ("follow", "unfollow", "block", "mute"):
        assert bob.post(f"/people/alice/{action}").status_code == 404
    assert alice.post("/people/bob/follow").status_code == 403
    bob.write("hello @alice")
    assert "hello" not in reads(alice, "/mentions")
    assert [link["href"] for link in bob.page("/").select_one(".body").select("a")] == []


def test_a_block_can_be_ended_where_it_was_made(three):
    alice, bob, _carol = three
    alice.post("/people/bob/block")
    page = alice.page("/people/bob")
    assert "You block this person" in page.text
    assert page.select(".post") == []
    assert "Unblock" in reads(alice, "/profile/hidden")
    answer = alice.post("/people/bob/unblock", {"next": "/profile/hidden"})
    assert answer.location == "/profile/hidden"
    assert "Nobody" in reads(alice, "/profile/hidden")
    assert bob.get("/people/alice").status_code == 200
    assert "Follow" in alice.page("/people/bob").select_one(".profile button").text


def test_the_muted_are_not_told_and_are_heard_again(three, store):
    alice, bob, _carol = three
    alice.post("/people/bob/mute")
    assert "You mute this person" in reads(alice, "/people/bob")
    assert "follows you" in reads(bob, "/people/alice")
    alice.post("/people/bob/unmute")
    assert "/people/bob" in mine(alice.page("/"))
    assert store.user("alice").hidden_count == 0


def test_blocks_of_both_and_a_mute_are_ended_one_by_one(three, store):
    alice, bob, _carol = three
    alice.post("/people/bob/mute")
    alice.post("/people/bob/block")
    alice.post("/people/bob/unblock")
    assert store.user("alice").hidden_count == 1
    assert store.user("bob").hidden_count == 0
    assert alice.get("/people/bob").status_code == bob.get("/people/alice").status_code == 200


@pytest.mark.parametrize("action", ["block", "unblock", "mute", "unmute"])
def test_hiding_needs_somebody_else_a_form_and_a_login(somebody, browser, action):
    alice = somebody("alice")
    assert alice.post(f"/people/alice/{action}").status_code == 400
    assert alice.post(f"/people/nobody/{action}").status_code == 404
    assert alice.get(f"/people/alice/{action}").status_code == 405
    assert browser.post(f"/people/alice/{action}").location == "/login"


NAMES = ("ann", "ben", "cat")
PAIRS = st.permutations(NAMES).map(lambda names: names[:2])
ACTIONS = st.sampled_from(("follow", "unfollow", "block", "unblock", "mute", "unmute", "repost", "like"))


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(ACTIONS, PAIRS), max_size=14))
def test_whoever_is_hidden_is_in_nothing_and_counts_are_right(fresh_store, happened):
    store = fresh_store()
    for name in NAMES:
        store.add_user(name)
    with store.app.app_context():
        posts = {name: writing.write(store.user(name), f"{name} #all").id for name in NAMES}
        for name in NAMES:
            writing.write(store.user(name), "answer", timelines.one(posts["ann"], None))
    hidden: set[tuple[str, str, str]] = set()
    for action, (one, other) in happened:
        apart = {("block", one, other), ("block", other, one)} & hidden
        with store.app.app_context():
            act(store, action, one, other, posts, bool(apart))
        if action in {"block", "mute"}:
            hidden.add((action, one, other))
        elif action in {"unblock", "unmute"}:
            hidden.discard((action[2:], one, other))
    for reader in NAMES:
        unseen = {b for kind, a, b in hidden if a == reader}
        unseen |= {a for kind, a, b in hidden if b == reader and kind == "block"}
        with store.app.app_context():
            check(store, reader, unseen, posts)


def act(store, action: str, one: str, other: str, posts: dict[str, int], apart: bool) -> None:
    me, them = store.user(one), store.user(other)
    if action in {"follow", "unfollow"}:
        getattr(following, action)(me, them)
    elif action in {"like", "repost"}:
        if not apart:
            getattr(reactions, action)(me, posts[other])
    else:
        getattr(hiding, action)(me, them)


def check(store, name: str, unseen: set[str], posts: dict[str, int]) -> None:
    reader, between, everyone = store.user(name), timelines.Between(), 100
    lists = [
        timelines.everybody(reader, between, everyone),
        timelines.home(reader, between, everyone),
        timelines.walk(reader, between, everyone),
        timelines.walk_apart(reader, between, everyone),
        timelines.gather_apart(reader, between, everyone),
        timelines.tagged("all", reader, between, everyone),
        timelines.liked_by(reader, between, everyone),
        timelines.mentioning(reader, between, everyone),
    ]
    pages = [timelines.page_of(wanted, everyone).entries for wanted in lists]
    for entries in pages:
        assert not {entry.username for entry in entries} & unseen
        assert not {entry.reposter for entry in entries} & unseen
        assert all(entry.body is not None for entry in entries)
        assert len({entry.id for entry in entries}) == len(entries)
    assert {entry.username for entry in pages[0]} == set(NAMES) - unseen
    assert pages[1] == pages[2]
    for author, post in posts.items():
        assert (timelines.one(post, reader) is None) is (author in unseen)
    if "ann" not in unseen:
        shown = timelines.one(posts["ann"], reader)
        assert shown.reply_count == len(threads.replies(posts["ann"], 0, 100, reader).entries)
    for other in set(NAMES) - unseen - {name}:
        known = acquaintance.find(other, reader)
        assert known.follower_count == len(acquaintance.followers(known.user, reader, 2**62, 100).entries)
        assert known.following_count == len(acquaintance.following(known.user, reader, 2**62, 100).entries)
    rows = db.session.query(Hidden).filter(Hidden.reader_id == reader.id).count()
    assert db.session.get(User, reader.id).hidden_count == rows == len(unseen)
    assert db.session.query(Post).filter(Post.body == "").count() == 0
