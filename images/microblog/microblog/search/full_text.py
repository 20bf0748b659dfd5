"""The words of a query as the two databases want them: only letters, digits and _ ever reach them, quoted."""

from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, column, func, table, text, true
from sqlalchemy.dialects import mysql

from ..database import db

Phrases = Any  # of words; a phrase is a sequence of them


def on_mariadb() -> bool:
    """Whether the database is MariaDB, and so has no table of FTS5."""
    return db.engine.dialect.name != "sqlite"


def matches(columns: tuple[Any, ...], phrases: Phrases) -> ColumnElement[bool]:
    """For MariaDB: the condition that all phrases are in these columns, which have one index together."""
    wanted = " ".join(f'+"{" ".join(words)}"' for words in phrases)
    return _against(columns, wanted)


def begins(columns: tuple[Any, ...], words: list[str]) -> ColumnElement[bool]:
    """For MariaDB: the condition that each word begins one in these columns."""
    return _against(columns, " ".join(f"+{word}*" for word in words))


def found(name: str) -> Any:
    """For SQLite: the table of FTS5 beside a table."""
    return table(f"{name}_search", column("rowid"))


def fts5_phrases(name: str, phrases: Phrases) -> ColumnElement[bool]:
    """For SQLite: the condition that all phrases are in a row."""
    return _fts5(name, " ".join(f'"{" ".join(words)}"' for words in phrases))


def fts5_begins(name: str, words: list[str]) -> ColumnElement[bool]:
    """For SQLite: the condition that each word begins one in a row."""
    return _fts5(name, " ".join(f'"{word}" *' for word in words))


def holds(body: Any, phrases: Phrases) -> ColumnElement[bool]:
    """For MariaDB: the same as `matches` for one column, found out by looking at the row."""
    spaced = func.concat(" ", func.regexp_replace(body, r"[^\p{L}\p{M}\p{N}_]+", " "), " ")
    texts = [" ".join(words) for words in phrases]
    # The first is cheap and rules most rows out. Words of a phrase may be apart by more than a space.
    within = [body.contains(word, autoescape=True) for words in phrases for word in words]
    return and_(true(), *within, *(spaced.contains(f" {text} ", autoescape=True) for text in texts))


def _against(columns: tuple[Any, ...], wanted: str) -> ColumnElement[bool]:
    condition: Any = mysql.match(*columns, against=wanted).in_boolean_mode()
    return condition  # type: ignore[no-any-return]


def _fts5(name: str, wanted: str) -> ColumnElement[bool]:
    return text(f"{name}_search MATCH :wanted").bindparams(bindparam("wanted", wanted))  # type: ignore[return-value]
