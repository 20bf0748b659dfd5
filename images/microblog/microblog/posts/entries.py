"""The rows of a page: what a post shows about itself, its author and its reader, in one statement."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Row, Select, and_, exists, false, func, null, select
from sqlalchemy.orm import aliased

from ..database import db
from ..images.models import Image
from ..models import Post, User
from ..pages import Entry
from ..prepared import NUMBERS, Values, prepared
from ..ties import DeletedPost, Like, Repost
from ..visibility import hides, not_hidden_from, seen_by, seen_count, some_reader, suspended

Parent = aliased(Post, name="parent")
Answered = aliased(User, name="answered")
Reposter = aliased(User, name="reposter")
Reply = aliased(Post, name="reply")
Unseen = aliased(Post, name="unseen")


def ids(place: Any, post_id: Any) -> Select[Any]:
    """What a list is made of: the place in it, the post, and who passed it on, by both names (nobody)."""
    nobody = null().label("reposter"), null().label("reposter_name")
    return select(place.label("place"), post_id.label("post_id"), *nobody)


def passed_on(wanted: Select[Any], place: Any, amount: int) -> Select[Any]:
    """The first of a query that has the id of who passed a post on as `reposter_id`, as `ids` has them."""
    page = newest(wanted, place, amount).subquery("page")
    name = func.coalesce(func.nullif(Reposter.display_name, ""), Reposter.username)
    return (
        select(page.c.place, page.c.post_id, Reposter.username, name)
        .select_from(page)
        .outerjoin(Reposter, Reposter.id == page.c.reposter_id)
        .order_by(page.c.place.desc())
    )


def newest(query: Select[Any], place: Any, amount: int) -> Select[Any]:
    """The first rows of a query, from the newest."""
    return query.order_by(place.desc()).limit(amount)


def entries(found: Sequence[Values], reader: User | None) -> list[Entry]:
    """Entries for the rows of a query of `ids`, whose authors are not suspended.

    Posts that are gone or hidden are gaps. A statement by itself: MariaDB plans one that finds out the ids,
    too, for longer than it takes to answer both.
    """
    if not found:
        return []
    posts = {row[0]: row[1:] for row in _posts([row[1] for row in found], reader)}
    gap = (None,)
    return [
        Entry(place, post, *posts.get(post, gap))._replace(reposter=by, reposter_name=name)
        for place, post, by, name in found
    ]


def load(wanted: Select[Any], reader: User | None) -> Sequence[Entry]:
    """Entries for the ids of a page, newest first, whoever wrote them."""
    return [Entry(*row) for row in db.session.execute(_rows(wanted, reader))]


def load_thread(wanted: Select[Any], reader: User | None, ascending: bool = False) -> Sequence[Entry]:
    """Entries as `load` gives them; gaps say why they are there, if that is anybody's business."""
    more = (_removed, _of_somebody_suspended(reader))
    rows = db.session.execute(_rows(wanted, reader, ascending, more))
    return [_told(row) for row in rows]


def _posts(numbers: Sequence[int], reader: User | None) -> Sequence[Values]:
    """Their ids, and what is on their cards, of those that are there and not hidden."""
    query = prepared((_posts, reader is None, hides(reader)), lambda: _cards(some_reader(reader)))
    return query.rows({"reader": reader.id if reader else None}, numbers)


def _cards(reader: User | None) -> Select[Any]:
    query = (
        select(Post.id, *_columns(reader))
        .prefix_with("STRAIGHT_JOIN", dialect="mysql")
        .select_from(Post)
        .join(User, User.id == Post.user_id)
    )
    return _about(query, reader).where(Post.id.in_([NUMBERS]), not_hidden_from(reader, Post.user_id))


def _about(query: Select[Any], reader: User | None) -> Select[Any]:
    """The query with what the columns need beside the post and its author."""
    answered = and_(Answered.id == Parent.user_id, not_hidden_from(reader, Parent.user_id))
    return (
        query.outerjoin(Parent, Parent.id == Post.parent_id)
        .outerjoin(Answered, answered)
        .outerjoin(Image, Image.post_id == Post.id)
    )


def _rows(
    wanted: Select[Any],
    reader: User | None,
    ascending: bool = False,
    more: Sequence[Callable[[Any], Any]] = (),
) -> Select[Any]:
    page = wanted.subquery("page")
    passed_on = page.c.reposter, page.c.reposter_name
    query = (
        select(
            page.c.place,
            page.c.post_id,
            *_columns(reader),
            *passed_on,
            *(of(page.c.post_id) for of in more),
        )
        # MariaDB would begin with the people and sort the whole table: the page comes first.
        .prefix_with("STRAIGHT_JOIN", dialect="mysql")
        .select_from(page)
        .outerjoin(Post, and_(Post.id == page.c.post_id, seen_by(reader, Post.user_id)))
        .outerjoin(User, User.id == Post.user_id)
    )
    return _about(query, reader).order_by(page.c.place if ascending else page.c.place.desc())


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
