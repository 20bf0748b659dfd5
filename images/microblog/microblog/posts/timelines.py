"""Which posts a list shows: ids first, out of an index alone, then their rows in the same statement."""

from collections.abc import Sequence
from math import sqrt

from sqlalchemy import Select, exists, func, literal, or_, select, union_all

from ..database import db
from ..models import Follow, Post, User
from ..pages import Entry, Page


def everybody(before: int, size: int) -> Page:
    """The newest posts of all."""
    # MariaDB would read a plain join of posts and authors from the authors and sort the whole table.
    return _page(select(Post.id).where(Post.id < before), size)


def written_by(user: User, before: int, size: int) -> Page:
    """The newest posts of one person; their name is known, so only their posts are read."""
    rows = db.session.execute(
        select(Post.id, Post.body, Post.created_at)
        .where(Post.user_id == user.id, Post.id < before)
        .order_by(Post.id.desc())
        .limit(size + 1)
    )
    entries = [Entry(row.id, row.body, row.created_at, user.username, user.display_name) for row in rows]
    return Page.of(entries, size)


def home(reader: User, before: int, size: int) -> Page:
    """The newest posts of a reader and of the people they follow."""
    theirs, newest = _amounts(reader)
    # Walking down all posts reads about size · newest / theirs rows until the page is full; gathering
    # reads an index entry for each of theirs. They cost the same where theirs² = size · newest.
    ids = _walk(reader, before) if theirs > sqrt(size * newest) else _gather(reader, before)
    return _page(ids, size)


def one(post_id: int) -> Entry | None:
    """A single post."""
    rows = _entries(select(Post.id).where(Post.id == post_id).subquery())
    return rows[0] if rows else None


def _page(ids: Select[int], size: int) -> Page:
    wanted = ids.order_by(Post.id.desc()).limit(size + 1).subquery("page")
    return Page.of(_entries(wanted), size)


def _entries(wanted: object) -> Sequence[Entry]:
    rows = db.session.execute(
        select(Post.id, Post.body, Post.created_at, User.username, User.display_name)
        .select_from(wanted)  # type: ignore[arg-type]
        .join(Post, Post.id == wanted.c.id)  # type: ignore[attr-defined]
        .join(User, User.id == Post.user_id)
        .order_by(Post.id.desc())
    )
    return [Entry(*row) for row in rows]


def _amounts(reader: User) -> tuple[int, int]:
    followed = (
        select(func.coalesce(func.sum(User.post_count), 0))
        .select_from(Follow)
        .join(User, User.id == Follow.followed_id)
        .where(Follow.follower_id == reader.id)
        .scalar_subquery()
    )
    newest = select(func.coalesce(func.max(Post.id), 0)).scalar_subquery()
    theirs, last = db.session.execute(select(followed, newest)).one()
    return int(theirs) + reader.post_count, int(last)


def _gather(reader: User, before: int) -> Select[int]:
    authors = union_all(
        select(Follow.followed_id.label("id")).where(Follow.follower_id == reader.id),
        select(literal(reader.id).label("id")),
    ).subquery("author")
    return (
        select(Post.id)
        .select_from(authors)
        .join(Post, Post.user_id == authors.c.id)
        .where(Post.id < before)
        .prefix_with("STRAIGHT_JOIN", dialect="mysql")
    )


def _walk(reader: User, before: int) -> Select[int]:
    followed = exists().where(Follow.follower_id == reader.id, Follow.followed_id == Post.user_id)
    return (
        select(Post.id)
        .where(Post.id < before, or_(Post.user_id == reader.id, followed))
        .with_hint(Post, "FORCE INDEX (PRIMARY)", "mysql")
    )
