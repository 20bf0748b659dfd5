"""A picture for everyone: initials on a colour that follows from the name."""

import hashlib

from flask import Blueprint, Response

from .usernames import key

blueprint = Blueprint("avatars", __name__)

# White text on each of these has a contrast of at least 4.5.
COLOURS = (
    ("#b3261e", "#8c1d18"),
    ("#a8411b", "#7f3014"),
    ("#8a5a00", "#6b4600"),
    ("#4f6f13", "#3b540d"),
    ("#1f7a3d", "#165a2c"),
    ("#0f766e", "#0a5751"),
    ("#0b6fa4", "#08527a"),
    ("#2459c9", "#1a4297"),
    ("#5146c8", "#3c3496"),
    ("#7b3fbf", "#5c2f90"),
    ("#a1328f", "#79256b"),
    ("#b0285f", "#841e47"),
)
PICTURE = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" width="64" height="64">'
    '<linearGradient id="g" x2="1" y2="1"><stop stop-color="{light}"/>'
    '<stop offset="1" stop-color="{dark}"/></linearGradient>'
    '<path fill="url(#g)" d="M0 0h64v64H0z"/>'
    '<text x="32" y="33" fill="#fff" font-family="system-ui,sans-serif" font-size="26" font-weight="600"'
    ' text-anchor="middle" dominant-baseline="central">{initials}</text></svg>'
)


@blueprint.get("/avatars/<username:username>.svg")
def avatar(username: str) -> Response:
    """The picture of anyone of that name; it never changes, so a month in a cache is safe."""
    response = Response(picture(username), mimetype="image/svg+xml")
    response.headers["Cache-Control"] = "public, max-age=2592000"
    return response


def picture(username: str) -> str:
    """The SVG for a user name, the same whatever the case."""
    digest = hashlib.sha256(key(username).encode()).digest()
    light, dark = COLOURS[digest[0] % len(COLOURS)]
    return PICTURE.format(light=light, dark=dark, initials=initials(username))


def initials(username: str) -> str:
    """Two letters: of two words joined by an underscore, else the first two."""
    words = [word for word in username.split("_") if word]
    if not words:
        return "_"
    letters = words[0][0] + words[1][0] if len(words) > 1 else words[0][:2]
    return letters.upper()
