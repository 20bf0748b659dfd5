"""Templates that others import have no context: what they name, every template has."""

import re

from flask import Flask
from jinja2 import meta

IMPORTED = re.compile(r'\{% from "([^"]+)" import [^%]*?(with context )?%\}')


def imported(app: Flask) -> set[str]:
    """The templates that are imported without context."""
    texts = [
        app.jinja_env.loader.get_source(app.jinja_env, name)[0] for name in app.jinja_env.list_templates()
    ]
    return {name for text in texts for name, context in IMPORTED.findall(text) if not context}


def test_a_template_without_context_names_only_what_all_have(app: Flask):
    names = imported(app)
    assert {"posts/list.html", "posts/compose.html", "fields.html"} <= names
    for name in names:
        text = app.jinja_env.loader.get_source(app.jinja_env, name)[0]
        unknown = meta.find_undeclared_variables(app.jinja_env.parse(text)) - set(app.jinja_env.globals)
        assert unknown == set(), name
