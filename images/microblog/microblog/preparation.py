"""Before the first request: wait until the database answers, then bring its schema up to date."""

import logging
import time

from click import ClickException
from flask import current_app
from flask_migrate import Migrate, upgrade
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from .database import MIGRATIONS, Schema, db, read_schema, reason, schema_now

log = logging.getLogger("microblog.prepare")

LOG_EVERY_SECONDS = 5
BETWEEN_TRIES_SECONDS = 0.5


def wait_for_database(limit_seconds: float) -> None:
    """Return as soon as the database answers; raises ClickException after the limit."""
    if db.engine.dialect.name == "sqlite":
        limit_seconds = 0  # a file does not come up by itself
    began = time.monotonic()
    next_word = 0.0
    while why := _silence():
        waited = time.monotonic() - began
        if waited >= limit_seconds:
            raise ClickException(f"{_address()} did not answer within {limit_seconds:g} s: {why}")
        if waited >= next_word:
            log.info("Waiting for %s, %.0f of %g s: %s", _address(), waited, limit_seconds, why)
            next_word = waited + LOG_EVERY_SECONDS
        time.sleep(BETWEEN_TRIES_SECONDS)


def migrate() -> None:
    """Upgrade the schema to this code's newest revision; one of a later release stays as it is.

    Raises ClickException with the database's reason.
    """
    schema = read_schema()
    if later := _revision_of_later_release(schema):
        log.info("%s is at revision %s, of a later release; it stays so.", _address(), later)
        return
    Migrate(current_app, db, directory=str(MIGRATIONS))
    try:
        upgrade(directory=str(MIGRATIONS))
    except DBAPIError as error:
        raise ClickException(f"The migration of {_address()} failed: {reason(error)}") from error
    log.info("%s is at revision %s.", _address(), schema.head)


def _revision_of_later_release(schema: Schema) -> str | None:
    try:
        found = schema_now()
    except DBAPIError:
        return None  # a database without a schema yet
    return found if found and not schema.knows(found) else None


def _silence() -> str | None:
    try:
        with db.engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except DBAPIError as error:
        return reason(error)
    return None


def _address() -> str:
    url = db.engine.url
    return f"the database {url.database} at {url.host}" if url.host else f"the database {url.database}"
