"""Who is asking: the person of the session, loaded only when there is one."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import ParamSpec, TypeVar, cast

from flask import Flask, flash, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import LoginManager, current_user
from flask_login import login_user as remember_user

from ..database import db
from ..models import User
from ..times import now

SEEN_EVERY = timedelta(minutes=5)
KEPT_AT_LOGIN = ("language",)

Arguments = ParamSpec("Arguments")
View = TypeVar("View", bound=ResponseReturnValue)

login_manager = LoginManager()


def init_app(app: Flask) -> None:
    """Load people by the id in their session and show them to templates as `person`."""
    # Nothing here asks for a fresh login, and a phone changes its address all day.
    login_manager.session_protection = None
    login_manager.user_loader(_load)
    login_manager.init_app(app, add_context_processor=False)
    # A page about a broken database must not ask the database who reads it.
    app.context_processor(lambda: {"person": None if g.get("without_person") else person()})


def person() -> User | None:
    """The person who is logged in."""
    user = current_user._get_current_object()
    return user if isinstance(user, User) else None


def signed_in() -> User:
    """The person, where the page is for people who are logged in only."""
    return cast(User, person())


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


def sign_in(user: User, remember: bool) -> None:
    """Begin a new session for a person; nothing of a stranger's session stays but the language."""
    kept = {name: session[name] for name in KEPT_AT_LOGIN if name in session}
    session.clear()
    session.update(kept)
    session.permanent = remember
    remember_user(user)


def _load(user_id: str) -> User | None:
    user = db.session.get(User, int(user_id))
    if user and now() - user.last_seen > SEEN_EVERY:
        _see(user)
    return user


def _see(user: User) -> None:
    user.last_seen = now()
    db.session.commit()
    session.modified = True  # prolongs a remembered session
