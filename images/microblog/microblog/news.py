"""Notifications: written in the transaction of what happened, taken back with it; nothing here commits.

What somebody has seen is kept when it is taken back, out of sight: done again, it is there again and not new.
Whoever does and takes back has locked their own row, so of each deed there is one.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, exists, insert, literal, select, update

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
# The kinds of what was seen and then taken back; no list has them.
TAKEN_BACK = {kind: f"un{kind}" for kind in (Kind.LIKE, Kind.REPOST, Kind.FOLLOW)}


def tell(kind: Kind, actor_id: int, user_ids: Iterable[int], post_id: int | None = None) -> None:
    """Notify people, but nobody who mutes or blocks the actor or is blocked by them."""
    ids = sorted(set(user_ids) - {actor_id})
    if ids:
        _insert(select(User.id).where(User.id.in_(ids)), User.id, kind, actor_id, post_id)


def tell_author(kind: Kind, actor_id: int, post_id: int) -> None:
    """Notify the author of a post, unless that is the actor."""
    if not _bring_back(kind, actor_id, Notification.post_id == post_id):
        author = select(Post.user_id).where(Post.id == post_id, Post.user_id != actor_id)
        _insert(author, Post.user_id, kind, actor_id, post_id)


def tell_followed(actor_id: int, user_id: int) -> None:
    """Notify a person of somebody who follows them."""
    if not _bring_back(Kind.FOLLOW, actor_id, Notification.user_id == user_id):
        tell(Kind.FOLLOW, actor_id, [user_id])


def take_back(kind: Kind, actor_id: int, post_id: int | None = None, user_id: int | None = None) -> None:
    """Remove what a person was told of a deed: of one about a post, or else of one about that person."""
    about = Notification.post_id == post_id if post_id else Notification.user_id == user_id
    mine = (Notification.actor_id == actor_id, Notification.kind == kind, about)
    if kind in TAKEN_BACK:
        _keep_seen(mine, TAKEN_BACK[kind])
    db.session.execute(delete(Notification).where(*mine), execution_options=UNSYNCHRONIZED)


def _keep_seen(mine: Sequence[ColumnElement[bool]], kind: str) -> None:
    # Asked by itself: an UPDATE that looks at other people's rows would wait for them.
    seen = select(Notification.id).join(User, User.id == Notification.user_id)
    ids = db.session.scalars(seen.where(*mine, Notification.id <= User.notifications_seen)).all()
    if ids:
        kept = update(Notification).where(Notification.id.in_(ids))
        db.session.execute(kept.values(kind=kind), execution_options=UNSYNCHRONIZED)


def _bring_back(kind: Kind, actor_id: int, about: ColumnElement[bool]) -> bool:
    gone = update(Notification).where(
        Notification.actor_id == actor_id, Notification.kind == TAKEN_BACK[kind], about
    )
    result = db.session.execute(gone.values(kind=kind.value), execution_options=UNSYNCHRONIZED)
    return result.rowcount > 0  # type: ignore[attr-defined, no-any-return]


def _insert(people: Select[Any], user_id: Any, kind: Kind, actor_id: int, post_id: int | None) -> None:
    apart = exists().where(Hidden.reader_id == user_id, Hidden.author_id == actor_id)
    columns = {"actor_id": actor_id, "kind": kind.value, "post_id": post_id, "created_at": now()}
    types = Notification.__table__.c
    values = [literal(value, types[name].type) for name, value in columns.items()]
    rows = people.add_columns(*values).where(~apart)
    db.session.execute(insert(Notification).from_select(["user_id", *columns], rows))
