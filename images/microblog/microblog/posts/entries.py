"""The rows of a page: what a post shows about itself, its author and its reader, in one statement."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, and_, exists, false, func, literal, select
from sqlalchemy.orm import aliased

from ..database import db
from ..images.models import Image
from ..models import Post, User
from ..pages import Entry
from ..ties import Like, Repost
from ..visibility import seen_by, seen_count

Parent = aliased(Post, name="parent")
Answered = aliased(User, name="answered")
Reposter = aliased(User, name="reposter")
Reply = aliased(Post, name="reply")


def ids(place: Any, post_id: Any, reposter_id: Any = None) -> Select[Any]:
    """What `load` takes: the place in the list, the post, and who passed it on (0 for nobody)."""
    reposted_by = literal(0) if reposter_id is None else reposter_id
    return select(place.label("place"), post_id.label("post_id"), reposted_by.label("reposter_id"))


def newest(query: Select[Any], place: Any, amount: int) -> Select[Any]:
    """The first rows of a query, from the newest."""
    return query.order_by(place.desc()).limit(amount)


def load(wanted: Select[Any], reader: User | None, ascending: bool = False) -> Sequence[Entry]:
    """Entries for the ids of a page, newest first. Posts that are gone or hidden are gaps."""
    page = wanted.subquery("page")
    post = and_(Post.id == page.c.post_id, seen_by(reader, Post.user_id))
    answered = and_(Answered.id == Parent.user_id, seen_by(reader, Parent.user_id))
    rows = db.session.execute(
        select(page.c.place, page.c.post_id, *_columns(reader))
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
    return [_entry(row) for row in rows]


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


def _entry(row: Row[Any]) -> Entry:
    values: list[Any] = list(row)
    return Entry(*values) if row.body is not None else Entry(row.place, row.post_id, None)
