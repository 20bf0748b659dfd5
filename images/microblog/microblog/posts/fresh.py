"""How many posts are new since a page was made: one indexed query, and 304 while nothing happened."""

from flask import Response, abort, jsonify, request
from flask_babel import get_locale, ngettext

from ..auth.signed_in import person, signed_in
from ..pages import Between, asked_after
from . import links, timelines
from .views import blueprint

MOST = 99


@blueprint.get("/fresh/explore")
def fresh_explore() -> Response:
    """New posts of all."""
    return _answer(timelines.everybody(person(), Between(after=asked_after()), MOST))


@blueprint.get("/fresh/home")
def fresh_home() -> Response:
    """New posts of the people one follows."""
    _somebody()
    return _answer(timelines.home_since(signed_in(), asked_after(), MOST))


@blueprint.get("/fresh/mentions")
def fresh_mentions() -> Response:
    """New posts that name one."""
    _somebody()
    return _answer(timelines.mentioning(signed_in(), Between(after=asked_after()), MOST))


@blueprint.get("/fresh/tags/<tag>")
def fresh_tagged(tag: str) -> Response:
    """New posts with a hashtag."""
    key = links.fold(tag) or abort(404)
    return _answer(timelines.tagged(key, person(), Between(after=asked_after()), MOST))


def _somebody() -> None:
    # A script gets a plain no: it has no use for the login page.
    if person() is None:
        abort(403)


def _answer(wanted: timelines.Ids) -> Response:
    number = timelines.count(wanted)
    text = ngettext("%(num)s new post", "%(num)s new posts", number) if number else ""
    response = jsonify(count=number, text=text)
    response.set_etag(f"{number}-{get_locale()}")
    response.vary.add("Accept-Language")
    response.headers["Cache-Control"] = "private, no-cache" if person() else "public, max-age=0, s-maxage=1"
    response.make_conditional(request)
    return response
