"""The database: how it is reached, and whether it answers with the schema this code expects."""

import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import column, event, select, table
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, DisconnectionError, OperationalError, ProgrammingError
from sqlalchemy.pool import ConnectionPoolEntry

from . import metrics
from .sizing import THREADS

MIGRATIONS = Path(__file__).parent / "migrations"
CONNECT_SECONDS = 5
ANSWER_SECONDS = 20
PING_AFTER_SECONDS = 1.0

db = SQLAlchemy(session_options={"expire_on_commit": False})


def init_app(app: Flask) -> None:
    """Open a pool for this process; nothing connects before the first query."""
    url = make_url(app.config["SQLALCHEMY_DATABASE_URI"])
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = pool_options(url)
    db.init_app(app)
    with app.app_context():
        metrics.watch_pool(db.engine)
        if url.get_backend_name() == "sqlite":
            event.listen(db.engine, "connect", _strict_sqlite)
        else:
            event.listen(db.engine, "checkin", _note_use)
            event.listen(db.engine, "checkout", _ping_after_a_while)


def pool_options(url: URL) -> dict[str, Any]:
    """Engine options: a connection for each thread, none kept longer than half an hour."""
    if url.get_backend_name() == "sqlite":
        return {}
    return {
        "pool_size": THREADS,
        "max_overflow": 0,
        "pool_timeout": CONNECT_SECONDS,
        "pool_recycle": 1800,
        # Whoever has a connection ends its transaction before it gives it back: once is enough.
        "pool_reset_on_return": None,
        # With repeatable reads, MariaDB refuses to change a row that another person changed since our
        # first query (error 1020): two people following the same one at once would see it.
        "isolation_level": "READ COMMITTED",
        "connect_args": connect_options(url)
        | {"read_timeout": ANSWER_SECONDS, "write_timeout": ANSWER_SECONDS},
    }


def connect_options(url: URL) -> dict[str, Any]:
    """What the driver is told for any connection."""
    if url.get_backend_name() == "sqlite":
        return {}
    return {"connect_timeout": CONNECT_SECONDS, "charset": "utf8mb4"}


def disconnect(app: Flask) -> None:
    """Close the connections of this process that nobody uses."""
    with app.app_context():
        db.engine.dispose()


@dataclass(frozen=True)
class Schema:
    """The revisions that this code's migrations lead through, and the newest of them."""

    head: str
    revisions: frozenset[str]

    def knows(self, revision: str | None) -> bool:
        """Whether this code has the migration; one that it lacks is of a release after it."""
        return revision in self.revisions


def read_schema(folder: Path = MIGRATIONS) -> Schema:
    """The schema of this code; read from the migrations' text, so no worker carries Alembic."""
    revisions, parents = set(), set()
    for path in (folder / "versions").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        revisions |= set(re.findall(r'^revision = "(\w+)"', text, re.MULTILINE))
        parents |= set(re.findall(r'^down_revision = "(\w+)"', text, re.MULTILINE))
    (head,) = revisions - parents
    return Schema(head, frozenset(revisions))


def is_compared(_item: Any, name: str | None, kind: str, _reflected: bool, _other: Any) -> bool:
    """Whether Alembic compares a part of the schema with the models (its `include_object`).

    The full text is an index in MariaDB, which has a model, and tables in SQLite, which have none.
    """
    if db.engine.dialect.name != "sqlite":
        return True
    pattern = {"table": r"(post|user)_search(_\w+)?", "index": r"ft_\w+"}.get(kind)
    return pattern is None or not re.fullmatch(pattern, name or "")


def schema_now() -> str | None:
    """The revision that the database is at. Raises DBAPIError, also where it has no schema yet."""
    with db.engine.connect() as connection:
        version = table("alembic_version", column("version_num"))
        return connection.execute(select(version.c.version_num)).scalar()


def why_not_ready(schema: Schema) -> str | None:
    """A sentence when the database does not answer or lacks a migration; None when all is well.

    A schema of a later release is fine: migrations only add until no code needs what they would remove, so
    two releases serve side by side, and one can go back.
    """
    try:
        found = schema_now()
    except DBAPIError as error:
        if _answered(error):
            return "The database is empty: run `flask --app microblog prepare`."
        return f"The database does not answer: {reason(error)}"
    if found is None or (schema.knows(found) and found != schema.head):
        return f"The database schema is at {found}, this code needs {schema.head}."
    return None


def reason(error: DBAPIError) -> str:
    """What the driver said, without the statement and its values."""
    arguments = getattr(error.orig, "args", ())
    return str(arguments[-1]) if arguments else type(error.orig).__name__


def out_of_service(error: Exception) -> bool:
    """Whether an error means that the database went away or is overloaded, and trying again may help."""
    return isinstance(error, OperationalError) or (
        isinstance(error, DBAPIError) and error.connection_invalidated
    )


def _note_use(_connection: Any, record: ConnectionPoolEntry) -> None:
    record.info["used"] = time.monotonic()


def _ping_after_a_while(connection: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
    # One that was in use a moment ago is not asked, for every page, whether it still is there.
    if time.monotonic() - record.info.get("used", 0) < PING_AFTER_SECONDS:
        return
    try:
        connection.ping()
    except connection.Error as error:
        # The pool takes another one.
        raise DisconnectionError from error


def _answered(error: DBAPIError) -> bool:
    return isinstance(error, ProgrammingError) or "no such table" in str(error.orig)


def _strict_sqlite(connection: Any, _record: Any) -> None:
    # SQLite checks foreign keys only when asked, and fails at once when another thread writes.
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA busy_timeout = 5000")
