"""Lists by id: one row more than a page tells whether there is an older one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import abort, current_app, request

LARGEST_ID = 2**63 - 1


@dataclass(frozen=True)
class Entry:
    """A post as a list shows it."""

    id: int
    body: str
    created_at: datetime
    username: str
    display_name: str

    @property
    def name(self) -> str:
        """What to call the author."""
        return self.display_name or self.username


@dataclass(frozen=True)
class Page:
    """Posts, newest first, and the id below which the next page begins."""

    entries: Sequence[Entry]
    older: int | None

    @classmethod
    def of(cls, entries: Sequence[Entry], size: int) -> "Page":
        """A page out of up to size + 1 entries."""
        shown = entries[:size]
        return cls(shown, shown[-1].id if len(entries) > size else None)


def asked_before() -> int:
    """The id of `?before=`, by default above every id; anything else is a bad request."""
    text = request.args.get("before")
    if text is None:
        return LARGEST_ID
    if not (text.isascii() and text.isdigit() and len(text) <= 19 and 1 <= int(text) <= LARGEST_ID):
        abort(400)
    return int(text)


def page_size() -> int:
    """How many posts a page shows."""
    return int(current_app.config["POSTS_PER_PAGE"])
