"""How much is new for a person: counted in the statement that finds out who asks, so no page asks again."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import aliased

from .database import db
from .inbox import Notification, Participant
from .models import User
from .news import UNSYNCHRONIZED, Kind

MOST = 99

Newer = aliased(Notification, name="newer_notification")


@dataclass(frozen=True)
class Unread:
    """Notifications that the person has not seen, up to MOST, and messages that they have not read."""

    notifications: int = 0
    messages: int = 0

    @property
    def total(self) -> int:
        """All of it."""
        return self.notifications + self.messages


def notifications() -> Any:
    """A column beside User: notifications above the one seen last. Messages have a count of their own."""
    # However many there are, it reads the newest hundred index entries only.
    hundredth = (
        select(Newer.id)
        .where(Newer.user_id == User.id, Newer.id > User.notifications_seen)
        .order_by(Newer.id.desc())
        .offset(MOST)
        .limit(1)
        .correlate(User)
        .scalar_subquery()
    )
    return (
        select(func.count())
        .select_from(Notification)
        .where(
            Notification.user_id == User.id,
            Notification.id > func.coalesce(hundredth, User.notifications_seen),
            Notification.kind != Kind.MESSAGE.value,
        )
        .correlate(User)
        .scalar_subquery()
    )


def messages() -> Any:
    """A column beside User: messages that the person has not read."""
    return (
        select(func.coalesce(func.sum(Participant.unread), 0))
        .where(Participant.user_id == User.id, Participant.unread > 0)
        .correlate(User)
        .scalar_subquery()
    )


def forget(reader_id: int, author_id: int) -> None:
    """Nothing that an author did is news to a reader any more; the caller commits."""
    told = delete(Notification).where(Notification.user_id == reader_id, Notification.actor_id == author_id)
    written = update(Participant).where(Participant.user_id == reader_id, Participant.other_id == author_id)
    for statement in (told, written.values(unread=0)):
        db.session.execute(statement, execution_options=UNSYNCHRONIZED)
