"""Blocking and muting. Both people are locked first, the smaller id before the other, as in `following`.

Raises HasLeft when one of them is gone.
"""

from typing import Any

from sqlalchemy import delete, func, insert, select, update

from .. import unread
from ..database import db
from ..leavers import HasLeft
from ..models import Follow, User
from ..ties import Hidden

UNSYNCHRONIZED = {"synchronize_session": False}


def block(reader: User, other: User) -> None:
    """Neither sees anything of the other, and neither follows the other any more."""
    _lock(reader, other)
    _mark(reader, other, blocks=True)
    _mark(other, reader, blocked=True)
    _end_follow(reader, other)
    _end_follow(other, reader)
    unread.forget(reader.id, other.id)
    unread.forget(other.id, reader.id)
    _finish(reader, other)


def unblock(reader: User, other: User) -> None:
    """See each other again; the follows do not come back."""
    _lock(reader, other)
    _mark(reader, other, blocks=False)
    _mark(other, reader, blocked=False)
    _finish(reader, other)


def mute(reader: User, other: User) -> None:
    """The reader sees nothing of the other, who does not notice."""
    _lock(reader, other)
    _mark(reader, other, mutes=True)
    unread.forget(reader.id, other.id)
    _finish(reader, other)


def unmute(reader: User, other: User) -> None:
    """The reader sees the other again."""
    _lock(reader, other)
    _mark(reader, other, mutes=False)
    _finish(reader, other)


def _lock(*people: User) -> None:
    for user_id in sorted(user.id for user in people):
        held = _execute(update(User).where(User.id == user_id).values(hidden_count=User.hidden_count))
        if not held.rowcount:
            raise HasLeft


def _mark(reader: User, author: User, **flags: bool) -> None:
    pair = (Hidden.reader_id == reader.id, Hidden.author_id == author.id)
    if db.session.scalar(select(Hidden.reader_id).where(*pair)) is not None:
        _execute(update(Hidden).where(*pair).values(flags))
    elif any(flags.values()):
        _execute(insert(Hidden).values(reader_id=reader.id, author_id=author.id, **flags))
    _execute(delete(Hidden).where(*pair, ~Hidden.mutes, ~Hidden.blocks, ~Hidden.blocked))


def _end_follow(follower: User, followed: User) -> None:
    gone = delete(Follow).where(Follow.follower_id == follower.id, Follow.followed_id == followed.id)
    if _execute(gone).rowcount == 1:
        _execute(update(User).where(User.id == follower.id).values(following_count=User.following_count - 1))
        _execute(update(User).where(User.id == followed.id).values(follower_count=User.follower_count - 1))


def _finish(*people: User) -> None:
    for user in people:
        hidden = select(func.count()).where(Hidden.reader_id == user.id).scalar_subquery()
        _execute(update(User).where(User.id == user.id).values(hidden_count=hidden))
    db.session.commit()


def _execute(statement: Any) -> Any:
    return db.session.execute(statement, execution_options=UNSYNCHRONIZED)
