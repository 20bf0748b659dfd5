"""What the environment says, read once into a frozen value."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from click import ClickException
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from .environment import secret_file, whole_number
from .mail.settings import MailSettings

SHORTEST_KEY = 32
MARIADB = "mysql+mysqldb"


class SettingsError(ClickException):
    """Everything that is wrong with the environment, one mistake a line."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


@dataclass(frozen=True)
class Settings:
    """How this microblog runs. None for the database or the key: a bare `flask run` makes its own."""

    database_url: str | None = None
    secret_key: str | None = None
    # Keys of before: what they signed is still taken for ours, but nothing new is signed with them.
    former_secret_keys: tuple[str, ...] = ()
    mail: MailSettings | None = None
    revision: str = "unknown"
    web_concurrency: int | None = None
    posts_per_page: int = 25
    # What one address, and one person's tokens, may ask the API for.
    api_requests_per_minute: int = 600
    # How many posts one person may write, after twice as many at once; more likes and follows (see pace).
    writes_per_minute: int = 10

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """The settings in an environment; raises SettingsError naming every mistake at once."""
        mistakes: list[str] = []
        database_url = _database_url(environment, mistakes)
        keys = _secret_keys(environment, mistakes)
        settings = cls(
            database_url=database_url,
            secret_key=keys[0] if keys else None,
            former_secret_keys=keys[1:],
            mail=MailSettings.from_environment(environment, mistakes),
            revision=environment.get("REVISION") or "unknown",
            web_concurrency=whole_number(environment, "WEB_CONCURRENCY", 1, 64, mistakes),
            posts_per_page=whole_number(environment, "POSTS_PER_PAGE", 1, 100, mistakes) or 25,
            api_requests_per_minute=whole_number(
                environment, "API_REQUESTS_PER_MINUTE", 1, 10_000_000, mistakes
            )
            or 600,
            writes_per_minute=whole_number(environment, "WRITES_PER_MINUTE", 1, 10_000_000, mistakes) or 10,
        )
        if mistakes:
            raise SettingsError(mistakes)
        return settings


def _database_url(environment: Mapping[str, str], mistakes: list[str]) -> str | None:
    password = secret_file(environment, "DATABASE_PASSWORD_FILE", mistakes)
    text = environment.get("DATABASE_URL", "")
    if not text:
        _needed_outside_a_bare_run(environment, "DATABASE_URL", mistakes)
        return None
    try:
        url = make_url(text)
    except ArgumentError:
        # The text may hold a password, so the sentence does not repeat it.
        mistakes.append("DATABASE_URL is not a database address like mysql+mysqldb://user@host/name.")
        return None
    if url.drivername not in {MARIADB, "sqlite"}:
        mistakes.append(f"DATABASE_URL starts with {url.drivername}: use {MARIADB} or sqlite.")
        return None
    if password is not None:
        url = url.set(password=password)
    return url.render_as_string(hide_password=False)


def _secret_keys(environment: Mapping[str, str], mistakes: list[str]) -> tuple[str, ...]:
    # A line each. The first signs; the others are of before, and go when nobody carries their signature.
    if not environment.get("SECRET_KEY_FILE"):
        _needed_outside_a_bare_run(environment, "SECRET_KEY_FILE", mistakes)
        return ()
    text = secret_file(environment, "SECRET_KEY_FILE", mistakes) or ""
    keys = tuple(line.strip() for line in text.splitlines() if line.strip())
    if any(len(key) < SHORTEST_KEY for key in keys):
        path = environment["SECRET_KEY_FILE"]
        mistakes.append(f"SECRET_KEY_FILE: {path} holds fewer than {SHORTEST_KEY} characters in a line.")
    return keys


def _needed_outside_a_bare_run(environment: Mapping[str, str], name: str, mistakes: list[str]) -> None:
    # The flask command says so itself; everything else (gunicorn, above all) must be told where to store.
    if name in environment or environment.get("FLASK_RUN_FROM_CLI") != "true":
        mistakes.append(f"{name} is not set.")
