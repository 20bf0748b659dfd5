"""The rows of a page: what a post shows about itself, its author and its reader, in one statement."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, exists, false, func, literal, select
from sqlalchemy.orm import aliased

from ..database import db
from ..images.models import Image
from ..models import Post, User
from ..pages import Entry
from ..ties import DeletedPost, Like, Repost
from ..visibility import not_hidden_from, seen_by, seen_count, suspended

Parent = aliased(Post, name="parent")
Answered = aliased(User, name="answered")
Reposter = aliased(User, name="reposter")
Reply = aliased(Post, name="reply")
Unseen = aliased(Post, name="unseen")
# Its place in a row, behind those of the list and of the post.
BODY = 2


def ids(place: Any, post_id: Any, reposter_id: Any = None) -> Select[Any]:
    """What `load` takes: the place in the list, the post, and who passed it on (0 for nobody)."""
    reposted_by = literal(0) if reposter_id is None else reposter_id
    return select(place.label("place"), post_id.label("post_id"), reposted_by.label("reposter_id"))


def newest(query: Select[Any], place: Any, amount: int) -> Select[Any]:
    """The first rows of a query, from the newest."""
    return query.order_by(place.desc()).limit(amount)


def rows_of(wanted: Select[Any], reader: User | None) -> Select[Any]:
    """The query for the rows of a page, newest first; its ids are of no author who is suspended."""
    return _rows(wanted, reader, not_hidden_from)


def entries(rows: Iterable[tuple[Any, ...]]) -> list[Entry]:
    """The rows of a page. Posts that are gone or hidden are gaps."""
    return [Entry(*row) if row[BODY] is not None else Entry(row[0], row[1], None) for row in rows]


def load(wanted: Select[Any], reader: User | None) -> Sequence[Entry]:
    """Entries for the ids of a page, newest first, whoever wrote them."""
    return entries(tuple(row) for row in db.session.execute(_rows(wanted, reader, seen_by)))


def load_thread(wanted: Select[Any], reader: User | None, ascending: bool = False) -> Sequence[Entry]:
    """Entries as `load` gives them; gaps say why they are there, if that is anybody's business."""
    more = (_removed, _of_somebody_suspended(reader))
    rows = db.session.execute(_rows(wanted, reader, seen_by, ascending, more))
    return [_told(row) for row in rows]


def _rows(
    wanted: Select[Any],
    reader: User | None,
    seen: Callable[[User | None, Any], ColumnElement[bool]],
    ascending: bool = False,
    more: Sequence[Callable[[Any], Any]] = (),
) -> Select[Any]:
    page = wanted.subquery("page")
    post = and_(Post.id == page.c.post_id, seen(reader, Post.user_id))
    answered = and_(Answered.id == Parent.user_id, not_hidden_from(reader, Parent.user_id))
    return (
        select(page.c.place, page.c.post_id, *_columns(reader), *(of(page.c.post_id) for of in more))
        # MariaDB would begin with the people and sort the whole table: the page comes first.
        .prefix_with("STRAIGHT_JOIN", dialect="mysql")
        .select_from(page)
        .outerjoin(Post, post)
        .outerjoin(User, User.id == Post.user_id)
        .outerjoin(Reposter, Reposter.id == page.c.reposter_id)
        .outerjoin(Parent, Parent.id == Post.parent_id)
        .outerjoin(Answered, answered)
        .outerjoin(Image, Image.post_id == Post.id)
        .order_by(page.c.place if ascending else page.c.place.desc())
    )


def _columns(reader: User | None) -> list[Any]:
    return [
        Post.body,
        Post.links,
        Post.created_at,
        User.username,
        User.display_name,
        Post.parent_id,
        seen_count(reader, Post.reply_count, Reply.user_id, Reply.parent_id == Post.id),
        seen_count(reader, Post.repost_count, Repost.user_id, Repost.post_id == Post.id),
        seen_count(reader, Post.like_count, Like.user_id, Like.post_id == Post.id),
        Answered.username,
        Reposter.username,
        func.coalesce(func.nullif(Reposter.display_name, ""), Reposter.username),
        _has(Like, reader),
        _has(Repost, reader),
        Post.language,
        Image.digest,
        Image.width,
        Image.height,
        Image.alt,
    ]


def _has(tie: type[Like] | type[Repost], reader: User | None) -> Any:
    if reader is None:
        return false()
    return exists().where(tie.post_id == Post.id, tie.user_id == reader.id)


def _told(row: Row[Any]) -> Entry:
    values: list[Any] = list(row)
    by_suspended, removed = values.pop(), values.pop()
    if row.body is not None:
        return Entry(*values)
    why = "removed" if removed else "suspended" if by_suspended else None
    return Entry(row.place, row.post_id, None, why=why)


def _removed(post_id: Any) -> Any:
    return exists().where(DeletedPost.id == post_id, DeletedPost.removed)


def _of_somebody_suspended(reader: User | None) -> Any:
    # Of two who hide from each other none learns that way that the other is there.
    known = not_hidden_from(reader, Unseen.user_id)
    return lambda post_id: exists().where(Unseen.id == post_id, suspended(Unseen.user_id), known)
