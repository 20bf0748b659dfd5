"""Lists by id: one row more than a page tells whether there is an older one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, NamedTuple, Protocol, TypeVar

from flask import abort, current_app, request
from sqlalchemy import ColumnElement, and_

LARGEST_ID = 2**63 - 1

Row = TypeVar("Row", bound="Placed")


class Placed(Protocol):
    """What a list shows, with its place in it."""

    @property
    def place(self) -> int: ...


class Entry(NamedTuple):
    """A post as a list shows it. Without a body it is a gap: deleted, or not for the reader."""

    place: int
    id: int
    body: str | None
    links: str | None = None
    created_at: datetime | None = None
    username: str = ""
    display_name: str = ""
    parent_id: int | None = None
    reply_count: int = 0
    repost_count: int = 0
    like_count: int = 0
    answers: str | None = None
    liked: bool = False
    reposted: bool = False
    language: str | None = None
    picture: str | None = None
    picture_width: int = 0
    picture_height: int = 0
    picture_alt: str = ""
    reposter: str | None = None
    reposter_name: str | None = None
    why: str | None = None  # of a gap that a thread tells about: "removed" or "suspended"

    @property
    def name(self) -> str:
        """What to call the author."""
        return self.display_name or self.username


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Rows in order, the place where the next page begins, and the newest place there is to know of."""

    entries: Sequence[Row]
    older: int | None

    @classmethod
    def of(cls, entries: Sequence[Row], size: int) -> "Page[Row]":
        """A page out of up to size + 1 entries."""
        shown = entries[:size]
        return cls(shown, shown[-1].place if len(entries) > size else None)

    @property
    def newest(self) -> int:
        """The place of the first row, 0 on an empty page."""
        return self.entries[0].place if self.entries else 0


@dataclass(frozen=True)
class Between:
    """Places below one and above another."""

    before: int = LARGEST_ID
    after: int | ColumnElement[int] | None = None

    def holds(self, place: object) -> ColumnElement[bool]:
        """The condition that a column's value is in between."""
        column: ColumnElement[int] = place  # type: ignore[assignment]
        below = column < self.before
        return below if self.after is None else and_(below, column > self.after)

    @property
    def is_newest(self) -> bool:
        """Whether this is the first page."""
        return self.before == LARGEST_ID


def asked_before() -> int:
    """The place of `?before=`, by default above every place; anything else is a bad request."""
    return asked_place("before", LARGEST_ID, least=1)


def asked_after() -> int:
    """The place of `?after=`, by default below every place; anything else is a bad request."""
    return asked_place("after", 0)


def page_size() -> int:
    """How many rows a page shows."""
    return int(current_app.config["POSTS_PER_PAGE"])


def asked_place(name: str, default: int, least: int = 0) -> int:
    """The place of a parameter in the address; anything else is a bad request."""
    text = request.args.get(name)
    return default if text is None else _place(text, least)


def posted_place(name: str) -> int:
    """The place in a form; anything else is a bad request."""
    return _place(request.form.get(name, ""), 0)


def _place(text: str, least: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 19 and least <= int(text) <= LARGEST_ID):
        abort(400)
    return int(text)
