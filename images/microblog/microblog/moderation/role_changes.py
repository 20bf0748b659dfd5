"""Giving and taking roles; somebody who can give them always remains."""

from flask_babel import lazy_gettext as _
from sqlalchemy import exists, or_, select, update

from .. import audit
from ..audit import Act
from ..database import db
from ..models import User
from ..roles import Role, role_of
from ..visibility import suspended

# The audit trail has the two roles before it, in the same column.
NOTE_LENGTH = 400


# What whoever tries is told.
LAST_ADMIN = _("You are the last admin: give somebody else the role first.")


class LastAdmin(Exception):
    """Nobody would be left who can give roles."""


def change(actor: User | None, user: User, role: Role, words: str = "") -> bool:
    """Give a person a role; without an actor it is the operator. False when they have it already.

    Raises LastAdmin.
    """
    if role < Role.ADMIN:
        refuse_last_admin(user)
    before = role_of(user)
    changed = update(User).where(User.id == user.id, User.role != role).values(role=int(role))
    if db.session.execute(changed).rowcount != 1:  # type: ignore[attr-defined]
        db.session.rollback()
        return False
    steps = f"{before.name.lower()} → {role.name.lower()}"
    audit.record(Act.ROLE_CHANGED, actor, user, words=f"{steps}: {words}" if words else steps)
    db.session.commit()
    return True


def refuse_last_admin(user: User) -> None:
    """Hold a person and every admin until the end of the transaction, in the order of their ids.

    Raises LastAdmin when the person is the only admin.
    """
    admins = User.role == int(Role.ADMIN)
    held = update(User).where(or_(admins, User.id == user.id)).values(role=User.role)
    db.session.execute(held, execution_options={"synchronize_session": False})
    others = exists().where(admins, User.id != user.id, ~suspended(User.id))
    is_admin = exists().where(admins, User.id == user.id)
    if db.session.scalar(select(is_admin & ~others)):
        db.session.rollback()
        raise LastAdmin
