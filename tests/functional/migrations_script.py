"""Every revision that a release had, with a row in each table, brought up to date: nothing of it is lost.

Run in the microblog's image by test_mariadb.py; the unit tests do the same with SQLite.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from flask import Flask
from flask_migrate import Migrate, downgrade, upgrade
from sqlalchemy import Column, MetaData, Table, insert, inspect, select

from microblog import create_app
from microblog.database import MIGRATIONS, db, is_compared, read_schema

Rows = dict[str, dict[str, Any]]


def revisions() -> list[str]:
    """All of them; their names are in order."""
    return sorted(read_schema().revisions)


def lost(app: Flask, revision: str) -> list[str]:
    """What is not what it was after the way from a revision to the newest; the database is emptied first."""
    with app.app_context():
        if inspect(db.engine).get_table_names():
            downgrade(revision="base")
        upgrade(revision=revision)
        before = fill(tables())
        upgrade()
        after = stored(tables())
        db.engine.dispose()
    return [
        f"{table}.{column}: {value!r} became {after.get(table, {}).get(column)!r}"
        for table, row in before.items()
        for column, value in row.items()
        if after.get(table, {}).get(column) != value
    ]


def tables() -> list[Table]:
    """The tables as they are, each after those that it refers to."""
    found = MetaData()
    with db.engine.connect() as connection:
        found.reflect(connection, only=lambda name, _: is_compared(None, name, "table", True, None))
    return [table for table in found.sorted_tables if table.name != "alembic_version"]


def fill(there: Iterable[Table]) -> Rows:
    """Put a row into each table; what was put in."""
    with db.engine.begin() as connection:
        for table in there:
            connection.execute(insert(table).values({each.name: value_for(each) for each in table.columns}))
    return stored(there)


def stored(there: Iterable[Table]) -> Rows:
    """The only row of each table; tables that have none, and those with more, are told by their absence."""
    with db.engine.connect() as connection:
        rows = {table.name: connection.execute(select(table)).mappings().all() for table in there}
    return {name: dict(found[0]) for name, found in rows.items() if len(found) == 1}


def value_for(column: Column[Any]) -> Any:
    """Something that the column takes. Whatever refers to a row refers to the first."""
    kind = column.type.python_type
    if kind is str:
        return "é" if column.type.length is None or column.type.length > 1 else "x"  # type: ignore[attr-defined]
    if kind is bytes:
        return b"\x00\xff"
    if kind is datetime:
        return datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC).replace(tzinfo=None)
    return kind(1)


def main() -> None:
    app = create_app()
    Migrate(app, db, directory=str(MIGRATIONS))
    for revision in revisions():
        missing = lost(app, revision)
        print(f"{revision}: {missing or 'nothing is lost'}")


if __name__ == "__main__":
    main()
