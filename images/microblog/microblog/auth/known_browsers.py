"""Browsers in which somebody has logged in before, known by a cookie of their own.

Whoever guesses at somebody's password from anywhere uses up what strangers may try; the owner's own browser
has an allowance for itself, so nobody can lock them out (OWASP's "device cookies").
"""

from flask import Flask, Response, current_app, g, request
from itsdangerous import BadSignature, URLSafeSerializer

from .. import secret_tokens
from ..models import User
from ..sessions import cookie_name

COOKIE = "browser"
KEPT_SECONDS = 400 * 86400  # no browser keeps a cookie for longer
MOST_PEOPLE = 5


def init_app(app: Flask) -> None:
    """Send the cookie with the answer to a login."""
    app.after_request(_send)


def mark(user: User) -> str | None:
    """The mark that this browser was given when the person logged in here; None in a strange browser."""
    return _marks().get(str(user.id))


def remember(user: User) -> None:
    """From this answer on the browser is one of the person's own."""
    marks = {str(user.id): secret_tokens.new()[:16]} | _marks()
    g.browser_marks = dict(list(marks.items())[:MOST_PEOPLE])


def _marks() -> dict[str, str]:
    try:
        marks = _serializer().loads(request.cookies.get(cookie_name(COOKIE), ""))
    except BadSignature:
        return {}
    return dict(marks)


def _send(response: Response) -> Response:
    if "browser_marks" in g:
        response.set_cookie(
            cookie_name(COOKIE),
            _serializer().dumps(g.browser_marks),
            max_age=KEPT_SECONDS,
            httponly=True,
            samesite="Lax",
            secure=request.is_secure,
        )
    return response


def _serializer() -> URLSafeSerializer:
    # The last key signs, all of them are tried.
    keys = [*current_app.config["SECRET_KEY_FALLBACKS"], current_app.config["SECRET_KEY"]]
    return URLSafeSerializer(keys, salt="known browsers")
