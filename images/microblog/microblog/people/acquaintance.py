"""What a reader and a person are to each other, and lists of people."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, false, or_, select
from sqlalchemy.orm import aliased

from .. import usernames
from ..database import db
from ..models import Follow, Number, User
from ..pages import Page
from ..prepared import columns, entity, prepared
from ..ties import Hidden
from ..visibility import hides, seen_count, some_reader, suspended, visible

USER = columns(User)
Followed = aliased(Follow, name="followed")
Follower = aliased(Follow, name="follower")


@dataclass(frozen=True)
class Acquaintance:
    """A person as the reader knows them, with the counts as the reader may see them."""

    user: User
    follower_count: int
    following_count: int
    is_followed: bool
    follows_back: bool
    mutes: bool
    blocks: bool
    blocked: bool
    suspended: bool

    @property
    def shown(self) -> tuple[object, ...]:
        """Everything that tells how the head of their page looks, but when they were there."""
        user = self.user
        person = user.username, user.display_name, user.about, user.post_count
        counts = self.follower_count, self.following_count
        between = self.is_followed, self.follows_back, self.mutes, self.blocks, self.blocked, self.suspended
        return person + counts + between

    @property
    def apart(self) -> bool:
        """Whether one of the two wants nothing of the other."""
        return bool(self.mutes or self.blocks or self.blocked)

    @property
    def hidden(self) -> bool:
        """Whether the reader sees nothing of this person."""
        return self.apart or bool(self.suspended)


@dataclass(frozen=True)
class Listed:
    """A person in a list."""

    place: int
    username: str
    display_name: str
    about: str
    mutes: bool = False
    blocks: bool = False

    @property
    def name(self) -> str:
        """What to call the person."""
        return self.display_name or self.username


def find(username: str, reader: User | None) -> Acquaintance | None:
    """The person of this name; None also for one who blocks the reader."""
    query = prepared((find, reader is None, hides(reader)), lambda: _known_to(reader))
    asked = {"name": usernames.key(username), "reader": reader.id if reader else 0}
    rows = query.rows(asked)
    if not rows:
        return None
    (row,) = rows
    acquaintance = Acquaintance(entity(User, row[: len(USER)]), *row[len(USER) :])
    return None if acquaintance.blocked and not acquaintance.blocks else acquaintance


def _known_to(reader: User | None) -> Select[Any]:
    some = some_reader(reader)
    me = some.id if some else bindparam("reader", type_=Number)
    pair = and_(Hidden.reader_id == me, Hidden.author_id == User.id)
    return (
        select(
            *USER,
            seen_count(some, User.follower_count, Follower.follower_id, Follower.followed_id == User.id),
            seen_count(some, User.following_count, Followed.followed_id, Followed.follower_id == User.id),
            _follow(me, User.id) if some else false(),
            _follow(User.id, me) if some else false(),
            Hidden.mutes,
            Hidden.blocks,
            Hidden.blocked,
            suspended(User.id),
        )
        .outerjoin(Hidden, pair)
        .where(User.username_key == bindparam("name", type_=User.username_key.type))
    )


def everybody(reader: User | None, before: int, size: int) -> Page[Listed]:
    """All people, the newest account first."""
    columns: tuple[Any, ...] = (User.id.label("place"), User.username, User.display_name, User.about)
    return _page(visible(select(*columns), reader, User.id), User.id, before, size)


def followers(user: User, reader: User | None, before: int, size: int) -> Page[Listed]:
    """Who follows a person, the newest account first."""
    query = _listed(Follow.follower_id).where(Follow.followed_id == user.id)
    query = visible(query, reader, Follow.follower_id)
    return _page(query, Follow.follower_id, before, size)


def following(user: User, reader: User | None, before: int, size: int) -> Page[Listed]:
    """Whom a person follows, the newest account first."""
    query = _listed(Follow.followed_id).where(Follow.follower_id == user.id)
    query = visible(query, reader, Follow.followed_id)
    return _page(query, Follow.followed_id, before, size)


def hidden_by(reader: User, before: int, size: int) -> Page[Listed]:
    """Whom the reader blocks or mutes."""
    query = _listed(Hidden.author_id, Hidden.mutes, Hidden.blocks)
    query = query.where(Hidden.reader_id == reader.id, or_(Hidden.mutes, Hidden.blocks))
    return _page(query, Hidden.author_id, before, size)


def _listed(user_id: Any, *more: Any) -> Select[Any]:
    columns = (user_id.label("place"), User.username, User.display_name, User.about, *more)
    return select(*columns).join(User, User.id == user_id).prefix_with("STRAIGHT_JOIN", dialect="mysql")


def _page(query: Select[Any], user_id: Any, before: int, size: int) -> Page[Listed]:
    rows = db.session.execute(query.where(user_id < before).order_by(user_id.desc()).limit(size + 1))
    return Page.of([Listed(*row) for row in rows], size)


def _follow(follower_id: Any, followed_id: Any) -> ColumnElement[bool]:
    return exists().where(Follow.follower_id == follower_id, Follow.followed_id == followed_id)
