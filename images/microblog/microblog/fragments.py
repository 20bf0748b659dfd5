"""Parts of pages as they were rendered before, kept under all that they depend on, in every worker."""

from collections.abc import Callable, Hashable
from typing import Any

from flask import Flask, g
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup

from .kept import Kept

# About 2 kB each.
MOST_KEPT = 1000
# Stands for the token of the session, which no two people share. What has this character is not kept.
MARK = "\0"

_kept: Kept[Hashable, str] = Kept(MOST_KEPT)


def init_app(app: Flask) -> None:
    """Give templates `remembered`, for `{% call remembered(name, …) %}`: the arguments are the key.

    Without a name nothing is kept.
    """
    app.jinja_env.globals["remembered"] = lambda name, *key, caller: (
        remembered((name, *key), caller) if name else caller()
    )


def remembered(key: Hashable, render: Callable[[], Any]) -> Markup:
    """What `render` makes, or made before under this key; the session's own token is in it every time."""
    html = _kept.get(key)
    if html is None:
        html = str(render())
        if MARK in html:
            return Markup(html)  # noqa: S704  # nosec B704 - as it was rendered
        # Where somebody has asked for the token, it may be in there.
        if "csrf_token" in g:
            html = html.replace(g.csrf_token, MARK)
        _kept.keep(key, html)
    return Markup(html.replace(MARK, generate_csrf()) if MARK in html else html)  # noqa: S704  # nosec B704 - as it was rendered
