"""Somebody who leaves takes every trace along, and nothing of anybody else."""

from datetime import timedelta

import pytest
from sqlalchemy import event, func, select, update

from microblog import limits
from microblog.account.leaving import leave
from microblog.database import db
from microblog.models import Post, SignIn, User
from microblog.people import hiding
from microblog.posts import reactions, writing
from microblog.roles import Role
from microblog.ties import DeletedPost, Like, Repost
from microblog.times import now
from tests.unit.microblog.conftest import PASSWORD, elsewhere
from tests.unit.microblog.program import program


def counts(post_id: int) -> tuple[int, int, int]:
    row = db.session.execute(
        select(Post.reply_count, Post.like_count, Post.repost_count).where(Post.id == post_id)
    ).one()
    return tuple(row)


def people(store) -> tuple[User, User, User]:
    return tuple(db.session.get(User, store.add_user(name)) for name in ("alice", "bob", "carol"))


def test_likes_reposts_and_answers_are_taken_back(app, store):
    with app.app_context():
        alice, bob, _ = people(store)
        post = writing.write(bob, "stays")
        reactions.like(alice, post.id)
        reactions.repost(alice, post.id)
        writing.write(alice, "goes", post)
        assert counts(post.id) == (1, 1, 1)
        leave(alice)
        assert counts(post.id) == (0, 0, 0)
        assert db.session.scalar(select(func.count()).select_from(Like)) == 0
        assert db.session.scalar(select(func.count()).select_from(Repost)) == 0


def test_what_others_answered_stays_in_its_place(app, store):
    with app.app_context():
        alice, bob, carol = people(store)
        root = writing.write(bob, "root")
        first = writing.write(alice, "first", root)
        second = writing.write(alice, "second", first)
        leaf = writing.write(carol, "leaf", second)
        writing.write(alice, "nobody answered this", root)
        leave(alice)
        assert set(db.session.scalars(select(Post.id))) == {root.id, leaf.id}
        assert dict(db.session.execute(select(DeletedPost.id, DeletedPost.parent_id)).all()) == {
            first.id: root.id,
            second.id: first.id,
        }
        assert counts(root.id)[0] == 0
        carol_again = db.session.get(User, carol.id)
        writing.remove(carol_again, leaf.id)
        assert db.session.scalar(select(func.count()).select_from(DeletedPost)) == 0


def test_who_left_does_not_count_among_those_whom_one_hides(app, store):
    with app.app_context():
        alice, bob, carol = people(store)
        hiding.block(alice, bob)
        hiding.mute(carol, bob)
        hiding.mute(carol, alice)
        leave(bob)
    assert [store.user(name).hidden_count for name in ("alice", "carol")] == [0, 1]


@pytest.fixture
def meanwhile_leaves(app, store, monkeypatch):
    """Somebody's account ends when the next deed, whoever's it is, has just been counted."""
    count = limits.take

    def leaves(name: str) -> None:
        def take(*deed: object) -> None:
            monkeypatch.setattr(limits, "take", count)
            count(*deed)
            elsewhere(app, lambda: leave(db.session.get(User, store.user(name).id)))

        monkeypatch.setattr(limits, "take", take)

    return leaves


DEEDS_WITH_BOB = ("block", "unblock", "mute", "follow", "unfollow", "message")


@pytest.mark.parametrize(
    "path",
    [
        "/posts",
        "/posts/1/replies",
        "/posts/1/like",
        "/posts/1/repost",
        *[f"/people/bob/{deed}" for deed in DEEDS_WITH_BOB],
    ],
)
def test_whose_account_has_just_ended_is_sent_to_the_login(somebody, meanwhile_leaves, path):
    alice, bob = somebody("alice"), somebody("bob")
    bob.write("hello")
    meanwhile_leaves("alice")
    assert alice.post(path, {"body": "hello"}).location == "/login"


@pytest.mark.parametrize("deed", DEEDS_WITH_BOB)
def test_whoever_has_just_left_is_not_there(somebody, meanwhile_leaves, deed):
    alice, _ = somebody("alice"), somebody("bob")
    meanwhile_leaves("bob")
    assert alice.post(f"/people/bob/{deed}", {"body": "hello"}).status_code == 404
    assert alice.get("/account").status_code == 200


MODERATED = [
    "/posts/1/report",
    "/people/bob/report",
    "/moderation/people/bob/suspend",
    "/moderation/people/bob/role",
]


@pytest.mark.parametrize(("who", "status"), [("bob", 404), ("alice", 303)])
@pytest.mark.parametrize("path", MODERATED)
def test_nobody_who_has_just_left_is_reported_or_decided_about(app, somebody, store, path, who, status):
    alice, bob = somebody("alice"), somebody("bob")
    bob.write("hello")
    with app.app_context():
        db.session.execute(update(User).where(User.username == "alice").values(role=int(Role.ADMIN)))
        db.session.commit()
    form = {"reason": "spam", "words": "", "duration": "forever", "role": "moderator", "note": "why not"}
    done = {"it": False}

    def leaves(connection, cursor, statement, *rest):
        if not done["it"] and statement.startswith(("UPDATE user SET role", "INSERT INTO moderation_case")):
            done["it"] = True
            elsewhere(app, lambda: leave(db.session.get(User, store.user(who).id)))

    token = alice.token()
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", leaves)
    answer = alice.client.post(path, data={"csrf_token": token, **form})
    assert done["it"]
    assert answer.status_code == status


def test_a_program_whose_person_has_just_left_is_told_so(app, meanwhile_leaves):
    alice = program(app, "alice")
    meanwhile_leaves("alice")
    assert alice.post("/posts", json={"body": "hello"}).status_code == 404
    assert alice.get("/me").status_code == 401


@pytest.mark.parametrize("body", [None, {"about": "nobody any more"}])
def test_a_token_of_somebody_who_leaves_while_it_is_used_counts_no_longer(app, store, body):
    alice, done = program(app, "alice"), {"it": False}

    def leaves(connection, cursor, statement, *rest):
        if not done["it"] and "username_key = ?" in statement:
            done["it"] = True
            elsewhere(app, lambda: leave(db.session.get(User, store.user("alice").id)))

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", leaves)
    answer = alice.get("/me") if body is None else alice.patch("/me", json=body)
    assert done["it"]
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/profile/edit", {"display_name": "Alice the Great"}),
        ("/language", {"language": "es"}),
        ("/account/tokens", {"name": "laptop", "days": "30", "current": PASSWORD}),
        ("/account/password", {"password": PASSWORD + "!", "current": PASSWORD}),
        ("/account", None),
    ],
)
def test_what_is_changed_of_somebody_who_has_just_left_is_no_error(app, somebody, store, path, form):
    alice = somebody("alice")
    token = alice.token()
    if form is None:
        # Whoever was not seen for a while is seen by looking at a page.
        with app.app_context():
            db.session.execute(update(SignIn).values(last_used=now() - timedelta(hours=1)))
            db.session.execute(update(User).values(last_seen=now() - timedelta(hours=1)))
            db.session.commit()

    def leaves(*_):
        elsewhere(app, lambda: leave(db.session.get(User, store.user("alice").id)))

    event.listen(db.session, "before_flush", leaves, once=True)
    answer = alice.get(path) if form is None else alice.client.post(path, data={"csrf_token": token, **form})
    assert answer.status_code == 303, answer.text
    assert answer.location == "/login"
    assert alice.get("/people/alice").status_code == 404
