"""Addresses of pages, and of static files under names that change with their content, to be kept for ever."""

import hashlib
import os
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, abort, send_from_directory, url_for

FOREVER = "public, max-age=31536000, immutable"
PLAIN = "public, max-age=300"
# In the container: what the image brings, and where nginx serves it from, beside that of releases before.
BROUGHT = Path("/app/assets")
SERVED = Path("/assets")


def init_app(app: Flask, folder: Path) -> None:
    """Serve a flat folder under /static/ and give templates `asset_url`."""
    originals = {hashed_name(path): path.name for path in folder.iterdir() if path.is_file()}
    hashed = {original: name for name, original in originals.items()}

    def asset_url(name: str) -> str:
        return quick_url_for("static", name=hashed[name])

    def static(name: str) -> Response:
        if name not in originals and name not in hashed:
            abort(404)
        response = send_from_directory(folder, originals.get(name, name))
        response.headers["Cache-Control"] = FOREVER if name in originals else PLAIN
        return response

    # A page has thirty addresses, nearly all of them on every page.
    quick_url_for = lru_cache(maxsize=1024)(url_for)
    app.add_url_rule("/static/<name>", "static", static)
    app.jinja_env.globals.update(asset_url=asset_url, url_for=quick_url_for)


def keep() -> None:
    """Say that this release serves: what did not for a month is removed at the next start (entrypoint.sh)."""
    for path in BROUGHT.glob("*"):
        with suppress(OSError):
            os.utime(SERVED / path.name)


def hashed_name(path: Path) -> str:
    """style.css with its content's hash: style.0a1b2c3d.css (`sha256sum FILE | cut -c1-8`)."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
    return f"{path.stem}.{digest}{path.suffix}"
