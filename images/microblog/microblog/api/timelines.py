"""Timelines: lists of posts, the newest first."""

from typing import Any

from flask import abort

from ..pages import Between
from ..posts import links, timelines
from . import resources
from .caller import owner, reader
from .cursors import listed, place
from .operations import N_, operation
from .schemas import PAGE

TIMELINES = N_("Timelines")
LIST: dict[str, Any] = {"answers": "PostPage", "query": PAGE}


@operation("GET", "/timelines/public", TIMELINES, N_("Everybody's posts"), **LIST)
def public(limit: int, cursor: str | None = None) -> Any:
    return _page(timelines.everybody(reader(), Between(place(cursor)), limit + 1), limit)


@operation("GET", "/timelines/tags/{tag}", TIMELINES, N_("The posts with a hashtag"), **LIST)
def tagged(tag: str, limit: int, cursor: str | None = None) -> Any:
    key = links.fold(tag) or abort(404)
    return _page(timelines.tagged(key, reader(), Between(place(cursor)), limit + 1), limit)


@operation(
    "GET", "/timelines/home", TIMELINES, N_("Your posts and those of whom you follow"), scope="read", **LIST
)
def home(limit: int, cursor: str | None = None) -> Any:
    return _page(timelines.home(owner(), Between(place(cursor)), limit + 1), limit)


@operation(
    "GET", "/timelines/mentions", TIMELINES, N_("The posts that name or answer you"), scope="read", **LIST
)
def mentions(limit: int, cursor: str | None = None) -> Any:
    return _page(timelines.mentioning(owner(), Between(place(cursor)), limit + 1), limit)


@operation("GET", "/timelines/likes", TIMELINES, N_("The posts you like"), scope="read", **LIST)
def likes(limit: int, cursor: str | None = None) -> Any:
    return _page(timelines.liked_by(owner(), Between(place(cursor)), limit + 1), limit)


def _page(wanted: timelines.Ids, limit: int) -> Any:
    return listed(timelines.page_of(wanted, limit), resources.post)
