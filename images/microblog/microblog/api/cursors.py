"""Pages of a list: a cursor is the place where one ends, and nobody need know what is in it."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from flask import request

from ..pages import LARGEST_ID, Page, Placed

PATTERN = "^[A-Za-z0-9_-]{11}$"
PLACE_BYTES = 8

Row = TypeVar("Row", bound=Placed)


def cursor(place: int) -> str:
    """A place as eleven letters, digits, - and _."""
    return urlsafe_b64encode(place.to_bytes(PLACE_BYTES, "big")).decode().rstrip("=")


def place(cursor: str | None, first: int = LARGEST_ID) -> int:
    """The place in a cursor, or the first of all without one; any text of the right form is some place."""
    if cursor is None:
        return first
    return int.from_bytes(urlsafe_b64decode(f"{cursor}="), "big") & LARGEST_ID


def listed(page: Page[Row], described: Callable[[Row], dict[str, Any]]) -> dict[str, Any]:
    """A page as programs get it: the items, and the path of the page after it."""
    return {"items": [described(row) for row in page.entries], "next": _next(page.older)}


def _next(older: int | None) -> str | None:
    if older is None:
        return None
    # A path alone: it holds on whatever host and scheme the program came by. It is a header too: ASCII only.
    return f"{quote(request.path)}?{urlencode({**request.args, 'cursor': cursor(older)})}"
