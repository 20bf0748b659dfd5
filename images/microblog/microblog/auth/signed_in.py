"""Who is asking: the person of the session, loaded only when there is one."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import ParamSpec, TypeVar, cast

from flask import Flask, flash, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _

from ..models import User
from ..times import now
from ..unread import Unread
from . import known_browsers, sign_ins

SEEN_EVERY = timedelta(minutes=5)
KEPT_AT_LOGIN = ("language",)
TOKEN = "sign_in"  # noqa: S105 - the name of the token in the session

Arguments = ParamSpec("Arguments")
View = TypeVar("View", bound=ResponseReturnValue)


def init_app(app: Flask) -> None:
    """Show templates the person of the session as `person`, and what is new for them as `unread`."""
    known_browsers.init_app(app)
    # A page about a broken database must not ask the database who reads it.
    app.context_processor(_for_templates)
    # For templates that others import: they have no context.
    app.jinja_env.globals["reader"] = lambda: _for_templates()["person"]


def person() -> User | None:
    """The person who is logged in."""
    found = _found()
    return found.user if found else None


def person_now() -> User | None:
    """The person, looked for anew: their account may have ended since the request began."""
    g.pop("sign_in", None)
    return person()


def unread() -> Unread:
    """What is new for the person who is logged in."""
    found = _found()
    return found.unread if found else Unread()


def signed_in() -> User:
    """The person, where the page is for people who are logged in only."""
    return cast(User, person())


def sign_in_id() -> int:
    """Which of the person's browsers this is, where the page is for people who are logged in only."""
    return cast(sign_ins.Found, _found()).sign_in_id


def signed_in_only(
    view: Callable[Arguments, ResponseReturnValue],
) -> Callable[Arguments, ResponseReturnValue]:
    """Send strangers to the login page, and from there back to a page they may read."""

    @wraps(view)
    def guarded(*args: Arguments.args, **kwargs: Arguments.kwargs) -> ResponseReturnValue:
        if person() is not None:
            return view(*args, **kwargs)
        flash(_("Please log in first."))
        query = f"?{request.query_string.decode('latin-1')}" if request.query_string else ""
        target = request.path + query if request.method in {"GET", "HEAD"} else None
        return redirect(url_for("auth.login", next=target), 303)

    return guarded


def sign_in(user: User, remember: bool) -> bool:
    """Begin a new session for a person; nothing of the session before it stays but the language.

    False when the person's password was changed since they were found.
    """
    sign_out()
    session.permanent = remember
    _note_language(user)
    token = sign_ins.begin(user, remember, request.headers.get("User-Agent", ""))
    if token is None:
        return False
    session[TOKEN] = token
    known_browsers.remember(user)
    return True


def renew_sign_in() -> None:
    """The same person in the same browser, with a new token: they have just shown who they are."""
    found = cast(sign_ins.Found, _found())
    sign_in(found.user, found.remembered)


def sign_out() -> None:
    """End this browser's session, here and in the database."""
    found = _found()
    if found:
        sign_ins.end(found.user, found.sign_in_id)
    forget_session()


def forget_session() -> None:
    """Clear the cookie; the database knows already."""
    kept = {name: session[name] for name in KEPT_AT_LOGIN if name in session}
    session.clear()
    session.update(kept)
    g.pop("sign_in", None)


def _note_language(user: User) -> None:
    # Whoever commits stores it. What the browser asks for does not replace what somebody chose.
    chosen = session.get("language")
    if chosen or not user.language:
        user.language = str(get_locale())


def _for_templates() -> dict[str, User | Unread | None]:
    if g.get("without_person"):
        return {"person": None, "unread": Unread()}
    return {"person": person(), "unread": unread()}


def _found() -> sign_ins.Found | None:
    if "sign_in" not in g:
        g.sign_in = _load()
    return cast(sign_ins.Found | None, g.sign_in)


def _load() -> sign_ins.Found | None:
    token = session.get(TOKEN)
    if not isinstance(token, str):
        return None
    found = sign_ins.find(token)
    if found is None:
        session.pop(TOKEN)
    elif now() - min(found.last_used, found.user.last_seen) > SEEN_EVERY:
        _note_language(found.user)
        sign_ins.see(found)
        session.modified = True  # prolongs a remembered session
    return found
