"""What a program is told when something does not work: RFC 9457, with the request's id."""

import json
from collections.abc import Sequence
from typing import TypedDict

from flask import Response, g
from werkzeug.exceptions import HTTPException, UnprocessableEntity

MEDIA_TYPE = "application/problem+json"
HEADERS = {"Allow", "Retry-After"}
DETAILS = {
    400: "The request is not as HTTP and JSON want it.",
    401: "This needs a token: send it as `Authorization: Bearer TOKEN`.",
    403: "The token is good, but this is not for its owner to do.",
    404: "There is nothing here, or it is not for you to see.",
    405: "This resource has other methods; the header Allow names them.",
    409: "This cannot be as things are.",
    412: "This is in another state than If-Match or If-None-Match asks for: read it again.",
    413: "What you sent is larger than is accepted.",
    415: "The body must be JSON, and its Content-Type application/json.",
    422: "Something in the request breaks a rule; `errors` says what and where.",
    429: "Too many requests: come back after the seconds in the header Retry-After.",
    500: "Something broke on our side. It has been written down under this request's id.",
    503: "The service is out of order for a moment. What you sent may not have been saved.",
}


class Mistake(TypedDict):
    """What is wrong in a request, and where: a JSON pointer into the body, or the name of a parameter."""

    where: str
    detail: str


class Invalid(UnprocessableEntity):
    """A request that breaks rules, with all that is wrong in it."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        super().__init__()
        self.mistakes = mistakes


def answer(error: HTTPException) -> Response:
    """The problem that an error is; its own description counts where it was given one."""
    code = error.code or 500
    custom = error.description != type(error).description
    problem: dict[str, object] = {
        "type": "about:blank",
        "title": error.name,
        "status": code,
        "detail": error.description if custom else DETAILS.get(code, "That did not work."),
        "request_id": g.request_id,
    }
    if isinstance(error, Invalid):
        problem["errors"] = list(error.mistakes)
    response = Response(json.dumps(problem), code, mimetype=MEDIA_TYPE)
    for name, value in error.get_headers():
        if name in HEADERS:
            response.headers.add(name, value)
    response.headers["Cache-Control"] = "no-store"
    return response
