"""People: who they are, whom they follow, and what one is to them."""

from collections.abc import Callable
from typing import Any

from flask import abort
from sqlalchemy import bindparam, select
from werkzeug.exceptions import Conflict, Forbidden

from .. import pace, usernames
from ..database import db
from ..models import User
from ..pace import Deed
from ..pages import Between
from ..people import acquaintance, following, hiding
from ..people.acquaintance import Acquaintance
from ..people.forms import ProfileForm
from ..posts import timelines
from ..visibility import suspended
from . import input, resources
from .caller import counts_no_longer, owner, reader
from .cursors import listed, place
from .operations import N_, demand_state, operation
from .schemas import FLAG, PAGE

PEOPLE = N_("People")
ONE = "/users/{username}"

# What a stranger gets of a person, made once: this is what programs ask for most.
PERSON = User.__table__.c
COLUMNS = (
    PERSON.username,
    PERSON.display_name,
    PERSON.about,
    PERSON.created_at,
    PERSON.last_seen,
    PERSON.post_count,
    PERSON.follower_count,
    PERSON.following_count,
)
FOR_STRANGERS = select(*COLUMNS).where(PERSON.username_key == bindparam("key"), ~suspended(PERSON.id))


@operation("GET", "/users", PEOPLE, N_("All people, the newest first"), answers="PersonPage", query=PAGE)
def users(limit: int, cursor: str | None = None) -> Any:
    return listed(acquaintance.everybody(reader(), place(cursor), limit), resources.listed)


@operation("GET", ONE, PEOPLE, N_("One person"), answers="Profile")
def user(username: str) -> Any:
    if reader():
        return resources.known(_find(username))
    with db.engine.connect() as connection:
        row = connection.execute(FOR_STRANGERS, {"key": usernames.key(username)}).first()
    return resources.profile(row) if row else abort(404)


@operation("GET", "/me", PEOPLE, N_("Yourself"), answers="Profile", scope="read")
def me() -> Any:
    known = acquaintance.find(owner().username, owner())
    # Their account may have ended, or been suspended, since the request began.
    if known is None or known.suspended:
        raise counts_no_longer()
    return resources.known(known)


@operation(
    "PATCH",
    "/me",
    PEOPLE,
    N_("Change your name or what you say about yourself"),
    answers="Profile",
    scope="write",
    body="ProfileChange",
    problems=(412,),
)
def change_me(body: dict[str, str]) -> Any:
    user = owner()
    values = {"display_name": user.display_name, "about": user.about} | body
    form = input.rules(ProfileForm(formdata=None, data=values, meta={"csrf": False}))
    demand_state(_me_held)
    for field in body:
        setattr(user, field, form.data[field])
    db.session.commit()
    return me()


@operation(
    "GET", "/me/hidden", PEOPLE, N_("Whom you block or mute"), answers="HiddenPage", scope="read", query=PAGE
)
def hidden(limit: int, cursor: str | None = None) -> Any:
    return listed(acquaintance.hidden_by(owner(), place(cursor), limit), resources.hidden)


@operation(
    "GET",
    f"{ONE}/posts",
    PEOPLE,
    N_("What a person wrote and passed on"),
    answers="PostPage",
    query=PAGE | {"replies": FLAG | {"default": False}},
)
def posts(username: str, limit: int, replies: bool, cursor: str | None = None) -> Any:
    written = timelines.written_by_with_replies if replies else timelines.written_by
    wanted = written(_seen(username).user, reader(), Between(place(cursor)), limit + 1)
    return listed(timelines.page_of(wanted, limit), resources.post)


@operation("GET", f"{ONE}/followers", PEOPLE, N_("Who follows a person"), answers="PersonPage", query=PAGE)
def followers(username: str, limit: int, cursor: str | None = None) -> Any:
    page = acquaintance.followers(_seen(username).user, reader(), place(cursor), limit)
    return listed(page, resources.listed)


@operation("GET", f"{ONE}/following", PEOPLE, N_("Whom a person follows"), answers="PersonPage", query=PAGE)
def followed(username: str, limit: int, cursor: str | None = None) -> Any:
    page = acquaintance.following(_seen(username).user, reader(), place(cursor), limit)
    return listed(page, resources.listed)


def changes(method: str, path: str, summary: str, *problems: int) -> Callable[..., Any]:
    """An operation that changes what one is to a person; doing it twice is doing it once."""
    return operation(
        method, f"{ONE}/{path}", PEOPLE, summary, status=204, scope="write", problems=(409, *problems)
    )


@changes("PUT", "follow", N_("Follow a person"))
def follow(username: str) -> None:
    known = _somebody_else(username)
    if known.blocks:
        raise Forbidden("You block this person.")
    _tie(following.follow, known)


@changes("DELETE", "follow", N_("Follow a person no more"))
def unfollow(username: str) -> None:
    _tie(following.unfollow, _somebody_else(username))


@changes("PUT", "block", N_("Block a person: neither sees anything of the other"))
def block(username: str) -> None:
    _tie(hiding.block, _somebody_else(username))


@changes("DELETE", "block", N_("Block a person no more"))
def unblock(username: str) -> None:
    _tie(hiding.unblock, _somebody_else(username))


@changes("PUT", "mute", N_("Mute a person: you see nothing of them"))
def mute(username: str) -> None:
    _tie(hiding.mute, _somebody_else(username))


@changes("DELETE", "mute", N_("Mute a person no more"))
def unmute(username: str) -> None:
    _tie(hiding.unmute, _somebody_else(username))


def _tie(change: Callable[[User, User], None], known: Acquaintance) -> None:
    pace.count(Deed.TIE, owner())
    change(owner(), known.user)


def _me_held() -> Any:
    """Yourself, as you are until the commit: another change waits."""
    held = select(User).where(User.id == owner().id).with_for_update()
    db.session.scalar(held.execution_options(populate_existing=True))
    return me()


def _find(username: str) -> Acquaintance:
    known = acquaintance.find(username, reader())
    return abort(404) if known is None or known.suspended else known


def _seen(username: str) -> Acquaintance:
    known = _find(username)
    return abort(404) if known.hidden else known


def _somebody_else(username: str) -> Acquaintance:
    known = _find(username)
    if known.user.id == owner().id:
        raise Conflict("This is yourself.")
    return known
