"""Tokens of programs: one row for each, so each can be shown and revoked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, func, select, update

from .. import audit, secret_tokens
from ..audit import Act
from ..database import db
from ..models import ApiToken, User
from ..prepared import columns, entity, prepared
from ..times import now
from ..visibility import suspended
from .held import PasswordChanged, held

# Whoever finds one in a file or a log knows what it is; so do programs that look for lost secrets.
PREFIX = "microblog_"
MOST_TOKENS = 50
SEEN_EVERY = timedelta(minutes=5)

USER = columns(User)
FIND = (
    select(*USER, ApiToken.id, ApiToken.scopes, ApiToken.last_used)
    .join(ApiToken, ApiToken.user_id == User.id)
    .where(ApiToken.token_hash == bindparam("hash"), ApiToken.expires_at > bindparam("at"))
    .where(~suspended(User.id))
)


@dataclass(frozen=True)
class Found:
    """The person that a token acts for, and what it may do."""

    user: User
    token_id: int
    scopes: frozenset[str]
    last_used: datetime | None


def issue(user: User, name: str, scopes: Iterable[str], days: int) -> tuple[ApiToken, str] | None:
    """A new token and its secret; None when the person has too many.

    Raises PasswordChanged when the password is another than when the person was found.
    """
    # Whoever asks twice at once waits here, and is counted.
    if not held(user):
        db.session.rollback()
        raise PasswordChanged
    living = select(func.count()).where(ApiToken.user_id == user.id, ApiToken.expires_at > now())
    if (db.session.scalar(living) or 0) >= MOST_TOKENS:
        db.session.rollback()
        return None
    secret = PREFIX + secret_tokens.new()
    token = ApiToken(
        user_id=user.id,
        name=name,
        token_hash=secret_tokens.hashed(secret),
        scopes=" ".join(sorted(scopes)),
        created_at=now(),
        expires_at=now() + timedelta(days=days),
    )
    db.session.add(token)
    audit.record(Act.TOKEN_CREATED, user, user, words=token.scopes)
    db.session.commit()
    return token, secret


def find(secret: str) -> Found | None:
    """Whose token this is, unless it was revoked, is too old, or its person is suspended.

    The database compares hashes, so how long that takes says nothing about a secret.
    """
    if not secret.startswith(PREFIX):
        return None
    rows = prepared(find, lambda: FIND).rows({"hash": secret_tokens.hashed(secret), "at": now()})
    if not rows:
        return None
    number, scopes, last_used = rows[0][len(USER) :]
    return Found(entity(User, rows[0][: len(USER)]), number, frozenset(scopes.split()), last_used)


def see(found: Found) -> None:
    """Note that the token was used and the person was here, at most once in SEEN_EVERY."""
    if found.last_used and now() - min(found.last_used, found.user.last_seen) <= SEEN_EVERY:
        return
    found.user.last_seen = now()
    db.session.execute(update(ApiToken).where(ApiToken.id == found.token_id).values(last_used=now()))
    db.session.commit()


def of(user: User) -> Sequence[ApiToken]:
    """The tokens of a person, the newest first."""
    return db.session.scalars(
        select(ApiToken)
        .where(ApiToken.user_id == user.id, ApiToken.expires_at > now())
        .order_by(ApiToken.id.desc())
    ).all()


def revoke(user: User, token_id: int) -> bool:
    """End one token of a person; False when it is not theirs or was ended already."""
    gone = delete(ApiToken).where(ApiToken.id == token_id, ApiToken.user_id == user.id)
    if db.session.execute(gone).rowcount != 1:  # type: ignore[attr-defined]
        db.session.rollback()
        return False
    audit.record(Act.TOKEN_REVOKED, user, user)
    db.session.commit()
    return True


def revoke_all(user_id: int) -> None:
    """End every token of a person; the caller commits."""
    db.session.execute(delete(ApiToken).where(ApiToken.user_id == user_id))


def tidy() -> None:
    """Remove what has expired."""
    db.session.execute(delete(ApiToken).where(ApiToken.expires_at < now()))
    db.session.commit()
