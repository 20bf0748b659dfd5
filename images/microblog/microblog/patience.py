"""What somebody is told who has to wait: when to try again, and where they wrote, with what they wrote."""

from collections.abc import Callable
from math import ceil

from flask import g
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.exceptions import TooManyRequests
from wtforms import Field


def keep(field: Field, page: Callable[[], str]) -> None:
    """From here on, whoever has to wait sees this page, on which the field says so."""
    g.kept_page = field, page


def kept_page(error: TooManyRequests) -> str | None:
    """The page with what was written and when to send it again; None where nothing was."""
    if "kept_page" not in g:
        return None
    field, page = g.kept_page
    field.errors = [_("Not sent: that was too much at once."), when(error) or ""]
    return str(page())


def when(error: TooManyRequests) -> str | None:
    """When to try again, in a sentence; None where nobody knows."""
    seconds = error.retry_after
    if not isinstance(seconds, int):
        return None
    if seconds <= 60:
        return str(
            ngettext("Please try again in %(num)d second.", "Please try again in %(num)d seconds.", seconds)
        )
    minutes = ceil(seconds / 60)
    return str(
        ngettext("Please try again in %(num)d minute.", "Please try again in %(num)d minutes.", minutes)
    )
