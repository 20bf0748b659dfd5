"""How mail leaves this site; without these settings it sends none, and says so."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import SplitResult, unquote, urlsplit

from ..environment import secret_file
from .addresses import in_ascii

# What stands in MAIL_URL, and the usual port of each.
PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:]+\](:[0-9]{1,5})?")


@dataclass(frozen=True)
class MailSettings:
    """The mail server, who the letters are from, and the address that their links begin with."""

    host: str
    port: int
    security: str
    sender: str
    public_url: str
    username: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], mistakes: list[str]) -> Self | None:
        """MAIL_URL with what it needs; None without it. Adds what is wrong to the mistakes."""
        if not environment.get("MAIL_URL"):
            return None
        before = len(mistakes)
        url = _url(environment["MAIL_URL"], mistakes)
        sender = _sender(environment.get("MAIL_FROM", ""), mistakes)
        public_url = _public_url(environment.get("PUBLIC_URL", ""), mistakes)
        password = ""
        if url and url.username:
            password = secret_file(environment, "MAIL_PASSWORD_FILE", mistakes) or ""
            if not environment.get("MAIL_PASSWORD_FILE"):
                mistakes.append(
                    "MAIL_URL has a user, so MAIL_PASSWORD_FILE must name the file with the password."
                )
        if url is None or len(mistakes) > before:
            return None
        return cls(
            host=url.hostname or "",
            port=url.port or PORTS[url.scheme],
            security=url.scheme,
            sender=sender,
            public_url=public_url,
            username=unquote(url.username or ""),
            password=password,
        )


def _url(text: str, mistakes: list[str]) -> SplitResult | None:
    try:
        url = urlsplit(text)
        known = url.scheme in PORTS and url.hostname and url.port != 0
    except ValueError:
        known = None
    # The text may hold a password, so no sentence repeats it.
    if not known:
        mistakes.append("MAIL_URL is not an address like smtp+starttls://user@mail.example.org:587.")
        return None
    if url.password:
        mistakes.append("MAIL_URL holds a password: put it into a file and name that in MAIL_PASSWORD_FILE.")
        return None
    return url


def _sender(text: str, mistakes: list[str]) -> str:
    try:
        return in_ascii(text)
    except ValueError:
        mistakes.append("MAIL_FROM is not an address like microblog@example.org; MAIL_URL needs it.")
        return text


def _public_url(text: str, mistakes: list[str]) -> str:
    origin = text.rstrip("/")
    if not ORIGIN.fullmatch(origin):
        mistakes.append("PUBLIC_URL is not an address like https://blog.example.org; MAIL_URL needs it.")
    return origin
