"""Notifications: written in the transaction of what happened, taken back with it; nothing here commits."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, delete, exists, insert, literal, select

from .database import db
from .inbox import Notification
from .models import Post, User
from .ties import Hidden
from .times import now

UNSYNCHRONIZED = {"synchronize_session": False}


class Kind(StrEnum):
    """What somebody did."""

    FOLLOW = "follow"
    LIKE = "like"
    REPOST = "repost"
    REPLY = "reply"
    MENTION = "mention"
    MESSAGE = "message"


# Of these a post has many at once: they are shown together.
GROUPED = (Kind.LIKE, Kind.REPOST)


def tell(kind: Kind, actor_id: int, user_ids: Iterable[int], post_id: int | None = None) -> None:
    """Notify people, but nobody who mutes or blocks the actor or is blocked by them."""
    ids = sorted(set(user_ids) - {actor_id})
    if ids:
        _insert(select(User.id).where(User.id.in_(ids)), User.id, kind, actor_id, post_id)


def tell_author(kind: Kind, actor_id: int, post_id: int) -> None:
    """Notify the author of a post, unless that is the actor."""
    author = select(Post.user_id).where(Post.id == post_id, Post.user_id != actor_id)
    _insert(author, Post.user_id, kind, actor_id, post_id)


def take_back(kind: Kind, actor_id: int, post_id: int | None = None, user_id: int | None = None) -> None:
    """Remove what a person was told of a deed: of one about a post, or else of one about that person."""
    mine = delete(Notification).where(Notification.actor_id == actor_id, Notification.kind == kind)
    about = Notification.post_id == post_id if post_id else Notification.user_id == user_id
    db.session.execute(mine.where(about), execution_options=UNSYNCHRONIZED)


def _insert(people: Select[Any], user_id: Any, kind: Kind, actor_id: int, post_id: int | None) -> None:
    apart = exists().where(Hidden.reader_id == user_id, Hidden.author_id == actor_id)
    columns = {"actor_id": actor_id, "kind": kind.value, "post_id": post_id, "created_at": now()}
    types = Notification.__table__.c
    values = [literal(value, types[name].type) for name, value in columns.items()]
    rows = people.add_columns(*values).where(~apart)
    db.session.execute(insert(Notification).from_select(["user_id", *columns], rows))
