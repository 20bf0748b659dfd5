"""Runs migrations for Alembic: on a connection of their own, one container at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from alembic import context
from flask import current_app
from sqlalchemy import Connection, NullPool, create_engine, event, text
from sqlalchemy.engine import make_url

from microblog.database import connect_options, is_compared
from microblog.models import Base

LOCK = "microblog migrations"
LOCK_SECONDS = 300


def run() -> None:
    url = make_url(current_app.config["SQLALCHEMY_DATABASE_URI"])
    # No read timeout here: changing a large table takes as long as it takes.
    engine = create_engine(url, poolclass=NullPool, connect_args=connect_options(url))
    if url.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _leave_transactions_to_us)
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    with engine.connect() as connection, _alone(connection):
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            include_object=is_compared,
            transaction_per_migration=True,
            transactional_ddl=url.get_backend_name() == "sqlite",
            render_as_batch=url.get_backend_name() == "sqlite",
        )
        with context.begin_transaction():
            context.run_migrations()


@contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    if connection.dialect.name == "sqlite":
        yield
        return
    # The server gives the lock back by itself when the connection ends, however it ends.
    if (
        connection.scalar(text("SELECT GET_LOCK(:name, :seconds)"), {"name": LOCK, "seconds": LOCK_SECONDS})
        != 1
    ):
        raise RuntimeError(f"Another migration has been running for {LOCK_SECONDS} s.")
    connection.commit()
    try:
        yield
    finally:
        connection.rollback()
        connection.execute(text("DO RELEASE_LOCK(:name)"), {"name": LOCK})


def _leave_transactions_to_us(connection: Any, _record: Any) -> None:
    # Python's driver would commit before each change of the schema.
    connection.isolation_level = None


run()
