"""Threads: what a post answers, up to the first of all, and what answers it."""

from typing import Any

from sqlalchemy import Select, exists, func, literal, select, union_all
from sqlalchemy.orm import aliased

from ..database import db
from ..models import Post, User
from ..pages import Entry, Page
from ..ties import DeletedPost
from ..visibility import not_hidden_from, suspended
from .entries import ids, load_thread

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
    return list(load_thread(ids(chain.c.height, chain.c.id), reader))


def replies(post_id: int, after: int, size: int, reader: User | None) -> Page[Entry]:
    """The direct answers to a post, the first first; one that is gone stays as a gap over its own answers.

    So do those of people who are suspended.
    """
    there = _under(Post, post_id, after).where(not_hidden_from(reader, Post.user_id))
    gone = _under(DeletedPost, post_id, after)
    parts = [query.order_by("place").limit(size + 1).subquery() for query in (there, gone)]
    both = union_all(*(select(part) for part in parts)).subquery("both")
    wanted = select(both).order_by(both.c.place).limit(size + 1)
    return Page.of(load_thread(wanted, reader, ascending=True), size)


def gap(post_id: int, reader: User | None) -> Entry | None:
    """The place of a post that nobody sees: deleted with answers to it, removed, or by somebody suspended."""
    if gone := db.session.get(DeletedPost, post_id):
        why = "removed" if gone.removed else None
        return Entry(post_id, post_id, None, parent_id=gone.parent_id, why=why)
    unseen = select(Post.parent_id).where(
        Post.id == post_id, suspended(Post.user_id), not_hidden_from(reader, Post.user_id)
    )
    row = db.session.execute(unseen).first()
    return Entry(post_id, post_id, None, parent_id=row.parent_id, why="suspended") if row else None


def has_answers(post_id: int) -> bool:
    """Whether anything hangs on a post, be it there or gone."""
    there, gone = exists().where(Post.parent_id == post_id), exists().where(DeletedPost.parent_id == post_id)
    return bool(db.session.scalar(select(there | gone)))


def _under(table: Any, post_id: int, after: int) -> Select[Any]:
    return ids(table.id, table.id).where(table.parent_id == post_id, table.id > after)
