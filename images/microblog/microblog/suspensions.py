"""Keeping somebody out, until a day or for good, and letting them in again."""

from datetime import datetime, timedelta

from flask import current_app
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy import ColumnElement, and_, delete, or_, select

from .database import db
from .mail import outbox
from .models import ApiToken, SignIn, User
from .oversight import Case, Suspension
from .times import now

# How long after the password somebody who is kept out may read why, and answer.
TICKET_GOOD_FOR = timedelta(hours=2)


def of(user: User) -> Suspension | None:
    """The suspension of a person, while it lasts."""
    return db.session.scalar(select(Suspension).where(*_lasting(user)))


def begin(user: User, until: datetime, reason: str, case_id: int) -> None:
    """Suspend a person, whatever was before, and end their logins and tokens. The caller commits."""
    db.session.execute(delete(Suspension).where(Suspension.user_id == user.id))
    db.session.add(Suspension(user_id=user.id, until=until, reason=reason, case_id=case_id))
    for access in (SignIn, ApiToken):
        db.session.execute(delete(access).where(access.user_id == user.id))
    outbox.withdraw(user)


def end(user: User) -> bool:
    """Let a person in again; False when they are not suspended. The caller commits."""
    result = db.session.execute(delete(Suspension).where(*_lasting(user)))
    return result.rowcount == 1  # type: ignore[attr-defined, no-any-return]


def take_back(user: User, case: Case) -> None:
    """Let a person in again, unless they are suspended by a later case. The caller commits."""
    # The release before writes no number, and serves beside this one while it is updated, or taken back.
    alike = and_(
        Suspension.case_id.is_(None), Suspension.until == case.until, Suspension.reason == case.reason
    )
    by_it = or_(Suspension.case_id == case.id, alike)
    db.session.execute(delete(Suspension).where(*_lasting(user), by_it))


def ticket(user: User) -> str:
    """What somebody whose password was right shows to read about their suspension without being logged in."""
    return str(_tickets().dumps(user.id))


def holder(ticket: str) -> User | None:
    """Whose ticket it is, if it is one of ours and still good."""
    try:
        user_id = _tickets().loads(ticket, max_age=int(TICKET_GOOD_FOR.total_seconds()))
    except BadData:
        return None
    return db.session.get(User, user_id)


def tidy() -> None:
    """Remove those that are over."""
    db.session.execute(delete(Suspension).where(Suspension.until < now()))
    db.session.commit()


def _lasting(user: User) -> tuple[ColumnElement[bool], ...]:
    return Suspension.user_id == user.id, Suspension.until > now()


def _tickets() -> URLSafeTimedSerializer:
    # The last key signs, all of them are tried.
    keys = [*current_app.config["SECRET_KEY_FALLBACKS"], current_app.config["SECRET_KEY"]]
    return URLSafeTimedSerializer(keys, salt="tickets of the suspended")
