"""Notifications: each deed tells once, taken back it tells no more, and open pages learn of it."""

import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select

from microblog import unread
from microblog.account.leaving import leave
from microblog.database import db
from microblog.inbox import Notification
from microblog.models import User
from microblog.moderation import decisions
from microblog.notifications import listing
from microblog.oversight import FOREVER
from microblog.pages import LARGEST_ID
from microblog.people import following, hiding
from microblog.posts import reactions, timelines, writing
from microblog.ties import Hidden


def told(browser) -> list[str]:
    """What all pages say, without when it was."""
    said, url = [], "/notifications"
    while url:
        page = browser.page(url)
        for row in page.select(".notifications li > div > p:first-child"):
            for extra in row.select(".when, .badge"):
                extra.decompose()
            said.append(row.text.strip())
        older = page.select_one(".older a")
        url = f"/notifications{older['href']}" if older else None
    return said


def badge(browser) -> str:
    count = browser.page("/explore").select_one("[data-count=notifications]")
    return "" if count.has_attr("hidden") else count.text


def see_all(browser) -> None:
    assert browser.post("/notifications/seen", {"to": str(LARGEST_ID)}).status_code == 303


@pytest.fixture
def three(somebody):
    alice, bob, carol = (somebody(name) for name in ("alice", "bob", "carol"))
    alice.write("hello")
    return alice, bob, carol


def test_every_deed_is_told_to_whom_it_concerns(three):
    alice, bob, carol = three
    bob.post("/people/alice/follow")
    bob.post("/posts/1/like")
    bob.post("/posts/1/repost")
    bob.post("/posts/1/replies", {"body": "well, @alice and @carol"})
    bob.write("where is @alice?")
    bob.post("/people/alice/message", {"body": "a request is not told"})
    alice.post("/people/bob/follow")
    bob.post("/people/alice/message", {"body": "hello"})
    bob.post("/people/alice/message", {"body": "a conversation is there once"})
    assert told(alice) == [
        "bob wrote to you",
        "bob named you",
        "bob answered you",
        "bob reposted your post",
        "bob likes your post",
        "bob follows you now",
    ]
    assert badge(alice) == "5", "messages have a count of their own"
    assert told(carol) == ["bob named you"]
    assert told(bob) == ["alice follows you now"]


def test_nobody_is_told_of_their_own_deeds(three):
    alice, _bob, _carol = three
    alice.post("/posts/1/like")
    alice.post("/posts/1/replies", {"body": "me, @alice"})
    assert told(alice) == []
    assert alice.page("/notifications").select_one(".empty h2").text == "Nothing yet"


def test_the_likes_of_one_post_are_told_together(three, somebody):
    alice, bob, carol = three
    dave = somebody("dave")
    alice.write("second")
    for browser in (bob, carol, dave):
        browser.post("/posts/1/like")
    bob.post("/posts/2/like")
    assert told(alice) == ["bob likes your post", "dave and 2 others like your post"]
    dave.post("/posts/1/unlike")
    assert told(alice) == ["bob likes your post", "carol and 1 other like your post"]


def test_doing_it_twice_tells_once_and_taking_it_back_tells_nothing(three):
    alice, bob, _carol = three
    deeds = (("/posts/1/like", "/posts/1/unlike"), ("/posts/1/repost", "/posts/1/unrepost"))
    for do, undo in (*deeds, ("/people/alice/follow", "/people/alice/unfollow")):
        for _ in range(2):
            bob.post(do)
        assert len(told(alice)) == 1
        assert badge(alice) == "1"
        bob.post(undo)
        assert told(alice) == []
        assert badge(alice) == ""
    bob.write("@alice")
    bob.post("/posts/1/replies", {"body": "answer"})
    assert len(told(alice)) == 2
    for link in [card["href"] for card in bob.page("/people/bob/replies").select(".when")]:
        bob.post(f"{link}/delete")
    assert told(alice) == []


def test_what_the_suspended_did_is_not_counted_while_it_is_not_shown(three, app, store):
    alice, bob, carol = three
    bob.post("/posts/1/like")
    carol.post("/posts/1/repost")
    with app.app_context():
        decisions.suspend_unreported(None, store.user("bob"), "because", FOREVER)
    assert told(alice) == ["carol reposted your post"]
    assert badge(alice) == "1"
    with app.app_context():
        decisions.lift(None, store.user("bob"), "enough")
    assert badge(alice) == "2"


DEEDS = [
    ("/posts/1/like", "/posts/1/unlike", "bob likes your post"),
    ("/posts/1/repost", "/posts/1/unrepost", "bob reposted your post"),
    ("/people/alice/follow", "/people/alice/unfollow", "bob follows you now"),
]


@pytest.mark.parametrize(("do", "undo", "said"), DEEDS)
def test_what_was_seen_is_not_new_again_when_it_is_taken_back_and_done_again(three, app, do, undo, said):
    alice, bob, carol = three
    bob.post(do)
    see_all(alice)
    carol.post("/posts/1/replies", {"body": "meanwhile"})
    for _ in range(3):
        bob.post(undo)
        assert told(alice) == ["carol answered you"]
        bob.post(do)
        bob.post(do)
        assert told(alice) == ["carol answered you", said], "at the place it had"
        assert badge(alice) == "1", "the answer alone"
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Notification)) == 2


@pytest.mark.parametrize(("do", "undo", "said"), DEEDS)
def test_what_was_not_seen_before_it_was_taken_back_is_new(three, do, undo, said):
    alice, bob, carol = three
    bob.post(do)
    bob.post(undo)
    carol.post("/posts/1/replies", {"body": "meanwhile"})
    see_all(alice)
    bob.post(do)
    assert told(alice) == [said, "carol answered you"]
    assert badge(alice) == "1"


def test_several_at_once_tell_once(three, app, store):
    alice, bob, _carol = three
    bob.post("/posts/1/like")
    see_all(alice)
    user = store.user("bob")

    def press(number: int) -> None:
        with app.app_context():
            for _ in range(5):
                (reactions.unlike if number % 2 else reactions.like)(user, 1)

    threads = [threading.Thread(target=press, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    bob.post("/posts/1/like")
    assert told(alice) == ["bob likes your post"]
    assert badge(alice) == ""
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Notification)) == 1


def test_what_one_did_says_nothing_about_another_post_or_person(three):
    alice, bob, carol = three
    alice.write("second")
    for act in ("/posts/1/like", "/people/alice/follow"):
        bob.post(act)
    see_all(alice)
    bob.post("/posts/1/unlike")
    bob.post("/people/alice/unfollow")
    bob.post("/posts/2/like")
    carol.post("/posts/1/like")
    bob.post("/people/carol/follow")
    assert told(alice) == ["carol likes your post", "bob likes your post"]
    assert badge(alice) == "2"
    assert told(carol) == ["bob follows you now"]


@pytest.mark.parametrize("what", ["mute", "block"])
def test_what_the_hidden_took_back_does_not_come_back(three, what):
    alice, bob, _carol = three
    bob.post("/posts/1/like")
    see_all(alice)
    bob.post("/posts/1/unlike")
    alice.post(f"/people/bob/{what}")
    bob.post("/posts/1/like")
    alice.post(f"/people/bob/un{what}")
    assert told(alice) == []


@pytest.mark.parametrize("what", ["mute", "block"])
def test_the_hidden_tell_nothing_and_what_they_told_is_gone(three, what):
    alice, bob, carol = three
    for browser in (bob, carol):
        browser.post("/posts/1/like")
    bob.post("/people/alice/follow")
    alice.post(f"/people/bob/{what}")
    assert told(alice) == ["carol likes your post"]
    assert badge(alice) == "1"
    if what == "mute":
        bob.post("/posts/1/repost")
        bob.post("/posts/1/replies", {"body": "answer"})
    bob.write("@alice")
    assert told(alice) == ["carol likes your post"]
    assert badge(alice) == "1"


def test_the_blocked_are_told_nothing_of_the_other_either(three):
    alice, bob, _carol = three
    alice.post("/people/bob/follow")
    assert told(bob) == ["alice follows you now"]
    alice.post("/people/bob/block")
    assert told(bob) == []
    assert badge(bob) == ""


def test_they_are_new_until_they_are_seen_and_looking_writes_nothing(three, store):
    alice, bob, carol = three
    bob.post("/posts/1/like")
    carol.post("/posts/1/like")
    alice.get("/notifications")
    with store.statements() as sent:
        page = alice.page("/notifications")
    assert all(statement.startswith("SELECT") for statement in sent)
    assert len(sent) <= 3
    assert [badge.text for badge in page.select(".notifications .badge")] == ["new"]
    assert badge(alice) == "2"
    form = page.select_one("form[data-seen]")
    bob.write("@alice came while alice was reading")
    fields = {field["name"]: field["value"] for field in form.select("input")}
    assert alice.post(form["action"], fields).location == "/notifications"
    assert badge(alice) == "1"
    assert len(alice.page("/notifications").select(".notifications .badge")) == 1
    alice.post("/notifications/seen", {"to": str(LARGEST_ID)})
    assert badge(alice) == ""
    assert alice.page("/notifications").select("form[data-seen]") == []
    carol.write("@alice, who has not seen what was not there yet")
    assert badge(alice) == "1"


@pytest.mark.parametrize("to", ["", "-1", "x", "9223372036854775808", "9" * 5000])
def test_strange_numbers_are_bad_requests(somebody, to):
    alice = somebody("alice")
    assert alice.post("/notifications/seen", {"to": to}).status_code == 400
    for name in ("to", "before"):
        assert alice.get("/notifications", query_string={name: to}).status_code == 400


def test_strangers_are_sent_to_the_login_and_scripts_are_refused(browser):
    assert browser.get("/notifications").location.startswith("/login")
    assert browser.post("/notifications/seen", {"to": "1"}).location == "/login"
    assert browser.get("/fresh/unread").status_code == 403


def test_an_open_page_learns_of_it_with_one_statement_and_nothing_when_nothing_happened(three, store):
    alice, bob, _carol = three
    alice.get("/fresh/unread")
    with store.statements() as sent:
        first = alice.get("/fresh/unread")
    assert len(sent) == 1, "only who asks"
    assert first.json == {"notifications": 0, "messages": 0, "text": ""}
    same = {"If-None-Match": first.headers["ETag"]}
    assert alice.get("/fresh/unread", headers=same).status_code == 304
    bob.post("/posts/1/like")
    alice.post("/people/bob/follow")
    bob.post("/people/alice/message", {"body": "hello"})
    changed = alice.get("/fresh/unread", headers=same)
    assert changed.json["text"] == "1 new notification, 1 new message"
    assert alice.page("/").title.text.startswith("(2) ")


def test_the_count_ends_at_99(app, store):
    with app.app_context():
        alice = store.add_user("alice")
        rows = [
            {"user_id": alice, "actor_id": 9, "kind": "follow", "created_at": store.user("alice").created_at}
            for _ in range(150)
        ]
        db.session.execute(Notification.__table__.insert(), rows)
        db.session.commit()
        assert db.session.scalar(select(unread.notifications(alice))) == 99


def test_who_leaves_takes_what_they_told_and_were_told(three, app, store):
    alice, bob, carol = three
    for browser in (bob, carol):
        browser.post("/posts/1/like")
        browser.post("/people/alice/follow")
    alice.post("/people/bob/follow")
    with app.app_context():
        leave(db.session.get(User, store.user("bob").id))
    assert sorted(told(alice)) == ["carol follows you now", "carol likes your post"]
    assert badge(alice) == "2"
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Notification)) == 2


NAMES = ("ann", "ben", "cat")
ACTIONS = ("like", "unlike", "repost", "unrepost", "follow", "unfollow", "reply", "mention", "mute", "block")


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(ACTIONS), st.sampled_from(NAMES[1:])), max_size=14))
def test_what_is_told_is_what_is_true(fresh_store, happened):
    store = fresh_store()
    for name in NAMES:
        store.add_user(name)
    expected: set[tuple[str, str]] = set()
    with store.app.app_context():
        db.session.execute(delete(Notification))
        db.session.execute(delete(Hidden))
        ann = store.user("ann")
        post = writing.write(ann, "hello").id
        hidden: set[str] = set()
        blocked: set[str] = set()
        for number, (action, name) in enumerate(happened):
            act(store, post, action, name, blocked)
            if action in {"mute", "block"}:
                hidden.add(name)
                blocked |= {name} if action == "block" else set()
                expected = {deed for deed in expected if deed[1] != name}
            elif action.startswith("un"):
                expected.discard((action[2:], name))
            elif name not in hidden:
                is_new = action in {"reply", "mention"}
                expected.add((f"{action} {number}" if is_new else action, name))
        rows = db.session.execute(
            select(Notification.kind, User.username)
            .join(User, User.id == Notification.actor_id)
            .where(Notification.user_id == ann.id)
        )
        found = sorted((row.kind, row.username) for row in rows)
        reader = store.user("ann")
        pages = listing.listed(reader, LARGEST_ID, LARGEST_ID, 50).entries
    # Muting takes away what was told; a like that is still there then is told no more.
    assert found == sorted((deed.split()[0], name) for deed, name in expected)
    grouped = {"like", "repost"}
    assert sum(1 + entry.others for entry in pages) == len(found)
    assert all(entry.others == 0 or entry.kind in grouped for entry in pages)
    kinds = [entry.kind for entry in pages if entry.kind in grouped]
    assert len(kinds) == len(set(kinds))


def act(store, post: int, action: str, name: str, blocked: set[str]) -> None:
    me, ann = store.user(name), store.user("ann")
    if action in {"follow", "unfollow"}:
        getattr(following, action)(me, ann)
    elif action in {"mute", "block"}:
        getattr(hiding, action)(ann, me)
    elif action == "mention":
        writing.write(me, "where is @ann")
    elif name in blocked:
        return
    elif action == "reply":
        writing.write(me, "answer", timelines.one(post, me))
    else:
        getattr(reactions, action)(me, post)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    before=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5)), max_size=20),
    meanwhile=st.lists(st.tuples(st.integers(0, 3), st.integers(6, 9)), max_size=8),
    size=st.integers(1, 3),
)
def test_pages_neither_skip_nor_repeat_while_others_like(fresh_store, before, meanwhile, size):
    store = fresh_store()
    author = store.add_user("author")
    fans = [store.add_user(f"fan_{n}") for n in range(10)]
    posts = store.add_posts(author, 4)
    with store.app.app_context():
        db.session.execute(delete(Notification))
        for post, fan in before:
            reactions.like(db.session.get(User, fans[fan]), posts[post])
        reader, place, seen, coming = store.user("author"), LARGEST_ID, [], list(meanwhile)
        to = listing.newest(reader)
        while True:
            page = listing.listed(reader, place, to, size)
            seen += [entry.post_id for entry in page.entries]
            if page.older is None:
                break
            place = page.older
            if coming:
                post, fan = coming.pop()
                reactions.like(db.session.get(User, fans[fan]), posts[post])
    assert len(seen) == len(set(seen))
    assert set(seen) == {posts[post] for post, _fan in before}
