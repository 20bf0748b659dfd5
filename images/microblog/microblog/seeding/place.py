"""Whether a database is one to make people up in."""

from flask import current_app
from sqlalchemy import exists, select

from ..database import db
from ..models import User
from .people import DOMAIN


def why_not(more: bool, in_production: bool) -> str | None:
    """A sentence when nobody should be made up here; None when nothing speaks against it."""
    if not in_production and (sign := _sign_of_production()):
        return f"{sign} Everybody knows the password of made-up people: --in-production, if you mean it."
    if not more and _there_is(User.id > 0):
        return "There are people in this database: --more adds to them."
    return None


def _sign_of_production() -> str | None:
    if current_app.config["MAIL"] is not None:
        return "This looks like production: mail is set up."
    real = _there_is(User.email.not_like(f"%@{DOMAIN}"))
    if real and db.engine.dialect.name != "sqlite":
        return "This looks like production: there are people with addresses of their own in a MariaDB."
    return None


def _there_is(condition: object) -> bool:
    return bool(db.session.scalar(select(exists().where(condition))))  # type: ignore[arg-type]
