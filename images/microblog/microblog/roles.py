"""What a person may do beyond writing for themselves."""

from enum import IntEnum

from sqlalchemy import ColumnElement, and_, false, true

from .models import User


class Role(IntEnum):
    """Each may do what those before it may."""

    PERSON = 0
    MODERATOR = 1
    ADMIN = 2

    @classmethod
    def named(cls, name: str) -> "Role":
        """The role of a name like "moderator"."""
        return cls[name.upper()]


NAMES = tuple(role.name.lower() for role in Role)


def role_of(user: User | None) -> Role:
    """The role of a person, of strangers the least."""
    return Role(user.role) if user else Role.PERSON


def moderates(actor: User, subject: User) -> bool:
    """Whether one may decide about the other: about people below oneself; admins about anybody else."""
    if actor.id == subject.id or role_of(actor) < Role.MODERATOR:
        return False
    return role_of(actor) == Role.ADMIN or role_of(subject) < role_of(actor)


def moderated_by(actor: User) -> ColumnElement[bool]:
    """The condition that one may decide about a person: `moderates` for queries that have the person."""
    if role_of(actor) < Role.MODERATOR:
        return false()
    lower = true() if role_of(actor) == Role.ADMIN else User.role < actor.role
    return and_(User.id != actor.id, lower)
