"""The search page, over posts and over people."""

from typing import Any

from flask import Blueprint, render_template, request

from ..auth.signed_in import person
from ..pages import Between, Page, asked_before, page_size
from . import found_people, found_posts
from .query import QUERY_LENGTH, Query, parse

blueprint = Blueprint("search", __name__)


@blueprint.get("/search")
def posts() -> str:
    """Posts with all that is asked for."""
    text, query = _asked()
    between = Between(asked_before())
    page = found_posts.search(query, person(), between, page_size()) if query else Page((), None)
    return _page("search/posts.html", page, text, query)


@blueprint.get("/search/people")
def people() -> str:
    """People with a name or a description like that."""
    text, query = _asked()
    before = asked_before()
    page = found_people.search(query, person(), before, page_size()) if query else Page((), None)
    return _page("search/people.html", page, text, query)


def _asked() -> tuple[str, Query]:
    text = request.args.get("q", "").replace("\0", "")[:QUERY_LENGTH]
    return text, parse(text)


def _page(template: str, page: Page[Any], text: str, query: Query) -> str:
    return render_template(template, page=page, searched=text, query=query)
