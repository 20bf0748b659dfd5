"""Posts and threads: reading, writing, deleting, likes and reposts."""

from collections.abc import Callable
from typing import Any

from flask import abort
from werkzeug.exceptions import Conflict, Forbidden

from .. import metrics, pace
from ..models import User
from ..pace import Deed
from ..pages import Entry
from ..posts import reactions, spoken_language, threads, timelines, writing
from ..posts.forms import PostForm
from . import input, resources
from .caller import owner, reader
from .cursors import listed, place
from .operations import N_, PREFIX, answer, operation
from .schemas import PAGE

POSTS = N_("Posts")
ONE = "/posts/{post_id}"


@operation(
    "POST", "/posts", POSTS, N_("Write a post or an answer"), answers="Post", status=201, scope="write",
    body="NewPost", problems=(404,),
)  # fmt: skip
def write(body: dict[str, Any]) -> Any:
    form = input.rules(PostForm(formdata=None, data={"body": body["body"]}, meta={"csrf": False}))
    parent = _one(body["in_reply_to"]) if "in_reply_to" in body else None
    pace.count(Deed.POST, owner())
    language = spoken_language.written(form.body.data, owner().language)
    post = writing.write(owner(), form.body.data, parent, language=language) or abort(404)
    metrics.posts_created.inc()
    return answer(resources.post(_one(post.id)), 201, Location=f"{PREFIX}/posts/{post.id}")


@operation("GET", ONE, POSTS, N_("One post"), answers="Post")
def post(post_id: int) -> Any:
    return resources.post(_one(post_id))


@operation("DELETE", ONE, POSTS, N_("Delete a post of yours"), status=204, scope="write")
def delete(post_id: int) -> None:
    if _one(post_id).username != owner().username:
        raise Forbidden("This post is somebody else's.")
    writing.remove(owner(), post_id)


@operation(
    "GET", f"{ONE}/thread", POSTS, N_("The nearest posts above a post, the highest first"), answers="Thread"
)
def thread(post_id: int) -> Any:
    parent_id = _place(post_id)
    above = threads.ancestors(parent_id, reader()) if parent_id else []
    return {"items": [resources.post_or_gap(entry) for entry in above]}


@operation(
    "GET",
    f"{ONE}/replies",
    POSTS,
    N_("The answers to a post, the first first"),
    answers="PostOrGapPage",
    query=PAGE,
)
def replies(post_id: int, limit: int, cursor: str | None = None) -> Any:
    _place(post_id)
    page = threads.replies(post_id, place(cursor, first=0), limit, reader())
    return listed(page, resources.post_or_gap)


@operation("PUT", f"{ONE}/like", POSTS, N_("Like a post"), status=204, scope="write")
def like(post_id: int) -> None:
    _react(reactions.like, _one(post_id))


@operation("DELETE", f"{ONE}/like", POSTS, N_("Like a post no more"), status=204, scope="write")
def unlike(post_id: int) -> None:
    _react(reactions.unlike, _one(post_id))


@operation("PUT", f"{ONE}/repost", POSTS, N_("Pass a post on"), status=204, scope="write", problems=(409,))
def repost(post_id: int) -> None:
    _react(reactions.repost, _of_somebody_else(post_id))


@operation(
    "DELETE", f"{ONE}/repost", POSTS, N_("Take a repost back"), status=204, scope="write", problems=(409,)
)
def unrepost(post_id: int) -> None:
    _react(reactions.unrepost, _of_somebody_else(post_id))


def _react(reaction: Callable[[User, int], None], entry: Entry) -> None:
    pace.count(Deed.REACTION, owner())
    reaction(owner(), entry.id)


def _one(post_id: int) -> Entry:
    return timelines.one(post_id, reader()) or abort(404)


def _place(post_id: int) -> int | None:
    """What a post answers, be it there or only its place in a thread."""
    entry = timelines.one(post_id, reader())
    return (entry or threads.gap(post_id, reader()) or abort(404)).parent_id


def _of_somebody_else(post_id: int) -> Entry:
    entry = _one(post_id)
    if entry.username == owner().username:
        raise Conflict("This post is your own.")
    return entry
