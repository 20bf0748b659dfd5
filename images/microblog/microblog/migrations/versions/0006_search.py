"""Full-text search over posts and people.

MariaDB keeps a FULLTEXT index; while it is made, the table can be read and writers wait. SQLite has a table
of FTS5 beside each one, kept in step by triggers: a migration that makes `post` or `user` anew (batch mode)
loses them and has to make them again, as 0014 does.
"""

from alembic import op

revision = "0006"
down_revision = "0005"

SEARCHED = {"post": ("body",), "user": ("username", "display_name", "about")}


def upgrade() -> None:
    for table, columns in SEARCHED.items():
        if op.get_bind().dialect.name == "sqlite":
            search_on_sqlite(table, columns)
        else:
            op.create_index(f"ft_{table}", table, list(columns), mysql_prefix="FULLTEXT")


def downgrade() -> None:
    for table in SEARCHED:
        if op.get_bind().dialect.name == "sqlite":
            for event in ("insert", "delete", "update"):
                op.execute(f"DROP TRIGGER {table}_search_{event}")
            op.execute(f"DROP TABLE {table}_search")
        else:
            op.drop_index(f"ft_{table}", table)


def search_on_sqlite(table: str, columns: tuple[str, ...]) -> None:
    search, names = f"{table}_search", ", ".join(columns)
    new, old = (", ".join(f"{row}.{column}" for column in columns) for row in ("new", "old"))
    add = f"INSERT INTO {search} (rowid, {names}) VALUES (new.id, {new});"  # noqa: S608  # nosec B608 - constants
    remove = f"INSERT INTO {search} ({search}, rowid, {names}) VALUES ('delete', old.id, {old});"  # noqa: S608  # nosec B608
    op.execute(
        f"CREATE VIRTUAL TABLE {search} USING fts5({names}, content='{table}', content_rowid='id', "
        "tokenize=\"unicode61 remove_diacritics 2 tokenchars '_'\")"
    )
    op.execute(f"CREATE TRIGGER {search}_insert AFTER INSERT ON {table} BEGIN {add} END")
    op.execute(f"CREATE TRIGGER {search}_delete AFTER DELETE ON {table} BEGIN {remove} END")
    # The counts of a row change all the time, its text seldom.
    op.execute(f"CREATE TRIGGER {search}_update AFTER UPDATE OF {names} ON {table} BEGIN {remove} {add} END")
    op.execute(f"INSERT INTO {search} ({search}) VALUES ('rebuild')")  # noqa: S608  # nosec B608
