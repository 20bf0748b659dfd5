"""Attributes that tie a form field to its hint and its errors."""

from flask import Flask


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
