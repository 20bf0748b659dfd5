"""The letters that wait to be sent, and the links in those that were: one row each.

Writing one is an INSERT in the transaction of whoever writes; sending happens elsewhere. So mail that is down
fails no request, and a request takes as long for an address that has an account as for one that has none:
which letter it becomes is found out when it is sent.
"""

from datetime import timedelta
from enum import StrEnum
from typing import Any

from flask import current_app
from flask_babel import get_locale
from sqlalchemy import delete, or_, select, update

from .. import secret_tokens
from ..database import db
from ..languages import SOURCE_LANGUAGE
from ..models import Letter, User
from ..times import now


class Purpose(StrEnum):
    """Why a letter is written."""

    JOIN = "join"
    RESET = "reset"
    ADDRESS = "address"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105
    ADDRESS_CHANGED = "address_changed"
    EXPORT_READY = "export_ready"
    DECISION = "decision"


# How long a letter is worth sending; a link in it is good for as long again, from then on.
LIFETIMES = {
    Purpose.JOIN: timedelta(days=1),
    Purpose.RESET: timedelta(hours=1),
    Purpose.ADDRESS: timedelta(days=1),
    Purpose.PASSWORD_CHANGED: timedelta(days=3),
    Purpose.ADDRESS_CHANGED: timedelta(days=3),
    Purpose.EXPORT_READY: timedelta(days=1),
    Purpose.DECISION: timedelta(days=3),
}
LINKS = (Purpose.JOIN, Purpose.RESET, Purpose.ADDRESS)
# How long a sender may take before another takes its letter for lost.
LEASE = timedelta(minutes=2)
# Until somebody tries again to reach a server that is down, with whichever letter.
AGAIN = timedelta(seconds=30)
# Between tries of a letter that was refused for now.
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (2, 5, 15, 60, 240))


def write(
    purpose: Purpose, email: str, user: User | None = None, language: str | None = None, **columns: Any
) -> Letter | None:
    """Put a letter into the outbox; the caller commits. None where this site sends no mail.

    Without a language it is in that of whoever asks.
    """
    if current_app.config["MAIL"] is None:
        return None
    letter = Letter(
        purpose=purpose,
        email=email,
        user_id=user.id if user else None,
        language=language or str(get_locale()),
        expires_at=now() + LIFETIMES[purpose],
        **columns,
    )
    db.session.add(letter)
    return letter


def tell(user: User, case_id: int) -> None:
    """Tell a person what was decided last in a case, and no more what was before; the caller commits."""
    earlier = delete(Letter).where(Letter.user_id == user.id, Letter.case_id == case_id)
    db.session.execute(earlier)
    write(Purpose.DECISION, user.email, user, user.language or SOURCE_LANGUAGE, case_id=case_id)


def link_for(user: User) -> str:
    """A reset token that is handed over by other means than mail."""
    token = secret_tokens.new()
    db.session.add(
        Letter(
            purpose=Purpose.RESET,
            email=user.email,
            user_id=user.id,
            language="",
            token_hash=secret_tokens.hashed(token),
            due_at=None,
            expires_at=now() + LIFETIMES[Purpose.RESET],
        )
    )
    db.session.commit()
    return token


def claim() -> tuple[Letter, str] | None:
    """The next letter that is due, for this sender alone, with the token for its link; commits.

    It is due again when the sender's time is over, unless something became of it by then.
    """
    while letter := db.session.scalar(
        select(Letter)
        .where(Letter.due_at <= now(), Letter.expires_at > now())
        .order_by(Letter.due_at)
        .limit(1)
    ):
        token = secret_tokens.new()
        mine = update(Letter).where(Letter.id == letter.id, Letter.due_at == letter.due_at)
        taken = mine.values(due_at=now() + LEASE, token_hash=secret_tokens.hashed(token))
        result = db.session.execute(taken, execution_options={"synchronize_session": False})
        db.session.commit()
        if result.rowcount == 1:  # type: ignore[attr-defined]
            return letter, token
        db.session.expire_all()
    return None


def done(letter: Letter) -> None:
    """It is sent: what remains is its link, whose time begins, or nothing."""
    if letter.purpose in LINKS:
        sent = {"due_at": None, "expires_at": now() + LIFETIMES[Purpose(letter.purpose)]}
        db.session.execute(update(Letter).where(Letter.id == letter.id).values(sent))
        db.session.commit()
    else:
        forget(letter)


def refused(letter: Letter) -> None:
    """Not now: try it again later, and the sooner the less time it has left."""
    pause = PAUSES[min(letter.attempts, len(PAUSES) - 1)]
    half_of_the_rest = (letter.expires_at - now()) / 2
    later = {
        "attempts": letter.attempts + 1,
        "due_at": now() + min(pause, max(PAUSES[0], half_of_the_rest)),
    }
    db.session.execute(update(Letter).where(Letter.id == letter.id).values(later))
    db.session.commit()


def unreachable(letter: Letter) -> None:
    """The server is down, which is no letter's fault: all wait a moment, so that one try stands for all."""
    soon = now() + AGAIN
    waiting = update(Letter).where(or_(Letter.due_at <= soon, Letter.id == letter.id)).values(due_at=soon)
    db.session.execute(waiting, execution_options={"synchronize_session": False})
    db.session.commit()


def forget(letter: Letter) -> None:
    """There is nobody to send it to."""
    db.session.execute(delete(Letter).where(Letter.id == letter.id))
    db.session.commit()


def linked(purpose: Purpose, token: str) -> Letter | None:
    """The letter whose link has this token, if the link is still good."""
    return db.session.scalar(
        select(Letter).where(
            Letter.token_hash == secret_tokens.hashed(token),
            Letter.purpose == purpose,
            Letter.expires_at > now(),
        )
    )


def use(letter: Letter) -> bool:
    """Use a link up, in the caller's transaction; False when somebody just has."""
    result = db.session.execute(delete(Letter).where(Letter.id == letter.id))
    return result.rowcount == 1  # type: ignore[attr-defined, no-any-return]


def withdraw(user: User) -> None:
    """Void every link that was sent to a person, or is about to be; the caller commits."""
    for letters in (Letter.user_id == user.id, Letter.email == user.email):
        db.session.execute(delete(Letter).where(letters, Letter.purpose.in_(LINKS)))


def tidy() -> None:
    """Remove what has expired, sent or not."""
    db.session.execute(delete(Letter).where(Letter.expires_at < now()))
    db.session.commit()
