"""Making accounts and finding the one that a name and a password belong to."""

from typing import cast

from flask import request
from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError

from .. import audit, limits, usernames
from ..audit import Act
from ..database import db
from ..limits import Limit
from ..mail import outbox
from ..mail.outbox import Purpose
from ..models import Letter, User
from . import api_tokens, known_browsers, passwords, sign_ins
from .held import held

# For one account from strange browsers, for each browser known to it, and for one person who is logged in:
# some at once, then 144 a day.
PASSWORDS = Limit(burst=10, seconds=600)
# For one network, whatever the account: people behind one address share it.
LOGINS_FROM_A_NETWORK = Limit(burst=50, seconds=12)
REGISTRATIONS_FROM_A_NETWORK = Limit(burst=50, seconds=120)
# Letters to one address: nobody's mailbox is filled through us.
LETTERS = Limit(burst=3, seconds=1200)


def email_key(email: str) -> str:
    """What makes two addresses the same; case never tells them apart."""
    return email.lower()


def taken(username: str, email: str) -> set[str]:
    """Which of "username" and "email" another account has."""
    same_name = User.username_key == usernames.key(username)
    same_email = User.email == email_key(email)
    rows = db.session.execute(select(User.username_key, User.email).where(or_(same_name, same_email)))
    found: set[str] = set()
    for row in rows:
        found |= {"username"} if row.username_key == usernames.key(username) else set()
        found |= {"email"} if row.email == email_key(email) else set()
    return found


def create(username: str, email: str, password_hash: str) -> User | None:
    """A new account; None when somebody took the name or the address in the meantime."""
    user = User(
        username=username,
        username_key=usernames.key(username),
        email=email_key(email),
        password_hash=password_hash,
    )
    db.session.add(user)
    if not _committed():
        return None
    audit.record(Act.REGISTERED, user, user)
    db.session.commit()
    return user


def ask_to_join(username: str, email: str, password: str) -> int:
    """Send a link for a new account, or to whoever has the address already; the number of the letter."""
    letter = outbox.write(
        Purpose.JOIN, email_key(email), username=username, password_hash=passwords.hashed(password)
    )
    db.session.commit()
    return cast(Letter, letter).id


def join(letter: Letter) -> User | None:
    """Make the account that a letter's link is for; None when name or address were taken meanwhile."""
    if not outbox.use(letter):
        db.session.rollback()
        return None
    user = create(letter.username, letter.email, letter.password_hash)
    if user:
        outbox.withdraw(user)
        db.session.commit()
    return user


def find(identity: str, password: str, known_here: bool = True) -> User | None:
    """The person with this user name or address, if the password is theirs.

    Without `known_here` the browser counts as a strange one, whatever it was logged in to.
    Raises TooManyRequests when too many passwords were tried.
    """
    column = User.email if "@" in identity else User.username_key
    user = db.session.scalar(select(User).where(column == identity.lower()))
    mark = known_browsers.mark(user) if user and known_here else None
    allowance = ("browser", mark) if mark else ("identity", identity.lower())
    limits.take("login from", limits.network(request.remote_addr), LOGINS_FROM_A_NETWORK)
    limits.take(*allowance, PASSWORDS)
    if not passwords.matches(user.password_hash if user else None, password):
        # Also for a name that nobody has: it must take as long.
        audit.record(Act.LOGIN_FAILED, subject=user)
        db.session.commit()
        return None
    limits.forget(*allowance)
    if user and passwords.outdated(user.password_hash):
        _renew_hash(user, password)
    return user


def _renew_hash(user: User, password: str) -> None:
    password_hash = passwords.hashed(password)
    if held(user):
        user.password_hash = password_hash
    db.session.commit()


def confirms(user: User, password: str) -> bool:
    """Whether somebody who is logged in knows the password too. Raises TooManyRequests."""
    limits.take("confirmation", str(user.id), PASSWORDS)
    if not passwords.matches(user.password_hash, password):
        return False
    limits.forget("confirmation", str(user.id))
    return True


def change_password(user: User, password: str, but: int | None = None) -> bool:
    """Set a password, log the person out everywhere (else, where `but` is this browser), revoke all tokens.

    Links that were mailed before are void: whoever knew the old password may have asked for them. False when
    somebody else has set one since the old one was checked.
    """
    password_hash = passwords.hashed(password)
    if not held(user):
        db.session.rollback()
        return False
    _set_password(user, password_hash, Act.PASSWORD_CHANGED, but)
    return True


def reset_password(user: User, password: str, letter: Letter) -> bool:
    """Set a password by a mailed link; False when the link was used meanwhile."""
    password_hash = passwords.hashed(password)
    if not outbox.use(letter):
        db.session.rollback()
        return False
    _set_password(user, password_hash, Act.PASSWORD_RESET)
    for identity in (user.username_key, user.email):
        limits.forget("identity", identity)
    return True


def change_email(user: User, email: str) -> bool:
    """Set an address; False when another account has it."""
    outbox.withdraw(user)
    outbox.write(Purpose.ADDRESS_CHANGED, user.email, user)
    user.email = email_key(email)
    audit.record(Act.EMAIL_CHANGED, user, user)
    return _committed()


def _set_password(user: User, password_hash: str, act: Act, but: int | None = None) -> None:
    user.password_hash = password_hash
    sign_ins.end_all(user.id, but)
    api_tokens.revoke_all(user.id)
    outbox.withdraw(user)
    outbox.write(Purpose.PASSWORD_CHANGED, user.email, user)
    audit.record(act, user, user)
    db.session.commit()


def _committed() -> bool:
    try:
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        return False
    return True
