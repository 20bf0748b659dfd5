"""Moments in UTC, and how to say them in a person's language."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache

from babel.dates import format_date, format_time, format_timedelta
from flask import Flask
from flask_babel import get_locale
from markupsafe import Markup

MINUTE, HOUR, DAY, WEEK = 60, 3600, 86400, 7 * 86400
LONGEST_RELATIVE = 30 * DAY


def init_app(app: Flask) -> None:
    """Give templates the filters `moment`, `full_moment` and `date`."""
    app.jinja_env.filters["moment"] = moment
    app.jinja_env.filters["full_moment"] = full_moment
    app.jinja_env.filters["date"] = date


def now() -> datetime:
    """The present, to the second the database keeps."""
    return datetime.now(UTC).replace(microsecond=0)


def moment(then: datetime) -> Markup:
    """A <time> element: how long ago in words, and the full date as its title."""
    language = str(get_locale())
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        then.isoformat(), absolute_text(language, then), in_words(language, then)
    )


def in_words(language: str, then: datetime) -> str:
    """How long ago in words, or the date of what is long ago."""
    age = int((now() - then).total_seconds())
    return date_text(language, then) if age > LONGEST_RELATIVE else relative_text(language, _rounded(age))


def full_moment(then: datetime) -> str:
    """23 Nov 2026, 04:46 UTC, as the language of the page writes it."""
    return absolute_text(str(get_locale()), then)


def date(then: datetime) -> Markup:
    """A <time> element with the date."""
    language = str(get_locale())
    return Markup('<time datetime="{}">{}</time>').format(then.isoformat(), date_text(language, then))


@lru_cache(maxsize=4096)
def absolute_text(language: str, then: datetime) -> str:
    """23 Nov 2026, 04:46 UTC, as the language writes it."""
    return f"{date_text(language, then)}, {format_time(then, 'short', locale=language)} UTC"


@lru_cache(maxsize=4096)
def date_text(language: str, then: datetime) -> str:
    """23 Nov 2026, as the language writes it."""
    return format_date(then, "medium", language)


@lru_cache(maxsize=1024)
def relative_text(language: str, age_seconds: int) -> str:
    """5 minutes ago, as the language says it."""
    return format_timedelta(
        timedelta(seconds=-age_seconds), add_direction=True, threshold=1, format="short", locale=language
    )


def _rounded(age: int) -> int:
    age = max(age, 1)
    unit = next((unit for unit in (WEEK, DAY, HOUR, MINUTE) if age >= unit), 1)
    return age // unit * unit
