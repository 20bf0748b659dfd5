"""Where people are logged in: one row for each browser, so each can be shown and ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, bindparam, delete, select, update

from .. import secret_tokens, unread
from ..database import db
from ..kept import Kept
from ..models import USER_AGENT_LENGTH, SignIn, User
from ..plain_text import printable
from ..prepared import columns, entity, prepared
from ..sessions import REMEMBERED
from ..times import now
from ..unread import Unread
from ..visibility import suspended
from .held import held

# How long a browser may be idle. Without "remember me" its cookie ends with the browser, which may never end.
UNREMEMBERED = timedelta(days=1)
USER = columns(User)
HOLDER = select(SignIn.user_id).where(SignIn.token_hash == bindparam("hash")).scalar_subquery()
# Whose login a token is, for good, whether it still counts or not. MariaDB takes several times as long where
# it has to find out the person for each part of the statement.
_holders: Kept[str, int] = Kept(10_000)


@dataclass(frozen=True)
class Found:
    """The person that a token stands for, which of their browsers has it, and what is new for them."""

    user: User
    sign_in_id: int
    last_used: datetime
    remembered: bool
    unread: Unread


def begin(user: User, remembered: bool, user_agent: str) -> str | None:
    """Log a person in; the token for the browser's cookie, None when the password was changed meanwhile."""
    if not held(user):
        db.session.rollback()
        return None
    token = secret_tokens.new()
    agent = user_agent[:USER_AGENT_LENGTH]
    db.session.add(
        SignIn(
            user_id=user.id,
            token_hash=secret_tokens.hashed(token),
            user_agent=agent if printable(agent) else "",
            remembered=remembered,
            expires_at=now() + _patience(remembered),
        )
    )
    db.session.commit()
    return token


def find(token: str) -> Found | None:
    """Whose token this is, unless it was ended, is too old, or its person is suspended."""
    hashed = secret_tokens.hashed(token)
    holder = _holders.get(hashed)
    query = prepared(
        (find, holder is None), lambda: _whose(HOLDER if holder is None else bindparam("holder"))
    )
    rows = query.rows({"hash": hashed, "at": now(), "holder": holder})
    if not rows:
        return None
    number, last_used, remembered, told, written = rows[0][len(USER) :]
    user = entity(User, rows[0][: len(USER)])
    _holders.keep(hashed, user.id)
    return Found(user, number, last_used, remembered, Unread(told, int(written)))


def see(found: Found) -> None:
    """Note that the person was here; the browser stays logged in for longer."""
    found.user.last_seen = now()
    db.session.execute(
        update(SignIn)
        .where(SignIn.id == found.sign_in_id)
        .values(last_used=now(), expires_at=now() + _patience(found.remembered))
    )
    db.session.commit()


def of(user: User) -> Sequence[SignIn]:
    """All browsers in which a person is logged in, the one used last first."""
    return db.session.scalars(
        select(SignIn)
        .where(SignIn.user_id == user.id, SignIn.expires_at > now())
        .order_by(SignIn.last_used.desc(), SignIn.id.desc())
    ).all()


def end(user: User, sign_in_id: int) -> bool:
    """Log one browser of a person out; False when it is not theirs or was logged out already."""
    gone = delete(SignIn).where(SignIn.id == sign_in_id, SignIn.user_id == user.id)
    result = db.session.execute(gone)
    db.session.commit()
    return result.rowcount == 1  # type: ignore[attr-defined, no-any-return]


def end_all(user_id: int, but: int | None = None) -> None:
    """Log a person out everywhere, or everywhere else; the caller commits."""
    gone = delete(SignIn).where(SignIn.user_id == user_id)
    db.session.execute(gone if but is None else gone.where(SignIn.id != but))


def tidy() -> None:
    """Remove what has expired."""
    db.session.execute(delete(SignIn).where(SignIn.expires_at < now()))
    db.session.commit()


def _whose(holder: Any) -> Select[Any]:
    """The query for a token that is the person's of this id."""
    return (
        select(
            *USER,
            SignIn.id,
            SignIn.last_used,
            SignIn.remembered,
            unread.notifications(holder),
            unread.messages(holder),
        )
        .join(SignIn, SignIn.user_id == User.id)
        .where(
            SignIn.token_hash == bindparam("hash"),
            SignIn.expires_at > bindparam("at"),
            ~suspended(User.id),
        )
    )


def _patience(remembered: bool) -> timedelta:
    return REMEMBERED if remembered else UNREMEMBERED
