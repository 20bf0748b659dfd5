"""The REST API under /api/v1, for programs; each module has the operations of one kind of resource."""

from flask import Flask, Response, g

from ..sessions import csrf
from . import caller, people, posts, start, timelines, tokens
from .operations import NumberConverter, blueprint
from .rates import SharedRates

__all__ = ["blueprint", "init_app", "people", "posts", "start", "timelines", "tokens"]


# No cookie says who a program is, so no other site can make a browser speak for somebody.
csrf.exempt(blueprint)


def init_app(app: Flask) -> None:
    """Know numbers in paths, and make the memory that workers count requests in: before there are any."""
    app.extensions["api_rates"] = SharedRates()
    app.url_map.converters["number"] = NumberConverter


@blueprint.after_request
def _announce(response: Response) -> Response:
    headers = response.headers
    if left := g.get("rates_left"):
        rate = caller.rate()
        quota = f"q={rate.quota};w={rate.seconds}"
        counted = [f'"{kind}";r={one.requests};t={one.full_in}' for kind, one in left.items()]
        headers.add("RateLimit-Policy", ", ".join([f'"{kind}";{quota}' for kind in left]))
        headers.add("RateLimit", ", ".join(counted))
    headers.add("Vary", "Authorization")
    if "challenge" in g:
        headers.add("WWW-Authenticate", g.challenge)
    if "Cache-Control" not in headers:
        # What is left to one caller is nothing for a cache to tell others.
        headers.add("Cache-Control", "private, no-cache" if g.get("caller") else "no-cache")
    return response
