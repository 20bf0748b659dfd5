"""Which posts a list shows: ids first, out of an index, then their rows in the same statement."""

from math import sqrt
from typing import Any

from sqlalchemy import Select, case, exists, func, literal, or_, select, union_all
from sqlalchemy.orm import aliased

from ..database import db
from ..models import Follow, Post, User
from ..pages import Between, Entry, Page
from ..ties import Like, Mention, PostTag, Repost
from ..visibility import seen_by, visible
from .entries import ids, load, newest

Ids = Select[Any]
Earlier = aliased(Repost, name="earlier")
# A tab that was left open must not make a count over all that was written since.
MOST_LOOKED_AT = 1000


def page_of(wanted: Ids, size: int, reader: User | None) -> Page[Entry]:
    """The page that ids make; there are up to size + 1 of them."""
    return Page.of(load(wanted, reader, filtered=True), size)


def everybody(reader: User | None, between: Between, amount: int) -> Ids:
    """The posts of all that answer no other."""
    query = ids(Post.id, Post.id).where(Post.parent_id.is_(None), between.holds(Post.id))
    return newest(visible(query, reader, Post.user_id), Post.id, amount)


def written_by(user: User, reader: User | None, between: Between, amount: int) -> Ids:
    """The posts of one person that answer no other, and what they passed on."""
    own = ids(Post.id, Post.id).where(Post.user_id == user.id, Post.parent_id.is_(None))
    own = visible(own.where(between.holds(Post.id)), reader, Post.user_id)
    passed_on = ids(Repost.id, Repost.post_id, Repost.user_id).join(Post, Post.id == Repost.post_id)
    passed_on = passed_on.where(Repost.user_id == user.id, between.holds(Repost.id))
    passed_on = visible(passed_on, reader, Repost.user_id, Post.user_id)
    return _together(newest(own, Post.id, amount), newest(passed_on, Repost.id, amount), amount)


def written_by_with_replies(user: User, reader: User | None, between: Between, amount: int) -> Ids:
    """Every post of one person."""
    query = ids(Post.id, Post.id).where(Post.user_id == user.id, between.holds(Post.id))
    return newest(visible(query, reader, Post.user_id), Post.id, amount)


def tagged(tag: str, reader: User | None, between: Between, amount: int) -> Ids:
    """The posts with a hashtag (folded, see `links.fold`)."""
    query = ids(PostTag.post_id, PostTag.post_id).where(PostTag.tag == tag, between.holds(PostTag.post_id))
    return newest(_by_visible(query, PostTag.post_id, reader), PostTag.post_id, amount)


def mentioning(reader: User, between: Between, amount: int) -> Ids:
    """The posts that name the reader or answer them."""
    query = ids(Mention.post_id, Mention.post_id)
    query = query.where(Mention.user_id == reader.id, between.holds(Mention.post_id))
    return newest(_by_visible(query, Mention.post_id, reader), Mention.post_id, amount)


def liked_by(reader: User, between: Between, amount: int) -> Ids:
    """The posts the reader likes, in the order they liked them."""
    query = ids(Like.id, Like.post_id).where(Like.user_id == reader.id, between.holds(Like.id))
    return newest(_by_visible(query, Like.post_id, reader), Like.id, amount)


def home(reader: User, between: Between, amount: int) -> Ids:
    """The posts of a reader and of the people they follow, and what those passed on, each once."""
    theirs, last = _amounts(reader)
    # Walking down all posts reads about amount · last / theirs rows until the page is full; gathering
    # reads an index entry for each of theirs. They cost the same where theirs² = amount · last.
    way = _walk if theirs > sqrt(amount * last) else _gather
    return way(reader, between, amount)


def home_since(reader: User, after: int, amount: int) -> Ids:
    """The home timeline above a place; looks at the last posts of all only, whoever wrote them."""
    lowest = _last() - MOST_LOOKED_AT
    return _walk(reader, Between(after=case((lowest > after, lowest), else_=after)), amount)


def count(wanted: Ids) -> int:
    """How many posts the ids lead to."""
    return db.session.scalar(select(func.count()).select_from(wanted.subquery("page"))) or 0


def one(post_id: int, reader: User | None) -> Entry | None:
    """A single post, if the reader may see it."""
    (entry,) = load(ids(literal(post_id), literal(post_id)), reader)
    return entry if entry.body is not None else None


def _amounts(reader: User) -> tuple[int, int]:
    followed = (
        select(func.coalesce(func.sum(User.post_count + User.repost_count), 0))
        .select_from(Follow)
        .join(User, User.id == Follow.followed_id)
        .where(Follow.follower_id == reader.id)
        .scalar_subquery()
    )
    theirs, last = db.session.execute(select(followed, _last())).one()
    return int(theirs) + reader.post_count, int(last)


def _last() -> Any:
    return select(func.coalesce(func.max(Post.id), 0)).scalar_subquery()


def _gather(reader: User, between: Between, amount: int) -> Ids:
    seen = select(Follow.followed_id.label("id")).where(Follow.follower_id == reader.id)
    followed = visible(seen, reader, Follow.followed_id)
    authors = union_all(followed, select(literal(reader.id).label("id"))).subquery("author")
    posts = (
        ids(Post.id, Post.id)
        .select_from(authors)
        .join(Post, Post.user_id == authors.c.id)
        .where(between.holds(Post.id))
        .prefix_with("STRAIGHT_JOIN", dialect="mysql")
    )
    reposters = followed.subquery("reposter")
    reposts = (
        ids(Repost.id, Repost.post_id, Repost.user_id)
        .select_from(reposters)
        .join(Repost, Repost.user_id == reposters.c.id)
        .join(Post, Post.id == Repost.post_id)
        .where(between.holds(Repost.id), *_is_news(reader))
        .prefix_with("STRAIGHT_JOIN", dialect="mysql")
    )
    return _together(newest(posts, Post.id, amount), newest(reposts, Repost.id, amount), amount)


def _walk(reader: User, between: Between, amount: int) -> Ids:
    posts = (
        ids(Post.id, Post.id)
        .where(between.holds(Post.id), or_(Post.user_id == reader.id, _follows(reader, Post.user_id)))
        .with_hint(Post, "FORCE INDEX (PRIMARY)", "mysql")
    )
    reposts = (
        ids(Repost.id, Repost.post_id, Repost.user_id)
        .join(Post, Post.id == Repost.post_id)
        .where(between.holds(Repost.id), _follows(reader, Repost.user_id), *_is_news(reader))
        .with_hint(Repost, "FORCE INDEX (PRIMARY)", "mysql")
        .prefix_with("STRAIGHT_JOIN", dialect="mysql")
    )
    posts = visible(posts, reader, Post.user_id)
    reposts = visible(reposts, reader, Repost.user_id)
    return _together(newest(posts, Post.id, amount), newest(reposts, Repost.id, amount), amount)


def _is_news(reader: User) -> tuple[Any, ...]:
    """A repost counts when the post is not in the list by itself, nor passed on by somebody before.

    The first repost keeps the post at one place, however many follow while the reader turns pages.
    """
    before = exists().where(
        Earlier.post_id == Repost.post_id,
        Earlier.id < Repost.id,
        _follows(reader, Earlier.user_id),
        seen_by(reader, Earlier.user_id),
    )
    return (
        Post.user_id != reader.id,
        ~_follows(reader, Post.user_id),
        seen_by(reader, Post.user_id),
        ~before,
    )


def _follows(reader: User, user_id: Any) -> Any:
    return exists().where(Follow.follower_id == reader.id, Follow.followed_id == user_id)


def _by_visible(query: Ids, post_id: Any, reader: User | None) -> Ids:
    joined = query.join(Post, Post.id == post_id).prefix_with("STRAIGHT_JOIN", dialect="mysql")
    return visible(joined, reader, Post.user_id)


def _together(posts: Ids, reposts: Ids, amount: int) -> Ids:
    both = union_all(select(posts.subquery("posts")), select(reposts.subquery("reposts"))).subquery("both")
    return newest(select(both), both.c.place, amount)
