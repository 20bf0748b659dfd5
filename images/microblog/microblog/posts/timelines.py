"""Which posts a list shows: ids first, out of an index, then their rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from math import sqrt
from time import monotonic
from typing import Any, cast

from sqlalchemy import Integer, Select, bindparam, case, exists, func, literal, or_, select, union_all
from sqlalchemy.orm import aliased

from ..kept import Kept
from ..models import Follow, Number, Post, User
from ..pages import Between, Entry, Page
from ..prepared import Prepared, Values, prepared
from ..ties import Like, Mention, PostTag, Repost
from ..visibility import hides, seen_by, some_reader, visible
from .entries import entries, ids, load, newest, passed_on

Query = Select[Any]
Earlier = aliased(Repost, name="earlier")
# A tab that was left open must not make a count over all that was written since.
MOST_LOOKED_AT = 1000
# Whether the home timeline is walked for or gathered, by reader, number of those they follow, and time. Both
# find the same, and which of them is faster changes slowly.
_ways: Kept[tuple[int, int, int], bool] = Kept(10_000)
SAME_WAY_SECONDS = 600


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
    # The query for the ids of what was passed on to the reader, where it is one of its own.
    passed_on: Callable[[Asked], Query] | None = None

    def find(self) -> Sequence[Values]:
        """The ids, newest first."""
        found = self.prepared(_itself).rows(self.values)
        if self.passed_on is None:
            return found
        # What was passed on before the last post of a full page is not on it.
        lowest = found[-1][0] if len(found) == self.amount else 0
        between = Between(self.between.before, lowest)
        reposts = replace(self, make=self.passed_on, between=between, passed_on=None).find()
        return sorted([*found, *reposts], key=_place, reverse=True)[: self.amount]

    @property
    def values(self) -> dict[str, Any]:
        """What the parameters of the query stand for."""
        reader_id = self.reader.id if self.reader else None
        between = {"before": self.between.before, "after": self.between.after}
        return {"reader": reader_id, "amount": self.amount, "about": self.about, **between}

    def prepared(self, use: Callable[[Query], Query]) -> Prepared:
        """What `use` makes of the query; the same for all who differ in values only."""
        key = (use, self.make, self.reader is None, hides(self.reader), self.between.after is None)
        return prepared(key, lambda: use(self.make(self._asked())))

    def _asked(self) -> Asked:
        after = None if self.between.after is None else bindparam("after", type_=Number)
        return Asked(some_reader(self.reader), Between(cast(int, bindparam("before", type_=Number)), after))


def page_of(wanted: Ids, size: int) -> Page[Entry]:
    """The page that ids make; there are up to size + 1 of them."""
    return Page.of(entries(wanted.find(), wanted.reader), size)


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
    about = reader.id, reader.following_count, int(monotonic() // SAME_WAY_SECONDS)
    walks = _ways.get(about)
    if walks is not None:
        return (walk_apart if walks else gather_apart)(reader, between, amount)
    theirs, last = _amounts(reader)
    # Walking down all posts reads about amount · last / theirs rows until the page is full; gathering
    # reads an index entry for each of theirs. They cost the same where theirs² = amount · last.
    walks = _ways.keep(about, theirs > sqrt(amount * last))
    return (walk if walks else gather)(reader, between, amount)


def gather(reader: User, between: Between, amount: int) -> Ids:
    """The home timeline, out of the posts of each of its authors."""
    return Ids(_gather, reader, between, amount)


def gather_apart(reader: User, between: Between, amount: int) -> Ids:
    """The same in two statements, the second of which looks no further down than the page goes."""
    return Ids(_gather_posts, reader, between, amount, passed_on=_gather_reposts)


def walk(reader: User, between: Between, amount: int) -> Ids:
    """The home timeline, out of the posts of all."""
    return Ids(_walk, reader, between, amount)


def walk_apart(reader: User, between: Between, amount: int) -> Ids:
    """The same in two statements, the second of which looks no further down than the page goes."""
    return Ids(_walk_posts, reader, between, amount, passed_on=_walk_reposts)


def home_since(reader: User, after: int, amount: int) -> Ids:
    """The home timeline above a place; looks at the last posts of all only, whoever wrote them."""
    return Ids(_walk_since, reader, Between(after=after), amount)


def one(post_id: int, reader: User | None) -> Entry | None:
    """A single post, if the reader may see it."""
    (entry,) = load(ids(literal(post_id), literal(post_id)), reader)
    return entry if entry.body is not None else None


def _itself(query: Query) -> Query:
    return query


def _place(row: Values) -> int:
    return int(row[0])


def _counted(query: Query) -> Query:
    return select(func.count()).select_from(query.subquery("page"))


def _everybody(asked: Asked) -> Query:
    query = ids(Post.id, Post.id).where(Post.parent_id.is_(None), asked.between.holds(Post.id))
    return newest(visible(query, asked.reader, Post.user_id), Post.id, asked.amount)


def _written(asked: Asked) -> Query:
    own = _own().where(Post.user_id == asked.about, Post.parent_id.is_(None))
    own = visible(own.where(asked.between.holds(Post.id)), asked.reader, Post.user_id)
    reposts = _reposts().join(Post, Post.id == Repost.post_id)
    reposts = reposts.where(Repost.user_id == asked.about, asked.between.holds(Repost.id))
    reposts = visible(reposts, asked.reader, Repost.user_id, Post.user_id)
    return _together(own, reposts, asked.amount)


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
    return _together(_posts_gathered(asked, _own()), _reposts_gathered(asked), asked.amount)


def _gather_posts(asked: Asked) -> Query:
    return newest(_posts_gathered(asked, ids(Post.id, Post.id)), Post.id, asked.amount)


def _gather_reposts(asked: Asked) -> Query:
    return passed_on(_reposts_gathered(asked), Repost.id, asked.amount)


def _posts_gathered(asked: Asked, start: Query) -> Query:
    me = select(bindparam("reader", type_=Number).label("id"))
    authors = union_all(_followed(asked), me).subquery("author")
    return (
        start.select_from(authors)
        .join(Post, Post.user_id == authors.c.id)
        .where(asked.between.holds(Post.id))
        # While MariaDB believes that there are few posts, it would read all of them.
        .with_hint(Post, "FORCE INDEX (ix_post_user_id_id)", "mysql")
        .prefix_with("STRAIGHT_JOIN", dialect="mysql")
    )


def _reposts_gathered(asked: Asked) -> Query:
    reposters = _followed(asked).subquery("reposter")
    return (
        _reposts()
        .select_from(reposters)
        .join(Repost, Repost.user_id == reposters.c.id)
        .join(Post, Post.id == Repost.post_id)
        .where(asked.between.holds(Repost.id), *_is_news(cast(User, asked.reader)))
        .with_hint(Repost, "FORCE INDEX (ix_repost_user_id_id)", "mysql")
        .with_hint(Post, "FORCE INDEX (PRIMARY)", "mysql")
        .prefix_with("STRAIGHT_JOIN", dialect="mysql")
    )


def _followed(asked: Asked) -> Query:
    reader = cast(User, asked.reader)
    followed = select(Follow.followed_id.label("id")).where(Follow.follower_id == reader.id)
    return visible(followed, reader, Follow.followed_id)


def _walk(asked: Asked) -> Query:
    return _together(_posts_walked(asked, _own()), _reposts_walked(asked), asked.amount)


def _walk_posts(asked: Asked) -> Query:
    return newest(_posts_walked(asked, ids(Post.id, Post.id)), Post.id, asked.amount)


def _walk_reposts(asked: Asked) -> Query:
    return passed_on(_reposts_walked(asked), Repost.id, asked.amount)


def _posts_walked(asked: Asked, start: Query) -> Query:
    reader = cast(User, asked.reader)
    theirs = or_(Post.user_id == reader.id, _follows(reader, Post.user_id))
    posts = start.where(asked.between.holds(Post.id), theirs)
    return visible(posts.with_hint(Post, "FORCE INDEX (PRIMARY)", "mysql"), reader, Post.user_id)


def _reposts_walked(asked: Asked) -> Query:
    reader = cast(User, asked.reader)
    reposts = (
        _reposts()
        .join(Post, Post.id == Repost.post_id)
        .where(asked.between.holds(Repost.id), _follows(reader, Repost.user_id), *_is_news(reader))
        .with_hint(Repost, "FORCE INDEX (PRIMARY)", "mysql")
        .prefix_with("STRAIGHT_JOIN", dialect="mysql")
    )
    return visible(reposts, reader, Repost.user_id)


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


def _own() -> Query:
    columns: tuple[Any, ...] = (
        Post.id.label("place"),
        Post.id.label("post_id"),
        literal(0).label("reposter_id"),
    )
    return select(*columns)


def _reposts() -> Query:
    columns: tuple[Any, ...] = Repost.id.label("place"), Repost.post_id, Repost.user_id.label("reposter_id")
    return select(*columns)


def _together(posts: Query, reposts: Query, amount: Any) -> Query:
    parts = (
        newest(posts, Post.id, amount).subquery("posts"),
        newest(reposts, Repost.id, amount).subquery("reposts"),
    )
    both = union_all(*(select(part) for part in parts)).subquery("both")
    return passed_on(select(both), both.c.place, amount)
