"""Writing messages, having read them, and deleting one's own copy.

People are locked first, the smaller id before the other, as in `following` and `hiding`: so a block that is
made at the same moment is seen, and two first messages make one conversation.
"""

from collections.abc import Sequence
from enum import Enum, auto
from typing import Any

from sqlalchemy import delete, exists, func, insert, select, update

from .. import news
from ..database import db
from ..inbox import Conversation, Message, Participant
from ..leavers import HasLeft
from ..models import Follow, User
from ..news import UNSYNCHRONIZED, Kind
from ..ties import Hidden
from ..times import now
from ..visibility import suspended

# So many messages may somebody write who is neither followed nor answered.
MOST_UNANSWERED = 3


class Refusal(Enum):
    """Why a message was not sent."""

    APART = auto()
    SUSPENDED = auto()
    UNANSWERED = auto()


def send(sender: User, other: User, body: str) -> int | Refusal:
    """Store a message; the number of its conversation, or why there is none.

    Raises HasLeft when one of the two is gone.
    """
    if not _lock(sender.id, other.id):
        raise HasLeft
    muted = _muted(sender, other)
    if isinstance(muted, Refusal):
        db.session.rollback()
        return muted
    conversation_id = _conversation(sender, other)
    theirs = _side(conversation_id, other.id)
    accepted = bool(db.session.scalar(select(Participant.accepted).where(*theirs))) or _follows(other, sender)
    if not accepted and _sent(conversation_id, sender) >= MOST_UNANSWERED:
        db.session.rollback()
        return Refusal.UNANSWERED
    row = {"conversation_id": conversation_id, "sender_id": sender.id, "body": body, "created_at": now()}
    message = Message(**row)
    db.session.add(message)
    db.session.flush()
    counts = accepted and not muted
    _change(theirs, last_message_id=message.id, accepted=accepted, unread=Participant.unread + int(counts))
    _change(_side(conversation_id, sender.id), last_message_id=message.id, accepted=True, unread=0)
    if counts:
        # One for each conversation: the newest.
        news.take_back(Kind.MESSAGE, sender.id, user_id=other.id)
        news.tell(Kind.MESSAGE, sender.id, [other.id])
    db.session.commit()
    return conversation_id


def read(reader: User, conversation_id: int, to: int) -> None:
    """The person has read the messages up to a number."""
    mine = _side(conversation_id, reader.id)
    side = db.session.execute(
        select(Participant.deleted_to, Participant.unread).where(*mine).with_for_update()
    ).first()
    if side and side.unread:
        newer = select(func.count()).where(
            Message.conversation_id == conversation_id,
            Message.sender_id != reader.id,
            Message.id > max(to, side.deleted_to),
        )
        left = db.session.scalar(newer) or 0
        _change(mine, unread=min(left, side.unread))
    db.session.commit()


def delete_copy(reader: User, conversation_id: int) -> None:
    """Remove a conversation for one of the two; what both removed is gone for good."""
    mine = _side(conversation_id, reader.id)
    other_id = db.session.scalar(select(Participant.other_id).where(*mine))
    _lock(reader.id, *([other_id] if other_id else []))
    there = Message.conversation_id == conversation_id
    last = db.session.scalar(select(func.max(Message.id)).where(there)) or 0
    _change(mine, deleted_to=last, last_message_id=0, unread=0)
    if other_id:
        news.take_back(Kind.MESSAGE, other_id, user_id=reader.id)
    sides = Participant.conversation_id == conversation_id
    least = db.session.scalar(select(func.min(Participant.deleted_to)).where(sides)) or 0
    nobodys = (there, Message.id <= least)
    if _is_request(conversation_id):
        # How many there were goes on counting.
        _execute(update(Message).where(*nobodys).values(body=""))
    else:
        _execute(delete(Message).where(*nobodys))
    if other_id is None:
        _execute(delete(Conversation).where(Conversation.id == conversation_id))
    db.session.commit()


def _lock(*user_ids: int) -> bool:
    """Hold these people; whether all of them are there."""
    held = [
        _execute(update(User).where(User.id == user_id).values(hidden_count=User.hidden_count)).rowcount
        for user_id in sorted(user_ids)
    ]
    return all(held)


def _muted(sender: User, other: User) -> bool | Refusal:
    """Whether the other one mutes the sender, or why nothing reaches them."""
    pair = (Hidden.reader_id == other.id, Hidden.author_id == sender.id)
    row = db.session.execute(select(Hidden.mutes, Hidden.blocks, Hidden.blocked).where(*pair)).first()
    if row and (row.blocks or row.blocked):
        return Refusal.APART
    if db.session.scalar(select(exists().where(User.id == other.id, suspended(User.id)))):
        return Refusal.SUSPENDED
    return bool(row and row.mutes)


def _conversation(sender: User, other: User) -> int:
    pair = (Participant.user_id == sender.id, Participant.other_id == other.id)
    found = db.session.scalar(select(Participant.conversation_id).where(*pair))
    if found:
        return found
    conversation = Conversation(created_at=now())
    db.session.add(conversation)
    db.session.flush()
    both = [{"user_id": a.id, "other_id": b.id} for a, b in ((sender, other), (other, sender))]
    rows = [row | {"conversation_id": conversation.id} for row in both]
    db.session.execute(insert(Participant), rows)
    return conversation.id


def _follows(follower: User, followed: User) -> bool:
    pair = exists().where(Follow.follower_id == follower.id, Follow.followed_id == followed.id)
    return bool(db.session.scalar(select(pair)))


def _is_request(conversation_id: int) -> bool:
    waiting = exists().where(Participant.conversation_id == conversation_id, ~Participant.accepted)
    return bool(db.session.scalar(select(waiting)))


def _sent(conversation_id: int, sender: User) -> int:
    mine = (Message.conversation_id == conversation_id, Message.sender_id == sender.id)
    return db.session.scalar(select(func.count()).select_from(Message).where(*mine)) or 0


def _side(conversation_id: int, user_id: int) -> Sequence[Any]:
    return (Participant.conversation_id == conversation_id, Participant.user_id == user_id)


def _change(side: Sequence[Any], **values: Any) -> None:
    _execute(update(Participant).where(*side).values(values))


def _execute(statement: Any) -> Any:
    return db.session.execute(statement, execution_options=UNSYNCHRONIZED)


def take_messages(user: User) -> None:
    """When somebody leaves: what they wrote goes, what others wrote to them stays with those; no commit."""
    mine = select(Participant.conversation_id).where(Participant.user_id == user.id)
    ids = sorted(db.session.scalars(mine))
    _execute(delete(Message).where(Message.sender_id == user.id))
    for start in range(0, len(ids), 500):
        _leave(user, ids[start : start + 500])


def _leave(user: User, ids: list[int]) -> None:
    last = (
        select(func.coalesce(func.max(Message.id), 0))
        .where(Message.conversation_id == Participant.conversation_id, Message.id > Participant.deleted_to)
        .scalar_subquery()
    )
    others = (Participant.conversation_id.in_(ids), Participant.user_id != user.id)
    _execute(delete(Participant).where(Participant.conversation_id.in_(ids), Participant.user_id == user.id))
    _change(others, other_id=None, unread=0, last_message_id=last)
    shown = exists().where(Participant.conversation_id == Conversation.id, Participant.last_message_id > 0)
    _execute(delete(Conversation).where(Conversation.id.in_(ids), ~shown))
