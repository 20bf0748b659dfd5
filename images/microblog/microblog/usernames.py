"""Which names people may have."""

import re

from werkzeug.routing import BaseConverter

USERNAME_PATTERN = "[A-Za-z0-9_]{3,32}"
# Words that would look like a part of the site, or like somebody who speaks for it.
# fmt: off
RESERVED = frozenset({
    "about", "account", "admin", "administrator", "anonymous", "api", "avatars", "developers", "explore",
    "followers", "following", "healthz", "help", "home", "language", "languages", "login", "logout", "me",
    "messages", "metrics", "microblog", "moderation", "moderator", "notifications", "null", "people", "posts",
    "profile",
    "readyz", "register", "root", "search", "security", "settings", "signin", "signup", "static", "staff",
    "support", "system", "undefined", "www",
})
# fmt: on


class UsernameConverter(BaseConverter):
    """A part of a path that may be somebody's name: <username:username>."""

    regex = USERNAME_PATTERN


def key(username: str) -> str:
    """What makes two user names the same: their letters, not their case."""
    return username.lower()


def well_formed(username: str) -> bool:
    """Three to 32 letters, digits and underscores, with something besides underscores."""
    return bool(re.fullmatch(USERNAME_PATTERN, username)) and username.strip("_") != ""


def reserved(username: str) -> bool:
    """Names that would look like a part of the site."""
    return key(username) in RESERVED
