"""Somebody who leaves takes every trace along, and nothing of anybody else."""

from sqlalchemy import func, select

from microblog.account.leaving import leave
from microblog.database import db
from microblog.models import Post, User
from microblog.posts import reactions, writing
from microblog.ties import DeletedPost, Like, Repost


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
