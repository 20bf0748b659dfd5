"""What the API can do: each operation is described once, for its route, its checks and the document."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from hashlib import blake2b
from typing import Any

from flask import Blueprint, Response, request
from werkzeug.exceptions import PreconditionFailed
from werkzeug.routing import BaseConverter

from ..pages import LARGEST_ID
from . import caller, input
from .input import LONGEST_NUMBER
from .schemas import ID, INPUT, TEXT, USERNAME, Schema, obj

PREFIX = "/api/v1"
NO_CONTENT = 204

# What a part of a path may be: as the router sees it, and as the document says it.
PATH_PARTS: dict[str, tuple[str, Schema]] = {
    "username": ("username:username", USERNAME),
    "post_id": ("number:post_id", ID),
    "token_id": ("number:token_id", ID),
    "tag": ("tag", TEXT | {"minLength": 1}),
}


class NumberConverter(BaseConverter):
    """The number of a row in a path: <number:post_id>. Too large a one is the largest, which no row has.

    (The router's own `int` takes a number above its maximum for another method: 405.)
    """

    regex = "[1-9][0-9]*"

    def to_python(self, value: str) -> int:
        return min(int(value), LARGEST_ID) if len(value) <= LONGEST_NUMBER else LARGEST_ID


blueprint = Blueprint("api", __name__, url_prefix=PREFIX)
View = Callable[..., Any]


def N_(message: str) -> str:
    """Marks a text of the API for translation; the page for people translates it, the document is English."""
    return message


@dataclass(frozen=True)
class Operation:
    """One method of one path.

    `scope` is what a token must have; without one the operation is open to strangers too. `basic` asks
    for name and password instead. `answers` names the schema of what comes out.
    """

    method: str
    path: str
    summary: str
    group: str
    name: str
    answers: str | None = None
    status: int = 200
    scope: str | None = None
    basic: bool = False
    body: str | None = None
    query: Mapping[str, Schema] = field(default_factory=dict)
    problems: tuple[int, ...] = ()

    @property
    def parts(self) -> list[str]:
        """The names of what is variable in the path."""
        return [part[1:-1] for part in self.path.split("/") if part.startswith("{")]

    @property
    def rule(self) -> str:
        """The path as the router takes it."""
        rule = self.path
        for part in self.parts:
            rule = rule.replace(f"{{{part}}}", f"<{PATH_PARTS[part][0]}>")
        return rule


OPERATIONS: list[Operation] = []


def operation(method: str, path: str, group: str, summary: str, **more: Any) -> Callable[[View], View]:
    """Make a view an operation of the API; it gives what goes into the body, None for nothing."""

    def described(view: View) -> View:
        one = Operation(method, path, summary, group, view.__name__, **more)
        OPERATIONS.append(one)
        blueprint.add_url_rule(one.rule, view.__name__, _answering(one, view), methods=[method])
        return view

    return described


def answer(content: dict[str, Any], status: int = 200, **headers: str) -> Response:
    """JSON with a mark of its content, and the link to the next page where there is one."""
    body = _json(content)
    response = Response(body, status, content_type="application/json")
    if content.get("next"):
        response.headers["Link"] = f'<{content["next"]}>; rel="next"'
    for name, value in headers.items():
        response.headers[name] = value
    return marked(response, body) if status == 200 else response


def marked(response: Response, body: bytes) -> Response:
    """A response with an ETag; without its content if the program reads it and has it already."""
    mark = _mark(body)
    response.headers.add("ETag", f'"{mark}"')
    reads = request.method in {"GET", "HEAD"}
    if reads and "If-None-Match" in request.headers and request.if_none_match.contains_weak(mark):
        response.status_code = 304
        response.set_data(b"")
        del response.headers["Content-Length"]
    return response


def demand_state(current: Callable[[], dict[str, Any]]) -> None:
    """Refuse a change that its headers want of another state only. Raises PreconditionFailed."""
    wanted, unwanted = request.if_match, request.if_none_match
    if not wanted and not unwanted:
        return
    mark = _mark(_json(current()))
    # A weak mark is as good: nginx makes one of ours where it compresses.
    if (wanted and not wanted.contains_weak(mark)) or unwanted.contains_weak(mark):
        raise PreconditionFailed


def _json(content: dict[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def _mark(body: bytes) -> str:
    return blake2b(body, digest_size=12).hexdigest()


def _answering(one: Operation, view: View) -> View:
    parameters = obj(tuple(one.query), **one.query)
    check_query = input.compiled(parameters)
    check_body = input.compiled(INPUT[one.body]) if one.body else None

    @wraps(view)
    def answering(**arguments: Any) -> Response:
        _admit(one)
        if one.query or request.query_string:
            arguments |= input.query(check_query, parameters)
        if check_body:
            arguments["body"] = input.body(check_body)
        content = view(**arguments)
        if content is None:
            return Response(status=NO_CONTENT)
        return content if isinstance(content, Response) else answer(content, one.status)

    return answering


def _admit(one: Operation) -> None:
    if one.basic:
        caller.count_address()
        return
    caller.identify()
    if one.scope:
        caller.demand(one.scope)
        if one.method != "GET":
            caller.count_writing()
