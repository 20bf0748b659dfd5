"""Who sees whom: conditions for queries. Whoever hides nobody pays nothing for them."""

from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, select, true

from .models import User
from .ties import Hidden

Author = Any  # a column with the id of a person


def hides(reader: User | None) -> bool:
    """Whether there is anybody this reader does not see."""
    return reader is not None and reader.hidden_count > 0


def seen_by(reader: User | None, author_id: Author) -> ColumnElement[bool]:
    """The condition that a reader sees an author."""
    if reader is None or not hides(reader):
        return true()
    return ~exists().where(Hidden.reader_id == reader.id, Hidden.author_id == author_id)


def visible(query: Select[Any], reader: User | None, *author_ids: Author) -> Select[Any]:
    """The query without the rows of authors that the reader does not see."""
    if hides(reader):
        query = query.where(*(seen_by(reader, author_id) for author_id in author_ids))
    return query


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
