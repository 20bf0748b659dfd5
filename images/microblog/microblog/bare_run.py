"""What `flask run` on a developer's machine makes for itself in the instance folder."""

import os
import secrets
from pathlib import Path

from .settings import SettingsError


def database_url(instance: Path) -> str:
    """An SQLite file in the instance folder."""
    _make(instance)
    return f"sqlite:///{instance / 'microblog.sqlite3'}"


def secret_key(instance: Path) -> str:
    """A random key, made at the first run and kept for the owner's eyes alone."""
    _make(instance)
    path = instance / "secret_key"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text()
    with os.fdopen(descriptor, "w") as file:
        key = secrets.token_urlsafe(48)
        file.write(key)
    return key


def _make(instance: Path) -> None:
    try:
        instance.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        mistake = f"The folder {instance} cannot be made ({error.strerror})."
        raise SettingsError([mistake, "Set DATABASE_URL and SECRET_KEY_FILE."]) from None
