"""Liking posts and passing them on; doing it twice is doing it once.

Locks are taken in the order of `writing`: the person, then the post. Raises HasLeft when the person is gone.
"""

from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from .. import news
from ..database import db
from ..leavers import HasLeft
from ..models import Post, User
from ..news import Kind
from ..ties import Like, Repost
from ..times import now

UNSYNCHRONIZED = {"synchronize_session": False}
KINDS = {Like: Kind.LIKE, Repost: Kind.REPOST}


def like(reader: User, post_id: int) -> None:
    """Like a post."""
    _count(reader, 0, post_id, like_count=Post.like_count + 1)
    _insert_once(Like, {"user_id": reader.id, "post_id": post_id, "created_at": now()})


def unlike(reader: User, post_id: int) -> None:
    """Like a post no more."""
    _count(reader, 0, post_id, like_count=Post.like_count - 1)
    _delete_one(Like, reader, post_id)


def repost(reader: User, post_id: int) -> None:
    """Pass a post on to those who follow the reader."""
    _count(reader, 1, post_id, repost_count=Post.repost_count + 1)
    row = {"user_id": reader.id, "post_id": post_id, "created_at": now()}
    _insert_once(Repost, row | {"id": _next_number(reader)})


def unrepost(reader: User, post_id: int) -> None:
    """Take back what was passed on."""
    _count(reader, -1, post_id, repost_count=Post.repost_count - 1)
    _delete_one(Repost, reader, post_id)


def _next_number(reader: User) -> int:
    """A number no post has or will have: it puts the repost between the posts, at its moment."""
    post = Post(user_id=reader.id, body="", created_at=now())
    db.session.add(post)
    db.session.flush()
    number = post.id
    db.session.delete(post)
    db.session.flush()
    return number


def _count(reader: User, reposts: int, post_id: int, **counts: Any) -> None:
    changes = {"repost_count": User.repost_count + reposts}
    mine = update(User).where(User.id == reader.id).values(changes)
    if not db.session.execute(mine, execution_options=UNSYNCHRONIZED).rowcount:  # type: ignore[attr-defined]
        raise HasLeft
    theirs = update(Post).where(Post.id == post_id).values(counts)
    db.session.execute(theirs, execution_options=UNSYNCHRONIZED)


def _insert_once(tie: type[Like] | type[Repost], row: dict[str, Any]) -> None:
    there = select(tie.id).where(tie.post_id == row["post_id"], tie.user_id == row["user_id"])
    if db.session.scalar(there) is not None:
        db.session.rollback()
        return
    try:
        db.session.execute(insert(tie).values(row))
    except IntegrityError:  # the post was deleted in this moment
        db.session.rollback()
    else:
        news.tell_author(KINDS[tie], row["user_id"], row["post_id"])
        db.session.commit()


def _delete_one(tie: type[Like] | type[Repost], reader: User, post_id: int) -> None:
    mine = delete(tie).where(tie.post_id == post_id, tie.user_id == reader.id)
    gone = db.session.execute(mine, execution_options=UNSYNCHRONIZED)
    if gone.rowcount == 1:  # type: ignore[attr-defined]
        news.take_back(KINDS[tie], reader.id, post_id)
        db.session.commit()
    else:
        db.session.rollback()
