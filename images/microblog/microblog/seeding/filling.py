"""Puts a made-up community into the database: all of it or nothing, many rows at a time."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from itertools import islice
from random import Random
from typing import Any

from sqlalchemy import func, insert, select, update

from ..auth.passwords import hasher
from ..database import db
from ..models import Follow, Post, User
from ..ties import DeletedPost, Like, Mention, PostTag, Repost
from . import people as made_up
from .events import AT_A_TIME, Rows, Telling
from .people import DOMAIN, Person
from .size import Size

PASSWORD = "seven calm otters swim"  # noqa: S105 - everybody may know it

# People; what all of them wrote may take the database longer than an answer may.
COUNTED_AT_A_TIME = 50

Row = dict[str, Any]


@dataclass
class Made:
    """How much was made."""

    people: int = 0
    follows: int = 0
    posts: int = 0
    replies: int = 0
    likes: int = 0
    reposts: int = 0
    mentions: int = 0
    hashtags: int = 0

    @property
    def summary(self) -> str:
        """In a line."""
        return ", ".join(f"{number} {name}" for name, number in vars(self).items())


def fill(size: Size, progress: Callable[[int], None]) -> Made:
    """Make a community; progress is told of people and posts as they are stored."""
    rng = Random(size.seed)  # noqa: S311 - the same each time is the point
    made = Made()
    taken = set(db.session.scalars(select(User.username_key)))
    people = made_up.make(rng, size, _next(User.id), taken)
    _store(User, _rows_of_people(rng, size, people))
    pairs = made_up.follows(rng, size, people)
    made.follows = _store(Follow, (_follow(rng, size, *pair) for pair in pairs))
    made.people = len(people)
    progress(len(people))
    for rows in Telling(rng, size, people, _next(Post.id, Repost.id, DeletedPost.id)).chapters():
        _store_chapter(rows, made)
        progress(len(rows.posts))
    _count(people)
    db.session.commit()
    return made


def _store_chapter(rows: Rows, made: Made) -> None:
    made.replies += sum(row["parent_id"] is not None for row in rows.posts)
    made.posts += _store(Post, rows.posts)
    made.likes += _store(Like, rows.likes)
    made.reposts += _store(Repost, rows.reposts)
    made.mentions += _store(Mention, rows.mentions)
    made.hashtags += _store(PostTag, rows.tags)


def _store(table: Any, rows: Iterable[Row]) -> int:
    stored, rows = 0, iter(rows)
    while some := list(islice(rows, AT_A_TIME)):
        db.session.connection().execute(insert(table.__table__), some)
        stored += len(some)
    return stored


def _rows_of_people(rng: Random, size: Size, people: list[Person]) -> Iterable[Row]:
    # One hash for all, and the same each time.
    salt = sha256(f"seed {size.seed}".encode()).digest()[:16]
    password_hash = hasher.hash(PASSWORD, salt=salt)
    for person in people:
        yield {
            "id": person.id,
            "username": person.username,
            "username_key": person.username.lower(),
            "email": f"{person.username}@{DOMAIN}",
            "password_hash": password_hash,
            "display_name": person.display_name,
            "about": person.about,
            "created_at": person.joined,
            "last_seen": size.end - timedelta(seconds=int(rng.expovariate(1 / 86400 / 3))),
        }


def _follow(rng: Random, size: Size, follower: Person, followed: Person) -> Row:
    since = max(follower.joined, followed.joined)
    later = timedelta(seconds=int((size.end - since).total_seconds() * rng.random() ** 2))
    return {"follower_id": follower.id, "followed_id": followed.id, "created_at": since + later}


def _count(people: list[Person]) -> None:
    counts = {
        "post_count": (Post, Post.user_id),
        "repost_count": (Repost, Repost.user_id),
        "follower_count": (Follow, Follow.followed_id),
        "following_count": (Follow, Follow.follower_id),
    }
    values = {
        name: select(func.count()).select_from(table).where(column == User.id).scalar_subquery()
        for name, (table, column) in counts.items()
    }
    counted = update(User).values(values)
    for start in range(0, len(people), COUNTED_AT_A_TIME):
        some = people[start : start + COUNTED_AT_A_TIME]
        those = User.id.between(some[0].id, some[-1].id)
        db.session.execute(counted.where(those), execution_options={"synchronize_session": False})


def _next(*columns: Any) -> int:
    return max(db.session.scalar(select(func.coalesce(func.max(column), 0))) or 0 for column in columns) + 1
