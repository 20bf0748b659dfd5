"""Statements that nearly every page sends, compiled once: building one takes longer than answering it."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import lru_cache
from typing import Any, TypeVar, cast

from sqlalchemy import ColumnElement, Select, literal_column
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import class_mapper, make_transient_to_detached
from sqlalchemy.orm.util import identity_key
from sqlalchemy.sql.compiler import SQLCompiler

from .database import db
from .models import Base

Values = tuple[Any, ...]
# Stands in a query for any number of ids, as in `Post.id.in_([NUMBERS])`.
NUMBERS: ColumnElement[int] = literal_column(":numbers")
Kind = TypeVar("Kind", bound=Base)


class Prepared:
    """A query as text, how its values are written, and how its rows are read."""

    def __init__(self, query: Select[Any], dialect: Dialect) -> None:
        compiled = query.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
        self.text = str(compiled)
        self.values = [_value(compiled, name) for name in compiled.positiontup or ()]
        kinds = [column.type.dialect_impl(dialect) for column in query.selected_columns]
        readers = [kind.result_processor(dialect, None) for kind in kinds]
        self.readers = [(place, read) for place, read in enumerate(readers) if read]

    def rows(self, values: dict[str, Any], numbers: Iterable[int] = ()) -> Sequence[Values]:
        """The rows for these values, which have the names of the query's parameters, and ids for NUMBERS."""
        given = tuple([get(values) for get in self.values])
        # Written into the text: numbers need no quotes, and the driver would look at each for them.
        text = self.text.replace(NUMBERS.name, ", ".join([f"{number:d}" for number in numbers]))
        found = db.session.connection().exec_driver_sql(text, given).cursor.fetchall()
        return [self._read(row) for row in found] if self.readers else cast(Sequence[Values], found)

    def _read(self, row: Values) -> Values:
        values = list(row)
        for place, read in self.readers:
            values[place] = read(values[place])
        return tuple(values)


def _value(compiled: SQLCompiler, name: str) -> Callable[[dict[str, Any]], Any]:
    bind = compiled.binds[name]
    write = cast(Callable[[Any], Any], compiled._bind_processors.get(name) or (lambda value: value))
    if bind.required:
        return lambda values: write(values[name])
    if bind.callable:
        return lambda _: write(bind.effective_value)
    constant = write(bind.value)
    return lambda _: constant


def columns(kind: type[Base]) -> tuple[Any, ...]:
    """What a query selects so that `entity` makes an object of it: every column."""
    return tuple(kind.__table__.columns)


def entity(kind: type[Kind], values: Sequence[Any]) -> Kind:
    """The object of the session that has these values, as a query for objects would give it."""
    key = identity_key(kind, values[0])
    known = db.session.identity_map.get(key)
    if known is None:
        # As the ORM loads one: setting each value would note a change for each.
        known = class_mapper(kind).class_manager.new_instance()
        known.__dict__.update(zip(_names(kind), values, strict=True))
        make_transient_to_detached(known)
        db.session.add(known)
    return known


@lru_cache
def _names(kind: type[Base]) -> tuple[str, ...]:
    return tuple(kind.__table__.columns.keys())


_kept: dict[Hashable, Prepared] = {}


def prepared(key: Hashable, make: Callable[[], Select[Any]]) -> Prepared:
    """The query that `make` makes, which is always the same for the key."""
    dialect = db.engine.dialect
    known = _kept.get((key, dialect.name))
    if known is None:
        known = _kept[(key, dialect.name)] = Prepared(make(), dialect)
    return known
