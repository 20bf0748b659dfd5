"""Reading conversations: the list of them, who the other one is, and the messages page by page.

Somebody who blocks the reader looks like somebody who has left: of both only the reader's own messages stay.
Whom the reader blocks or mutes is not there at all, as everywhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, exists, false, func, or_, select
from sqlalchemy.orm import aliased

from ..database import db
from ..inbox import Message, Participant
from ..models import Follow, User
from ..pages import Between, Page
from ..ties import Hidden
from ..visibility import suspended

Own = aliased(Message, name="own")


@dataclass(frozen=True)
class Side:
    """A conversation as one of the two sees it. Without a user name the other one is gone."""

    place: int
    id: int
    other_id: int | None
    accepted: bool
    unread: int
    deleted_to: int
    username: str | None
    display_name: str | None
    blocked: bool
    suspended: bool
    body: str | None = None
    created_at: datetime | None = None
    is_own: bool = False

    @property
    def name(self) -> str | None:
        """What to call the other one, None when they are gone."""
        return self.display_name or self.username


@dataclass(frozen=True)
class Line:
    """A message as its page shows it."""

    place: int
    is_own: bool
    body: str
    created_at: datetime


def listed(reader: User, requests: bool, before: int, size: int) -> Page[Side]:
    """The conversations of a person, the one with the newest message first."""
    has_own = exists().where(
        Own.conversation_id == Participant.conversation_id,
        Own.sender_id == reader.id,
        Own.id > Participant.deleted_to,
    )
    query = (
        _sides(reader, Message.body, Message.created_at, Message.sender_id == reader.id)
        .outerjoin(Message, and_(Message.id == Participant.last_message_id, _shown(reader)))
        .where(
            Participant.accepted != requests,
            Participant.last_message_id > 0,
            Participant.last_message_id < before,
            or_(~_is_blocked(), has_own),
        )
        .order_by(Participant.last_message_id.desc())
        .limit(size + 1)
    )
    return Page.of([_side(row) for row in db.session.execute(query)], size)


def requests_waiting(reader: User) -> bool:
    """Whether strangers have written to a person."""
    query = _sides(reader).where(~Participant.accepted, Participant.last_message_id > 0, ~_is_blocked())
    return db.session.execute(query.limit(1)).first() is not None


def find(reader: User, conversation_id: int) -> Side | None:
    """A conversation of this person."""
    row = db.session.execute(_sides(reader).where(Participant.conversation_id == conversation_id)).first()
    return _side(row) if row else None


def number_with(reader: User, other: User) -> int | None:
    """The number of the conversation of two people, if they have one."""
    pair = (Participant.user_id == reader.id, Participant.other_id == other.id)
    return db.session.scalar(select(Participant.conversation_id).where(*pair))


def may_begin(reader: User, other: User) -> bool:
    """Whether a first message of the reader is no request: the other one follows them."""
    follows = exists().where(Follow.follower_id == other.id, Follow.followed_id == reader.id)
    return bool(db.session.scalar(select(follows)))


def lines(reader: User, side: Side, before: int, size: int) -> Page[Line]:
    """Messages, the oldest of the page first; `older` leads to those before them."""
    wanted = _lines(reader, side, Between(before)).order_by(Message.id.desc()).limit(size + 1)
    page = Page.of([Line(*row) for row in db.session.execute(wanted)], size)
    return Page(page.entries[::-1], page.older)


def count_since(reader: User, side: Side, after: int, most: int) -> int:
    """How many messages of the other one came after a place."""
    theirs = _lines(reader, side, Between(after=after)).where(Message.sender_id != reader.id)
    return db.session.scalar(select(func.count()).select_from(theirs.limit(most).subquery())) or 0


def _lines(reader: User, side: Side, between: Between) -> Select[Any]:
    columns: tuple[Any, ...] = (Message.id, Message.sender_id == reader.id, Message.body, Message.created_at)
    query: Select[Any] = select(*columns)
    query = query.where(Message.conversation_id == side.id, Message.id > side.deleted_to)
    query = query.where(between.holds(Message.id))
    return query.where(Message.sender_id == reader.id) if side.blocked else query


def _sides(reader: User, *more: Any) -> Select[Any]:
    hidden = and_(Hidden.reader_id == reader.id, Hidden.author_id == Participant.other_id)
    columns: tuple[Any, ...] = (
        Participant.last_message_id,
        Participant.conversation_id,
        Participant.other_id,
        Participant.accepted,
        Participant.unread,
        Participant.deleted_to,
        User.username,
        User.display_name,
        _is_blocked(),
        suspended(Participant.other_id),
    )
    return (
        select(*columns, *more)
        .select_from(Participant)
        .outerjoin(Hidden, hidden)
        .outerjoin(User, and_(User.id == Participant.other_id, ~_is_blocked()))
        .where(
            Participant.user_id == reader.id,
            or_(Hidden.reader_id.is_(None), and_(~Hidden.mutes, ~Hidden.blocks)),
        )
    )


def _is_blocked() -> ColumnElement[bool]:
    return func.coalesce(Hidden.blocked, false())


def _shown(reader: User) -> ColumnElement[bool]:
    return or_(Message.sender_id == reader.id, ~_is_blocked())


def _side(row: Row[Any]) -> Side:
    values: Sequence[Any] = list(row)
    return Side(*values)
