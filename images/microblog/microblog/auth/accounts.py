"""Making accounts and finding the one that a name and a password belong to."""

from sqlalchemy import or_, select, update
from sqlalchemy.exc import IntegrityError

from .. import usernames
from ..database import db
from ..models import User
from . import passwords


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


def create(username: str, email: str, password: str) -> User | None:
    """A new account; None when somebody took the name or the address in the meantime."""
    user = User(
        username=username,
        username_key=usernames.key(username),
        email=email_key(email),
        password_hash=passwords.hashed(password),
    )
    db.session.add(user)
    try:
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        return None
    return user


def find(identity: str, password: str) -> User | None:
    """The person with this user name or address, if the password is theirs."""
    column = User.email if "@" in identity else User.username_key
    user = db.session.scalar(select(User).where(column == identity.lower()))
    if not passwords.matches(user.password_hash if user else None, password):
        return None
    if user and passwords.outdated(user.password_hash):
        _rehash(user, password)
    return user


def _rehash(user: User, password: str) -> None:
    db.session.execute(
        update(User).where(User.id == user.id).values(password_hash=passwords.hashed(password))
    )
    db.session.commit()
