"""Lists of people for those who run the place: who has a role, who is suspended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, select

from .. import usernames
from ..database import db
from ..models import User
from ..oversight import Suspension
from ..pages import LARGEST_ID, Page
from ..roles import Role
from ..times import now

MOST_STAFF = 200


@dataclass(frozen=True)
class Listed:
    """A person with their role, and until when they are suspended."""

    place: int
    username: str
    role: int
    created_at: datetime
    last_seen: datetime
    post_count: int
    until: datetime | None


def find(username: str) -> User | None:
    """The person of this name, whoever looks."""
    return db.session.scalar(select(User).where(User.username_key == usernames.key(username)))


def with_a_role() -> Sequence[Listed]:
    """Moderators and admins, the highest role first."""
    query = _listed().where(User.role > int(Role.PERSON)).order_by(User.role.desc(), User.id)
    return [Listed(*row) for row in db.session.execute(query.limit(MOST_STAFF))]


def suspended_now(before: int, size: int) -> Page[Listed]:
    """Those who are suspended, the newest account first."""
    return _page(_listed().where(Suspension.user_id.is_not(None)), before, size)


def everybody(size: int, before: int = LARGEST_ID, role: Role | None = None) -> Page[Listed]:
    """All people, or all of a role, the newest account first."""
    query = _listed()
    return _page(query if role is None else query.where(User.role == int(role)), before, size)


def _listed() -> Select[Any]:
    lasting = and_(Suspension.user_id == User.id, Suspension.until > now())
    columns: tuple[Any, ...] = (
        User.id,
        User.username,
        User.role,
        User.created_at,
        User.last_seen,
        User.post_count,
        Suspension.until,
    )
    return select(*columns).outerjoin(Suspension, lasting)


def _page(query: Select[Any], before: int, size: int) -> Page[Listed]:
    rows = db.session.execute(query.where(User.id < before).order_by(User.id.desc()).limit(size + 1))
    return Page.of([Listed(*row) for row in rows], size)
