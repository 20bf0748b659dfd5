"""Forms on pages, and attributes that tie a field to its hint and its errors."""

from functools import cache
from typing import TypeVar, cast

from flask import Flask
from flask_wtf import FlaskForm
from werkzeug.local import LocalProxy

Form = TypeVar("Form", bound=FlaskForm)


def init_app(app: Flask) -> None:
    """Give templates `described`."""
    app.jinja_env.globals["described"] = described


def described(ids: str, errors: object, focus: bool = False) -> dict[str, str | bool]:
    """aria-describedby with the ids, aria-invalid when there are errors, and the cursor if asked."""
    attributes: dict[str, str | bool] = {"autofocus": focus}
    if ids.strip():
        attributes["aria-describedby"] = ids.strip()
    if errors:
        attributes["aria-invalid"] = "true"
    return attributes


def unfilled(form: type[Form]) -> Form:
    """A form to be filled in, made when a page asks for it: mostly it was rendered before."""
    return cast(Form, LocalProxy(cache(lambda: form(formdata=None))))
