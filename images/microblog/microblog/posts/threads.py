"""Threads: what a post answers, up to the first of all, and what answers it."""

from typing import Any

from sqlalchemy import Select, exists, func, literal, select, union_all
from sqlalchemy.orm import aliased

from ..database import db
from ..models import Post, User
from ..pages import Entry, Page
from ..ties import DeletedPost
from ..visibility import visible
from .entries import ids, load

HIGHEST = 20

Above = aliased(Post, name="above")
Gone = aliased(DeletedPost, name="gone")


def ancestors(parent_id: int, reader: User | None) -> list[Entry]:
    """The posts above, the first of the thread first, but only the nearest HIGHEST of a long one."""
    chain = select(literal(parent_id).label("id"), literal(1).label("height")).cte("chain", recursive=True)
    higher = func.coalesce(Above.parent_id, Gone.parent_id)
    step = (
        select(higher, chain.c.height + 1)
        .select_from(chain)
        .outerjoin(Above, Above.id == chain.c.id)
        .outerjoin(Gone, Gone.id == chain.c.id)
        .where(higher.is_not(None), chain.c.height < HIGHEST)
    )
    chain = chain.union_all(step)
    return list(load(ids(chain.c.height, chain.c.id), reader))


def replies(post_id: int, after: int, size: int, reader: User | None) -> Page[Entry]:
    """The direct answers to a post, the first first; one that is gone stays as a gap over its own answers."""
    there = visible(_under(Post, post_id, after), reader, Post.user_id)
    gone = _under(DeletedPost, post_id, after)
    parts = [query.order_by("place").limit(size + 1).subquery() for query in (there, gone)]
    both = union_all(*(select(part) for part in parts)).subquery("both")
    wanted = select(both).order_by(both.c.place).limit(size + 1)
    return Page.of(load(wanted, reader, ascending=True), size)


def was_there(post_id: int) -> DeletedPost | None:
    """The place of a deleted post that has answers."""
    return db.session.get(DeletedPost, post_id)


def has_answers(post_id: int) -> bool:
    """Whether anything hangs on a post, be it there or gone."""
    there, gone = exists().where(Post.parent_id == post_id), exists().where(DeletedPost.parent_id == post_id)
    return bool(db.session.scalar(select(there | gone)))


def _under(table: Any, post_id: int, after: int) -> Select[Any]:
    return ids(table.id, table.id).where(table.parent_id == post_id, table.id > after)
