"""How much is new for a person: counted in the statement that finds out who asks, so no page asks again."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select, update

from .database import db
from .inbox import Notification, Participant
from .models import User
from .news import UNSYNCHRONIZED, Kind
from .visibility import admitted

MOST = 99


@dataclass(frozen=True)
class Unread:
    """Notifications that the person has not seen, up to MOST, and messages that they have not read."""

    notifications: int = 0
    messages: int = 0

    @property
    def total(self) -> int:
        """All of it."""
        return self.notifications + self.messages


def notifications(user_id: Any) -> Any:
    """A column with how many notifications are above the one that a person saw last, MOST at most.

    The page shows none by the suspended; those by people whom one hides are gone (`forget`).
    Messages have a count of their own. The id is a value or a query by itself: of a column of the statement
    around it, MariaDB would make a look at all notifications of the person, not at the newest.
    """
    seen = select(User.notifications_seen).where(User.id == user_id).scalar_subquery()
    newest = (
        select(Notification.id)
        .where(
            Notification.user_id == user_id,
            Notification.id > seen,
            Notification.kind != Kind.MESSAGE.value,
            admitted(Notification.actor_id),
        )
        .order_by(Notification.id.desc())
        .limit(MOST)
    )
    return select(func.count()).select_from(newest.subquery("newest")).scalar_subquery()


def messages(user_id: Any) -> Any:
    """A column with how many messages a person has not read."""
    return (
        select(func.coalesce(func.sum(Participant.unread), 0))
        .where(Participant.user_id == user_id, Participant.unread > 0)
        .scalar_subquery()
    )


def forget(reader_id: int, author_id: int) -> None:
    """Nothing that an author did is news to a reader any more; the caller commits."""
    told = delete(Notification).where(Notification.user_id == reader_id, Notification.actor_id == author_id)
    written = update(Participant).where(Participant.user_id == reader_id, Participant.other_id == author_id)
    for statement in (told, written.values(unread=0)):
        db.session.execute(statement, execution_options=UNSYNCHRONIZED)
