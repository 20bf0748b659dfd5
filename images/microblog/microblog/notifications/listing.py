"""The rows of the page: what somebody did, likes and reposts of one post together."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, func, or_, select, update
from sqlalchemy.orm import aliased

from ..database import db
from ..images.models import Image
from ..inbox import Notification
from ..models import Post, User
from ..news import GROUPED, TAKEN_BACK, UNSYNCHRONIZED
from ..pages import Page
from ..visibility import seen_by, visible

Newer = aliased(Notification, name="newer")
Other = aliased(Notification, name="other")


@dataclass(frozen=True)
class Listed:
    """What somebody did; of likes and reposts the newest, with how many others did the same."""

    place: int
    kind: str
    post_id: int | None
    created_at: datetime
    username: str
    display_name: str
    body: str | None
    picture_alt: str | None
    others: int

    @property
    def name(self) -> str:
        """What to call whoever did it."""
        return self.display_name or self.username


def listed(reader: User, before: int, to: int, size: int) -> Page[Listed]:
    """The notifications of a person, the newest first.

    All pages look at what had happened when the first was made (up to the number `to`): a like that comes
    meanwhile moves no group from one page to another.
    """
    query = (
        select(
            Notification.id,
            Notification.kind,
            Notification.post_id,
            Notification.created_at,
            User.username,
            User.display_name,
            Post.body,
            Image.alt,
            case((_is_grouped(), _others(reader)), else_=0),
        )
        .join(User, User.id == Notification.actor_id)
        .outerjoin(Post, Post.id == Notification.post_id)
        .outerjoin(Image, Image.post_id == Notification.post_id)
        .where(Notification.user_id == reader.id, Notification.id < before, Notification.id <= to)
        .where(Notification.kind.not_in(TAKEN_BACK.values()))
        .where(or_(~_is_grouped(), Notification.id == _head(reader, to)))
        .prefix_with("STRAIGHT_JOIN", dialect="mysql")
        .order_by(Notification.id.desc())
        .limit(size + 1)
    )
    rows = db.session.execute(visible(query, reader, Notification.actor_id))
    return Page.of([Listed(*row) for row in rows], size)


def newest(reader: User) -> int:
    """The number of a person's newest notification."""
    query = select(func.max(Notification.id)).where(Notification.user_id == reader.id)
    return db.session.scalar(query) or 0


def see(reader: User, to: int) -> None:
    """The person has seen the notifications up to a number, of those that there are."""
    to = min(to, newest(reader))
    if to > reader.notifications_seen:
        seen = update(User).where(User.id == reader.id, User.notifications_seen < to)
        db.session.execute(seen.values(notifications_seen=to), execution_options=UNSYNCHRONIZED)
        db.session.commit()


def _is_grouped() -> ColumnElement[bool]:
    return Notification.kind.in_([kind.value for kind in GROUPED])


def _head(reader: User, to: int) -> Any:
    """The newest of its group: one index entry, where "there is no newer one" would look at half of them."""
    return (
        select(Newer.id)
        .where(
            Newer.post_id == Notification.post_id,
            Newer.kind == Notification.kind,
            Newer.id <= to,
            seen_by(reader, Newer.actor_id),
        )
        .order_by(Newer.post_id.desc(), Newer.kind.desc(), Newer.id.desc())
        .limit(1)
        .correlate(Notification)
        .scalar_subquery()
    )


def _others(reader: User) -> Any:
    return (
        select(func.count())
        .select_from(Other)
        .where(
            Other.post_id == Notification.post_id,
            Other.kind == Notification.kind,
            Other.id < Notification.id,
            seen_by(reader, Other.actor_id),
        )
        .correlate(Notification)
        .scalar_subquery()
    )
