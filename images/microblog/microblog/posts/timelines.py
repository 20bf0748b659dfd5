"""Which posts a list shows: ids first, out of an index, then their rows in the same statement."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from math import sqrt
from typing import Any, cast

from sqlalchemy import Integer, Select, bindparam, case, exists, func, literal, or_, select, union_all
from sqlalchemy.orm import aliased

from ..models import Follow, Number, Post, User
from ..pages import Between, Entry, Page
from ..prepared import Prepared, prepared
from ..ties import Like, Mention, PostTag, Repost
from ..visibility import hides, seen_by, some_reader, visible
from .entries import entries, ids, load, newest, rows_of

Query = Select[Any]
Earlier = aliased(Repost, name="earlier")
# A tab that was left open must not make a count over all that was written since.
MOST_LOOKED_AT = 1000


@dataclass(frozen=True)
class Asked:
    """What a query is made of: parameters with the names of `Ids.values`. There is a reader, or none."""

    reader: User | None
    between: Between
    amount: Any = field(default_factory=lambda: bindparam("amount", type_=Integer))
    # The id of a person, or a hashtag.
    about: Any = field(default_factory=lambda: bindparam("about"))


@dataclass(frozen=True)
class Ids:
    """Which posts a list shows: the query for their ids, and for whom. Nothing is asked yet."""

    make: Callable[[Asked], Query]
    reader: User | None
    between: Between
    amount: int
    about: int | str | None = None

    @property
    def values(self) -> dict[str, Any]:
        """What the parameters of the query stand for."""
        reader_id = self.reader.id if self.reader else None
        between = {"before": self.between.before, "after": self.between.after}
        return {"reader": reader_id, "amount": self.amount, "about": self.about, **between}

    def prepared(self, use: Callable[[Query, User | None], Query]) -> Prepared:
        """What `use` makes of the query; the same for all who differ in values only."""
        key = (use, self.make, self.reader is None, hides(self.reader), self.between.after is None)
        return prepared(key, lambda: use(self.make(self._asked()), self._asked().reader))

    def _asked(self) -> Asked:
        after = None if self.between.after is None else bindparam("after", type_=Number)
        return Asked(some_reader(self.reader), Between(cast(int, bindparam("before", type_=Number)), after))


def page_of(wanted: Ids, size: int) -> Page[Entry]:
    """The page that ids make; there are up to size + 1 of them."""
    return Page.of(entries(wanted.prepared(rows_of).rows(wanted.values)), size)


def count(wanted: Ids) -> int:
    """How many posts the ids lead to."""
    ((number,),) = wanted.prepared(_counted).rows(wanted.values)
    return int(number)


def everybody(reader: User | None, between: Between, amount: int) -> Ids:
    """The posts of all that answer no other."""
    return Ids(_everybody, reader, between, amount)


def written_by(user: User, reader: User | None, between: Between, amount: int) -> Ids:
    """The posts of one person that answer no other, and what they passed on."""
    return Ids(_written, reader, between, amount, user.id)


def written_by_with_replies(user: User, reader: User | None, between: Between, amount: int) -> Ids:
    """Every post of one person."""
    return Ids(_written_with_replies, reader, between, amount, user.id)


def tagged(tag: str, reader: User | None, between: Between, amount: int) -> Ids:
    """The posts with a hashtag (folded, see `links.fold`)."""
    return Ids(_tagged, reader, between, amount, tag)


def mentioning(reader: User, between: Between, amount: int) -> Ids:
    """The posts that name the reader or answer them."""
    return Ids(_mentioning, reader, between, amount)


def liked_by(reader: User, between: Between, amount: int) -> Ids:
    """The posts the reader likes, in the order they liked them."""
    return Ids(_liked, reader, between, amount)


def home(reader: User, between: Between, amount: int) -> Ids:
    """The posts of a reader and of the people they follow, and what those passed on, each once."""
    theirs, last = _amounts(reader)
    # Walking down all posts reads about amount · last / theirs rows until the page is full; gathering
    # reads an index entry for each of theirs. They cost the same where theirs² = amount · last.
    way = walk if theirs > sqrt(amount * last) else gather
    return way(reader, between, amount)


def gather(reader: User, between: Between, amount: int) -> Ids:
    """The home timeline, out of the posts of each of its authors."""
    return Ids(_gather, reader, between, amount)


def walk(reader: User, between: Between, amount: int) -> Ids:
    """The home timeline, out of the posts of all."""
    return Ids(_walk, reader, between, amount)


def home_since(reader: User, after: int, amount: int) -> Ids:
    """The home timeline above a place; looks at the last posts of all only, whoever wrote them."""
    return Ids(_walk_since, reader, Between(after=after), amount)


def one(post_id: int, reader: User | None) -> Entry | None:
    """A single post, if the reader may see it."""
    (entry,) = load(ids(literal(post_id), literal(post_id)), reader)
    return entry if entry.body is not None else None


def _counted(query: Query, _reader: User | None) -> Query:
    return select(func.count()).select_from(query.subquery("page"))


def _everybody(asked: Asked) -> Query:
    query = ids(Post.id, Post.id).where(Post.parent_id.is_(None), asked.between.holds(Post.id))
    return newest(visible(query, asked.reader, Post.user_id), Post.id, asked.amount)


def _written(asked: Asked) -> Query:
    own = ids(Post.id, Post.id).where(Post.user_id == asked.about, Post.parent_id.is_(None))
    own = visible(own.where(asked.between.holds(Post.id)), asked.reader, Post.user_id)
    passed_on = ids(Repost.id, Repost.post_id, Repost.user_id).join(Post, Post.id == Repost.post_id)
    passed_on = passed_on.where(Repost.user_id == asked.about, asked.between.holds(Repost.id))
    passed_on = visible(passed_on, asked.reader, Repost.user_id, Post.user_id)
    amount = asked.amount
    return _together(newest(own, Post.id, amount), newest(passed_on, Repost.id, amount), amount)


def _written_with_replies(asked: Asked) -> Query:
    query = ids(Post.id, Post.id).where(Post.user_id == asked.about, asked.between.holds(Post.id))
    return newest(visible(query, asked.reader, Post.user_id), Post.id, asked.amount)


def _tagged(asked: Asked) -> Query:
    query = ids(PostTag.post_id, PostTag.post_id)
    query = query.where(PostTag.tag == asked.about, asked.between.holds(PostTag.post_id))
    return newest(_by_visible(query, PostTag.post_id, asked.reader), PostTag.post_id, asked.amount)


def _mentioning(asked: Asked) -> Query:
    reader = cast(User, asked.reader)
    query = ids(Mention.post_id, Mention.post_id)
    query = query.where(Mention.user_id == reader.id, asked.between.holds(Mention.post_id))
    return newest(_by_visible(query, Mention.post_id, reader), Mention.post_id, asked.amount)


def _liked(asked: Asked) -> Query:
    reader = cast(User, asked.reader)
    query = ids(Like.id, Like.post_id).where(Like.user_id == reader.id, asked.between.holds(Like.id))
    return newest(_by_visible(query, Like.post_id, reader), Like.id, asked.amount)


def _amounts(reader: User) -> tuple[int, int]:
    ((theirs, last),) = prepared(_amounts, _amounts_query).rows({"reader": reader.id})
    return int(theirs) + reader.post_count, int(last)


def _amounts_query() -> Query:
    followed = (
        select(func.coalesce(func.sum(User.post_count + User.repost_count), 0))
        .select_from(Follow)
        .join(User, User.id == Follow.followed_id)
        .where(Follow.follower_id == bindparam("reader", type_=Number))
        .scalar_subquery()
    )
    return select(followed, _last())


def _last() -> Any:
    return select(func.coalesce(func.max(Post.id), 0)).scalar_subquery()


def _gather(asked: Asked) -> Query:
    reader, between, amount = cast(User, asked.reader), asked.between, asked.amount
    seen = select(Follow.followed_id.label("id")).where(Follow.follower_id == reader.id)
    followed = visible(seen, reader, Follow.followed_id)
    authors = union_all(followed, select(bindparam("reader", type_=Number).label("id"))).subquery("author")
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


def _walk(asked: Asked) -> Query:
    reader, between, amount = cast(User, asked.reader), asked.between, asked.amount
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


def _walk_since(asked: Asked) -> Query:
    lowest, after = _last() - MOST_LOOKED_AT, asked.between.after
    return _walk(replace(asked, between=Between(after=case((lowest > after, lowest), else_=after))))


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


def _by_visible(query: Query, post_id: Any, reader: User | None) -> Query:
    joined = query.join(Post, Post.id == post_id).prefix_with("STRAIGHT_JOIN", dialect="mysql")
    return visible(joined, reader, Post.user_id)


def _together(posts: Query, reposts: Query, amount: Any) -> Query:
    both = union_all(select(posts.subquery("posts")), select(reposts.subquery("reposts"))).subquery("both")
    return newest(select(both), both.c.place, amount)
