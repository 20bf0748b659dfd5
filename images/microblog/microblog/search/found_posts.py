"""Posts with what somebody looks for, the newest first: in short posts, relevance says less than time."""

from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.orm import aliased

from ..models import Post, User
from ..pages import Between, Entry, Page
from ..posts.entries import ids, load, newest
from ..ties import Mention, PostTag
from ..visibility import visible
from . import full_text
from .query import Query

# Of what is common there is a page among the newest posts. There MariaDB's full text would take long: it
# collects every post with the word (80,000 for "the" in 100,000: 0.2 s) before it gives the newest.
LOOKED_AT = 4000

Tagged = aliased(PostTag, name="tagged")
Named = aliased(Mention, name="named")


def search(query: Query, reader: User | None, between: Between, size: int) -> Page[Entry]:
    """A page of posts that hold everything of the query."""
    if full_text.on_mariadb() and not _has_ties(query):
        entries = load(_among_newest(query, reader, between, size + 1), reader)
        if len(entries) > size:
            return Page.of(entries, size)
    place, wanted, rest = _start(query)
    wanted = wanted.where(between.holds(place), *_ties(rest))
    return Page.of(load(newest(visible(wanted, reader, Post.user_id), place, size + 1), reader), size)


def _among_newest(query: Query, reader: User | None, between: Between, amount: int) -> Select[Any]:
    last = select(func.max(Post.id)).scalar_subquery() if between.is_newest else between.before
    holds = full_text.holds(Post.body, query.phrases)
    wanted = ids(Post.id, Post.id).where(Post.id > last - LOOKED_AT, between.holds(Post.id), holds)
    wanted = wanted.with_hint(Post, "FORCE INDEX (PRIMARY)", "mysql")
    return newest(visible(wanted, reader, Post.user_id), Post.id, amount)


def _start(query: Query) -> tuple[Any, Select[Any], Query]:
    """Where to look first: at a hashtag or a name where there is one, else in the full text.

    Gives the place in the list, a query of places, and the ties that are left to ask for.
    """
    if query.phrases and not full_text.on_mariadb():
        found = full_text.found("post")
        wanted = ids(found.c.rowid, found.c.rowid).join(Post, Post.id == found.c.rowid)
        return found.c.rowid, wanted.where(full_text.fts5_phrases("post", query.phrases)), query
    if not _has_ties(query):
        wanted = ids(Post.id, Post.id).where(full_text.matches((Post.body,), query.phrases))
        return Post.id, wanted, query
    if query.tags:
        place: Any = PostTag.post_id
        wanted = _tied(place).where(PostTag.tag == query.tags[0])
        rest = replace(query, tags=query.tags[1:])
    else:
        place = Mention.post_id
        wanted = _tied(place).where(Mention.user_id == _person(query.names[0]))
        rest = replace(query, names=query.names[1:])
    return place, wanted.where(full_text.holds(Post.body, query.phrases)), rest


def _tied(post_id: Any) -> Select[Any]:
    joined = ids(post_id, post_id).join(Post, Post.id == post_id)
    return joined.prefix_with("STRAIGHT_JOIN", dialect="mysql")


def _has_ties(query: Query) -> bool:
    return bool(query.tags or query.names)


def _ties(query: Query) -> list[ColumnElement[bool]]:
    """The conditions that a post has the hashtags, and names or answers the people."""
    tagged = [exists().where(Tagged.post_id == Post.id, Tagged.tag == tag) for tag in query.tags]
    named = [exists().where(Named.post_id == Post.id, Named.user_id == _person(name)) for name in query.names]
    return [*tagged, *named]


def _person(name: str) -> Any:
    return select(User.id).where(User.username_key == name).scalar_subquery()
