"""What the environment says, read once into a frozen value."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from click import ClickException
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

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
    revision: str = "unknown"
    web_concurrency: int | None = None
    posts_per_page: int = 25

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """The settings in an environment; raises SettingsError naming every mistake at once."""
        mistakes: list[str] = []
        settings = cls(
            database_url=_database_url(environment, mistakes),
            secret_key=_secret_key(environment, mistakes),
            revision=environment.get("REVISION") or "unknown",
            web_concurrency=_whole_number(environment, "WEB_CONCURRENCY", 1, 64, mistakes),
            posts_per_page=_whole_number(environment, "POSTS_PER_PAGE", 1, 100, mistakes) or 25,
        )
        if mistakes:
            raise SettingsError(mistakes)
        return settings


def _database_url(environment: Mapping[str, str], mistakes: list[str]) -> str | None:
    password = _secret_file(environment, "DATABASE_PASSWORD_FILE", mistakes)
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


def _secret_key(environment: Mapping[str, str], mistakes: list[str]) -> str | None:
    if not environment.get("SECRET_KEY_FILE"):
        _needed_outside_a_bare_run(environment, "SECRET_KEY_FILE", mistakes)
        return None
    key = _secret_file(environment, "SECRET_KEY_FILE", mistakes)
    if key is not None and len(key) < SHORTEST_KEY:
        path = environment["SECRET_KEY_FILE"]
        mistakes.append(f"SECRET_KEY_FILE: {path} holds fewer than {SHORTEST_KEY} characters.")
    return key


def _needed_outside_a_bare_run(environment: Mapping[str, str], name: str, mistakes: list[str]) -> None:
    # The flask command says so itself; everything else (gunicorn, above all) must be told where to store.
    if name in environment or environment.get("FLASK_RUN_FROM_CLI") != "true":
        mistakes.append(f"{name} is not set.")


def _secret_file(environment: Mapping[str, str], name: str, mistakes: list[str]) -> str | None:
    path = environment.get(name)
    if not path:
        return None
    try:
        secret = Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        mistakes.append(f"{name}: {path} cannot be read ({error.strerror or error}).")
        return None
    except ValueError:
        mistakes.append(f"{name}: {path} is not text.")
        return None
    if not secret:
        mistakes.append(f"{name}: {path} is empty.")
        return None
    return secret


def _whole_number(
    environment: Mapping[str, str], name: str, least: int, most: int, mistakes: list[str]
) -> int | None:
    text = environment.get(name, "")
    if not text:
        return None
    if text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most:
        return int(text)
    mistakes.append(f"{name} is {text!r}: a whole number from {least} to {most} is needed.")
    return None
