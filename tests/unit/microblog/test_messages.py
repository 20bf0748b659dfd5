"""Messages between two people: who may write, what each sees, and what is left when one deletes or leaves."""

import pytest
from sqlalchemy import func, select

from microblog.account.leaving import leave
from microblog.database import db
from microblog.inbox import (
    MESSAGE_LENGTH,
    MESSAGE_STORAGE_LENGTH,
    Conversation,
    Message,
    Notification,
    Participant,
)
from microblog.models import User
from microblog.moderation import decisions
from microblog.oversight import FOREVER
from microblog.plain_text import length


def write(browser, username: str, body: str):
    return browser.post(f"/people/{username}/message", {"body": body})


def lines(browser, number: int = 1, query: str = "") -> list[str]:
    return [line.text for line in browser.page(f"/messages/{number}{query}").select(".lines .body")]


def inbox(browser, path: str = "/messages") -> list[tuple[str, str]]:
    rows = browser.page(path).select(".conversation")
    return [(row.select_one(".author").text.strip(), row.select_one(".line").text.strip()) for row in rows]


def badge(browser) -> str:
    count = browser.page("/explore").select_one("[data-count=messages]")
    return "" if count.has_attr("hidden") else count.text


@pytest.fixture
def friends(somebody):
    """Alice and Bob, who follow each other."""
    alice, bob = somebody("alice"), somebody("bob")
    alice.post("/people/bob/follow")
    bob.post("/people/alice/follow")
    return alice, bob


def test_a_message_is_read_by_the_two_and_counted_until_it_is_read(friends, somebody):
    alice, bob = friends
    assert write(alice, "bob", "hello").location == "/messages/1#newest"
    assert inbox(alice) == [("bob @bob", "You: hello")]
    assert inbox(bob) == [("alice @alice", "hello")]
    assert (badge(alice), badge(bob)) == ("", "1")
    assert bob.page("/explore").title.text.startswith("(2) ")  # the message, and alice's follow
    assert lines(bob) == ["hello"]
    assert badge(bob) == "1", "looking writes nothing"
    form = bob.page("/messages/1").select_one("form[data-seen]")
    fields = {field["name"]: field["value"] for field in form.select("input")}
    assert bob.post(form["action"], fields).location == "/messages/1"
    assert badge(bob) == ""
    carol = somebody("carol")
    for path in ("/messages/1", "/messages/1/fresh"):
        assert carol.get(path).status_code == 404
    for path in ("/messages/1", "/messages/1/read", "/messages/1/delete"):
        assert carol.post(path, {"body": "x", "to": "1"}).status_code == 404


def test_an_answer_is_having_read(friends):
    alice, bob = friends
    write(alice, "bob", "hello")
    bob.post("/messages/1", {"body": "hi"})
    assert (badge(alice), badge(bob)) == ("1", "")
    assert lines(alice) == ["You: hello", "hi"]
    assert write(bob, "alice", "again").location == "/messages/1#newest", "there is one conversation"
    assert bob.get("/people/alice/message").location == "/messages/1"


def test_what_comes_while_one_reads_stays_unread(friends):
    alice, bob = friends
    write(alice, "bob", "one")
    write(alice, "bob", "two")
    bob.post("/messages/1/read", {"to": "1"})
    assert badge(bob) == "1"
    bob.post("/messages/1/read", {"to": str(2**63 - 1)})
    assert badge(bob) == ""
    for strange in ("", "-1", "x", "9" * 30):
        assert bob.post("/messages/1/read", {"to": strange}).status_code == 400


def test_a_stranger_may_ask_three_times_and_waits_where_nothing_counts(somebody):
    alice, bob = somebody("alice"), somebody("bob")
    assert "does not follow you" in bob.page("/people/alice/message").text
    for n in range(3):
        assert write(bob, "alice", f"{n}").status_code == 303
    refused = write(bob, "alice", "once more")
    assert refused.status_code == 422
    assert "Please wait until they answer" in refused.text
    assert "once more" in refused.text
    assert badge(alice) == ""
    assert inbox(alice) == []
    assert alice.page("/notifications").select(".notifications") == []
    assert inbox(alice, "/messages/requests") == [("bob @bob", "2")]
    alice.post("/messages/1", {"body": "hello"})
    assert inbox(alice) == [("bob @bob", "You: hello")]
    assert inbox(alice, "/messages/requests") == []
    assert bob.post("/messages/1", {"body": "more"}).status_code == 303
    assert badge(alice) == "1"


def test_a_stranger_has_three_messages_also_when_both_deleted_them(somebody, app):
    alice, bob = somebody("alice"), somebody("bob")
    for n in range(3):
        write(bob, "alice", f"{n}")
    alice.post("/messages/1/delete")
    bob.post("/messages/1/delete")
    assert write(bob, "alice", "once more").status_code == 422
    assert (inbox(alice, "/messages/requests"), lines(alice), lines(bob)) == ([], [], [])
    with app.app_context():
        assert set(db.session.scalars(select(Message.body))) == {""}
    write(alice, "bob", "hello")
    assert bob.post("/messages/1", {"body": "more"}).status_code == 303
    assert lines(alice) == ["You: hello", "more"]
    alice.post("/messages/1/delete")
    bob.post("/messages/1/delete")
    with app.app_context():
        assert db.session.scalars(select(Message)).all() == []


def test_whom_one_follows_need_not_ask(somebody):
    alice, bob = somebody("alice"), somebody("bob")
    write(bob, "alice", "hello")
    alice.post("/people/bob/follow")
    assert inbox(alice) == [("bob @bob", "hello")]
    assert inbox(alice, "/messages/requests") == []
    write(bob, "alice", "thank you")
    assert inbox(alice) == [("bob @bob", "thank you")]
    assert badge(alice) == "1"


def test_a_first_message_to_somebody_who_has_just_been_suspended_is_not_lost(app, somebody, store):
    alice, _ = somebody("alice"), somebody("bob")
    with app.app_context():
        decisions.suspend_unreported(None, store.user("bob"), "because", FOREVER)
    assert alice.get("/people/bob/message").status_code == 404
    answer = alice.post("/people/bob/message", {"body": "Words that are dear"})
    assert answer.status_code == 422
    assert "Words that are dear" in answer.text
    assert "This account is suspended" in answer.text


def test_a_block_forbids_both_ways_and_looks_like_leaving(friends):
    alice, bob = friends
    write(alice, "bob", "from alice")
    write(bob, "alice", "from bob")
    alice.post("/people/bob/block")
    assert badge(alice) == badge(bob) == ""
    assert inbox(alice) == []
    assert alice.get("/messages/1").status_code == 404
    assert inbox(bob) == [("Somebody who is no longer here", "You: from bob")]
    page = bob.page("/messages/1")
    assert "alice" not in page.text
    assert [line.text for line in page.select(".lines .body")] == ["You: from bob"]
    assert page.select("textarea") == []
    assert bob.post("/messages/1", {"body": "x"}).status_code == 403
    assert write(bob, "alice", "x").status_code == write(alice, "bob", "x").status_code == 404
    for browser, name in ((bob, "alice"), (alice, "bob")):
        assert browser.get(f"/people/{name}/message").status_code == 404
    alice.post("/people/bob/unblock")
    assert lines(bob) == ["from alice", "You: from bob"]


def test_somebody_who_was_never_answered_sees_nothing_of_a_block(friends):
    alice, bob = friends
    write(alice, "bob", "from alice")
    alice.post("/people/bob/block")
    assert inbox(bob) == []


def test_the_muted_write_and_nobody_hears_it(friends):
    alice, bob = friends
    write(bob, "alice", "one")
    alice.post("/people/bob/mute")
    assert badge(alice) == ""
    assert bob.post("/messages/1", {"body": "two"}).status_code == 303
    assert badge(alice) == ""
    assert inbox(alice) == []
    alice.post("/people/bob/unmute")
    assert inbox(alice) == [("bob @bob", "two")]


def test_a_deleted_copy_is_gone_for_one_and_for_good_when_both_deleted_theirs(friends, app):
    alice, bob = friends
    write(alice, "bob", "one")
    write(bob, "alice", "two")
    alice.post("/messages/1/delete")
    assert inbox(alice) == []
    assert lines(alice) == []
    assert lines(bob) == ["one", "You: two"]
    write(bob, "alice", "three")
    assert lines(alice) == ["three"]
    assert badge(alice) == "1"
    bob.post("/messages/1/delete")
    with app.app_context():
        assert list(db.session.scalars(select(Message.body))) == ["three"]
    assert lines(alice) == ["three"]


def test_of_somebody_who_left_only_what_one_wrote_oneself_stays(friends, app, store):
    alice, bob = friends
    write(alice, "bob", "from alice")
    write(bob, "alice", "from bob")
    with app.app_context():
        leave(db.session.get(User, store.user("bob").id))
        assert list(db.session.scalars(select(Message.body))) == ["from alice"]
        told = select(func.count()).select_from(Notification)
        assert db.session.scalar(told) == 0
    assert badge(alice) == ""
    assert inbox(alice) == [("Somebody who is no longer here", "You: from alice")]
    assert lines(alice) == ["You: from alice"]
    assert alice.post("/messages/1", {"body": "x"}).status_code == 403
    alice.post("/messages/1/delete")
    with app.app_context():
        for table in (Conversation, Participant, Message):
            assert db.session.scalar(select(func.count()).select_from(table)) == 0, table


def test_nothing_stays_of_a_conversation_that_both_left(friends, app, store):
    alice, bob = friends
    write(alice, "bob", "from alice")
    write(bob, "alice", "from bob")
    for name in ("bob", "alice"):
        with app.app_context():
            leave(db.session.get(User, store.user(name).id))
    with app.app_context():
        for table in (Conversation, Participant, Message):
            assert db.session.scalar(select(func.count()).select_from(table)) == 0, table


def test_a_conversation_is_read_page_by_page_the_newest_last(friends):
    alice, bob = friends
    for n in range(12):
        write((alice, bob)[n % 2], ("bob", "alice")[n % 2], f"line {n}")
    seen, url = [], "/messages/1"
    while url:
        page = alice.page(url)
        seen = [line.text.rpartition("line ")[2] for line in page.select(".lines .body")] + seen
        older = page.select_one(".older a[rel=next]")
        url = f"/messages/1{older['href']}" if older else None
    assert seen == [str(n) for n in range(12)]


def test_conversations_are_listed_page_by_page_the_newest_first(somebody, store):
    alice = somebody("alice")
    names = [f"friend_{n}" for n in range(12)]
    for name in names:
        store.add_follow(store.add_user(name), store.user("alice").id)
    for name in names[:10]:
        write(alice, name, "hello")
    seen, url = [], "/messages"
    while url:
        page = alice.page(url)
        seen += [row.text for row in page.select(".conversation .handle") if row.text.startswith("@")]
        older = page.select_one(".older a")
        url = f"/messages{older['href']}" if older else None
    assert seen == [f"@{name}" for name in names[9::-1]]
    assert write(alice, names[10], "too many").status_code == 429
    assert write(alice, names[0], "an old one").status_code == 303


def test_messages_are_limited_in_length_and_number(friends):
    alice, bob = friends
    for body, word in (
        ("", "Write something first"),
        ("x" * 1001, "1 character too long"),
        ("\x00", "characters in it"),
        ("a" + "\u0301" * 10001, "signs on top"),
    ):
        answer = write(alice, "bob", body)
        assert answer.status_code == 422
        assert word in answer.text
    flags = "🇪🇸" * 1000
    assert length(flags) == 1000
    assert write(alice, "bob", flags).status_code == 303
    codes = [alice.post("/messages/1", {"body": "x"}).status_code for _ in range(30)]
    assert codes[0] == 303
    assert codes[-1] == 429
    assert bob.post("/messages/1", {"body": "x"}).status_code == 303


@pytest.mark.parametrize("character", ["👨‍👩‍👧‍👦", "\U0001f469" + "\U000e0101" * 9])
def test_the_longest_message_fits_whatever_it_is_made_of(friends, character):
    alice, _ = friends
    text = character * MESSAGE_LENGTH
    assert len(text) <= MESSAGE_STORAGE_LENGTH
    assert write(alice, "bob", text).status_code == 303
    assert lines(alice) == [f"You: {text}"]
    assert write(alice, "bob", text + "x").status_code == 422


def test_nothing_in_a_message_is_markup(friends):
    alice, bob = friends
    write(alice, "bob", "<script>alert(1)</script>")
    for path in ("/messages", "/messages/1"):
        assert "<script>alert" not in bob.get(path).text
    assert lines(bob) == ["<script>alert(1)</script>"]


def test_messages_need_a_form_a_login_and_somebody_else(somebody, browser):
    alice = somebody("alice")
    assert write(alice, "alice", "me").status_code == 404
    assert write(alice, "nobody", "x").status_code == 404
    assert alice.client.post("/people/alice/message", data={"body": "x"}).status_code == 400
    for path in ("/messages", "/messages/requests", "/messages/1", "/people/alice/message"):
        assert browser.get(path).location.startswith("/login")
    assert browser.get("/messages/1/fresh").status_code == 403
    for strange in ("0", "9223372036854775807", "9223372036854775808", "-1", "x"):
        assert alice.get(f"/messages/{strange}").status_code == 404


def test_an_open_conversation_learns_of_new_messages(friends):
    alice, bob = friends
    write(alice, "bob", "one")
    url = bob.page("/messages/1").select_one("[data-fresh]")["data-fresh"]
    first = bob.get(url)
    assert first.json == {"count": 0, "text": ""}
    again = bob.get(url, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    write(alice, "bob", "two")
    bob.post("/messages/1", {"body": "mine is not news"})
    assert bob.get(url).json == {"count": 1, "text": "1 new message"}


def test_the_pages_write_nothing_and_take_few_statements(friends, store):
    alice, bob = friends
    for n in range(8):
        write(alice, "bob", f"{n}")
    for path in ("/messages", "/messages/requests", "/messages/1", "/messages/1/fresh?after=1"):
        with store.statements() as sent:
            assert bob.get(path).status_code == 200
        assert len(sent) <= 3, sent
        assert all(statement.startswith("SELECT") for statement in sent)
