"""Who sees whom: conditions for queries. Nobody sees the suspended; the rest is between two people."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, func, select, true

from .models import Number, User, UtcDateTime
from .oversight import Suspension
from .ties import Hidden
from .times import now

Author = Any  # a column with the id of a person


def hides(reader: User | None) -> bool:
    """Whether there is anybody this reader does not see."""
    return reader is not None and reader.hidden_count > 0


@dataclass(frozen=True)
class SomeReader:
    """Stands for a reader in a query that is made once for all who hide somebody, or nobody."""

    hidden_count: int
    id: Any = field(default_factory=lambda: bindparam("reader", type_=Number))


def some_reader(reader: User | None) -> User | None:
    """Whom a query that does not depend on one reader is made for."""
    return cast(User, SomeReader(int(hides(reader)))) if reader else None


# Making a condition costs more than the database takes for it. There are as many as columns in the code.
@lru_cache(maxsize=64)
def suspended(user_id: Author) -> ColumnElement[bool]:
    """The condition that a person is suspended at the moment the query is sent."""
    lasting = Suspension.until > bindparam("now", callable_=now, type_=UtcDateTime(), unique=True)
    return exists().where(Suspension.user_id == user_id, lasting)


@lru_cache(maxsize=64)
def admitted(user_id: Author) -> ColumnElement[bool]:
    """The condition that a person is not suspended."""
    return ~suspended(user_id)


def seen_by(reader: User | None, author_id: Author) -> ColumnElement[bool]:
    """The condition that a reader sees an author."""
    if not hides(reader):
        return admitted(author_id)
    return and_(admitted(author_id), not_hidden_from(reader, author_id))


def not_hidden_from(reader: User | None, author_id: Author) -> ColumnElement[bool]:
    """The condition that nothing between a reader and an author hides the one from the other."""
    if reader is None or not hides(reader):
        return true()
    return ~exists().where(Hidden.reader_id == reader.id, Hidden.author_id == author_id)


def visible(query: Select[Any], reader: User | None, *author_ids: Author) -> Select[Any]:
    """The query without the rows of authors that the reader does not see."""
    return query.where(*(seen_by(reader, author_id) for author_id in author_ids))


def seen_count(reader: User | None, count: Any, author_id: Author, *rows: ColumnElement[bool]) -> Any:
    """A stored count less the rows of it that are by authors the reader does not see."""
    if reader is None or not hides(reader):
        return count
    unseen = (
        select(func.count())
        .select_from(Hidden)
        .join(author_id.class_, author_id == Hidden.author_id)
        .where(Hidden.reader_id == reader.id, *rows)
        .scalar_subquery()
    )
    return count - unseen
