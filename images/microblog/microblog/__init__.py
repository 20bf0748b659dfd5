"""A social microblog: short posts, people who follow each other, and what operating it needs."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from . import (
    account,
    api,
    assets,
    auth,
    avatars,
    bare_run,
    cli,
    database,
    developers,
    errors,
    exports,
    fields,
    fragments,
    headers,
    health,
    images,
    languages,
    logs,
    messages,
    metrics,
    moderation,
    notifications,
    people,
    posts,
    request_log,
    search,
    sessions,
    times,
)
from .images import uploads
from .posts import spoken_language
from .settings import Settings
from .usernames import UsernameConverter

__version__ = "0.1.0"

PACKAGE = Path(__file__).parent
# The longest message is 120 kB: each of its characters up to 4 bytes, and a form writes a byte as %F0.
LARGEST_FORM_BYTES = 128 * 1024


class Application(Flask):
    """Flask, without asking for every function of every request whether it is a coroutine: none is."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func


def create_app(settings: Settings | None = None) -> Flask:
    """The application; without settings they are read from the environment (raises SettingsError)."""
    logs.write_json_lines()
    app = Application(__name__, static_folder=None)
    settings = settings or Settings.from_environment(os.environ)
    app.config.update(
        SECRET_KEY=settings.secret_key or bare_run.secret_key(Path(app.instance_path)),
        SECRET_KEY_FALLBACKS=list(settings.former_secret_keys),
        MAIL=settings.mail,
        SQLALCHEMY_DATABASE_URI=settings.database_url or bare_run.database_url(Path(app.instance_path)),
        POSTS_PER_PAGE=settings.posts_per_page,
        API_REQUESTS_PER_MINUTE=settings.api_requests_per_minute,
        WRITES_PER_MINUTE=settings.writes_per_minute,
        MAX_CONTENT_LENGTH=LARGEST_FORM_BYTES,
        MAX_FORM_MEMORY_SIZE=LARGEST_FORM_BYTES,
        MAX_FORM_PARTS=50,
    )
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True, "autoescape": True}
    # nginx is the one hop in front; it passes the host it was asked for in the Host header itself.
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1)  # type: ignore[method-assign]

    # The order is the order of what happens at the start of a request (and backwards at its end).
    request_log.init_app(app)
    metrics.init_app(app, version=__version__, revision=settings.revision)
    headers.init_app(app)
    uploads.init_app(app)
    sessions.init_app(app)
    database.init_app(app)
    languages.init_app(app)
    assets.init_app(app, PACKAGE / "static")
    times.init_app(app)
    auth.init_app(app)
    api.init_app(app)
    errors.init_app(app)
    fields.init_app(app)
    fragments.init_app(app)
    cli.init_app(app)
    app.url_map.converters["username"] = UsernameConverter
    for blueprint in (
        account.blueprint,
        account.mailed,
        api.blueprint,
        auth.blueprint,
        avatars.blueprint,
        developers.blueprint,
        exports.blueprint,
        health.blueprint,
        images.blueprint,
        languages.blueprint,
        messages.blueprint,
        moderation.blueprint,
        notifications.blueprint,
        people.blueprint,
        posts.blueprint,
        search.blueprint,
    ):
        app.register_blueprint(blueprint)
    spoken_language.warm_up()
    metrics.start_error_series_at_zero(app)
    return app
