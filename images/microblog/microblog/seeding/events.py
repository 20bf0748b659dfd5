"""What happens in a made-up community, some at a time: posts, answers, likes and reposts, in order."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from ..posts import links
from . import texts
from .people import ACTIVITY, Person, Weighted
from .size import Size

AT_A_TIME = 10_000
ANSWERED, PASSED_ON = 0.3, 0.05
# How far back, in posts, people answer and pass on.
MEMORY = 40
# Of the likes of a post, a Pareto distribution: most have none, a few have very many.
LIKES, MOST_LIKES = 1.3, 200
# A community writes a little more from month to month.
GROWTH = 0.85

Row = dict[str, Any]


@dataclass
class Rows:
    """Rows of some posts and of everything that hangs on them; the counts in them are right."""

    posts: list[Row] = field(default_factory=list)
    likes: list[Row] = field(default_factory=list)
    reposts: list[Row] = field(default_factory=list)
    mentions: list[Row] = field(default_factory=list)
    tags: list[Row] = field(default_factory=list)


class Telling:
    """Goes through the time of a community; the numbers of posts and reposts follow each other."""

    def __init__(self, rng: Random, size: Size, people: list[Person], first_id: int) -> None:
        self._rng, self._size, self._next = rng, size, first_id
        self._by_id = {person.id: person for person in people}
        self._ids = {person.username: person.id for person in people}
        self._writers = Weighted(rng, people, ACTIVITY)
        self._span = (size.end - size.first_post).total_seconds()

    def chapters(self) -> Iterator[Rows]:
        """All posts, AT_A_TIME of them together; nothing refers to a post of another chapter."""
        for start in range(0, self._size.posts, AT_A_TIME):
            numbers = range(start, min(start + AT_A_TIME, self._size.posts))
            rows = Rows()
            for number, author in zip(numbers, self._writers.some(len(numbers)), strict=True):
                moment = self._moment(number)
                # Before the post: the last number is a post's, and so is the next.
                if self._rng.random() < PASSED_ON:
                    self._repost(rows, moment)
                self._post(rows, author, moment)
            yield rows

    def _moment(self, number: int) -> datetime:
        seconds = self._span * (number / self._size.posts) ** GROWTH
        return self._size.first_post + timedelta(seconds=int(seconds))

    def _post(self, rows: Rows, author: Person, moment: datetime) -> None:
        parent = self._recent(rows) if self._rng.random() < ANSWERED else None
        body = self._body(author, parent)
        post_id = self._number()
        found = links.find(body) if "@" in body or "#" in body else []
        people = {self._ids[link.key] for link in found if link.sign == "@"}
        if parent:
            parent["reply_count"] += 1
            people |= {parent["user_id"]} - {author.id}
        rows.mentions += [{"user_id": user_id, "post_id": post_id} for user_id in sorted(people)]
        tags = {link.key for link in found if link.sign == "#"}
        rows.tags += [{"tag": tag, "post_id": post_id} for tag in sorted(tags)]
        rows.posts.append(
            {
                "id": post_id,
                "user_id": author.id,
                "body": body,
                "created_at": moment,
                "parent_id": parent["id"] if parent else None,
                "links": links.stored(found, self._ids.keys()),
                "language": author.language,
                "reply_count": 0,
                "repost_count": 0,
                "like_count": self._like(rows, post_id, moment),
            }
        )

    def _body(self, author: Person, parent: Row | None) -> str:
        if parent:
            return texts.answer(self._rng, author.language, self._by_id[parent["user_id"]].username)
        (somebody,) = self._writers.some(1)
        return texts.post(self._rng, author.language, somebody.username)

    def _like(self, rows: Rows, post_id: int, moment: datetime) -> int:
        amount = min(int(self._rng.paretovariate(LIKES)) - 1, MOST_LIKES)
        likers = {person.id for person in self._writers.some(amount)}
        rows.likes += [
            {"user_id": user_id, "post_id": post_id, "created_at": moment} for user_id in sorted(likers)
        ]
        return len(likers)

    def _repost(self, rows: Rows, moment: datetime) -> None:
        post, (reader,) = self._recent(rows), self._writers.some(1)
        if post is None or post["user_id"] == reader.id:
            return
        lately = rows.reposts[-MEMORY * 10 :]
        if any(row["post_id"] == post["id"] and row["user_id"] == reader.id for row in lately):
            return
        post["repost_count"] += 1
        row = {"id": self._number(), "user_id": reader.id, "post_id": post["id"], "created_at": moment}
        rows.reposts.append(row)

    def _recent(self, rows: Rows) -> Row | None:
        back = int(self._rng.expovariate(1 / MEMORY))
        return rows.posts[-1 - back] if back < len(rows.posts) else None

    def _number(self) -> int:
        self._next += 1
        return self._next - 1
