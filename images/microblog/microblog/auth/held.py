"""Checking a password takes a while: whether it still is the person's when something is done for it."""

from sqlalchemy import select

from ..database import db
from ..models import User


class PasswordChanged(Exception):
    """There is another password than the one that was checked, or the person has left."""


def held(user: User) -> bool:
    """Whether the person's password is the one that `user` was loaded with; it stays so until the commit."""
    stored = select(User.password_hash).where(User.id == user.id).with_for_update()
    with db.session.no_autoflush:
        return db.session.scalar(stored) == user.password_hash
