"""The OpenAPI 3.1 document, made from the operations and schemas that the API itself uses."""

import json
from functools import cache
from http import HTTPStatus
from typing import Any

from .caller import ANY
from .operations import OPERATIONS, PATH_PARTS, PREFIX, Operation
from .problems import MEDIA_TYPE
from .schemas import INPUT, OUTPUT, TEXT, ref

Part = dict[str, Any]

DESCRIPTION = """\
Public posts and profiles can be read without a token; everything else needs one, as
`Authorization: Bearer TOKEN`. Cookies are not looked at. Lists come in pages: follow `next`, or the Link
header, until it is null. Errors are problems as in RFC 9457."""

HEADERS: dict[str, tuple[str, str]] = {
    "X-Request-ID": ("RequestId", "Finds the request in the logs of the site."),
    "RateLimit-Policy": ("RateLimitPolicy", "How many requests (q) in how many seconds (w)."),
    "RateLimit": ("RateLimit", "How many requests are left (r), and in how many seconds all are (t)."),
    "Retry-After": ("RetryAfter", "Seconds after which to try again."),
    "ETag": (
        "ETag",
        "Send it as If-None-Match, and 304 says that nothing changed; as If-Match with a change, "
        "and 412 says that something did.",
    ),
    "Link": ("Link", "The next page, where there is one."),
    "Location": ("Location", "The path of what was made."),
}
ALWAYS = ("X-Request-ID", "RateLimit-Policy", "RateLimit")
# They are there wherever the document names them.
REQUIRED = (*ALWAYS, "Location")


@cache
def text() -> bytes:
    """The document as JSON."""
    return json.dumps(document(), ensure_ascii=False, separators=(",", ":")).encode()


def document() -> Part:
    """The whole document."""
    paths: dict[str, Part] = {}
    for one in OPERATIONS:
        paths.setdefault(PREFIX + one.path, {})[one.method.lower()] = _operation(one)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Microblog", "version": "1", "description": DESCRIPTION},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": INPUT | OUTPUT,
            "headers": {
                key: {"description": told, "schema": TEXT, "required": name in REQUIRED}
                for name, (key, told) in HEADERS.items()
            },
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "password": {"type": "http", "scheme": "basic"},
            },
        },
    }


def _operation(one: Operation) -> Part:
    described: Part = {
        "operationId": one.name,
        "summary": one.summary,
        "tags": [one.group],
        "security": _security(one),
        "responses": _responses(one),
    }
    if one.parts or one.query:
        described["parameters"] = _parameters(one)
    if one.body:
        described["requestBody"] = {"required": True, "content": _json(one.body)}
    return described


def _security(one: Operation) -> list[Part]:
    if one.basic:
        return [{"password": []}]
    scopes = [one.scope] if one.scope and one.scope != ANY else []
    return [{"token": scopes}] if one.scope else [{}, {"token": []}]


def _parameters(one: Operation) -> list[Part]:
    path = [
        {"name": part, "in": "path", "required": True, "schema": PATH_PARTS[part][1]} for part in one.parts
    ]
    return path + [{"name": name, "in": "query", "schema": schema} for name, schema in one.query.items()]


def _responses(one: Operation) -> Part:
    headers = list(ALWAYS)
    if one.status == 200:
        headers.append("ETag")
    if (one.answers or "").endswith("Page"):
        headers.append("Link")
    if one.status == 201:
        headers.append("Location")
    good: Part = {"description": HTTPStatus(one.status).phrase, "headers": _headers(headers)}
    if one.answers:
        good["content"] = _json(one.answers)
    answers = {str(one.status): good}
    if one.status == 200 and one.method == "GET":
        answers["304"] = {"description": HTTPStatus(304).phrase, "headers": _headers([*ALWAYS, "ETag"])}
    return answers | {str(code): _problem(code) for code in sorted(problem_codes(one))}


def problem_codes(one: Operation) -> set[int]:
    """Which problems an operation may give."""
    # A query is always read, to refuse what is not asked for.
    codes = {401, 422, 429, 500, 503, *one.problems}
    if one.scope and one.scope != ANY:
        codes.add(403)
    if one.parts:
        codes.add(404)
    return codes | {400, 413, 415} if one.body else codes


def _problem(code: int) -> Part:
    headers = ["X-Request-ID", "Retry-After"] if code in {429, 503} else ["X-Request-ID"]
    return {
        "description": HTTPStatus(code).phrase,
        "headers": _headers(headers),
        "content": {MEDIA_TYPE: {"schema": ref("Problem")}},
    }


def _headers(names: list[str]) -> Part:
    return {name: {"$ref": f"#/components/headers/{HEADERS[name][0]}"} for name in names}


def _json(schema: str) -> Part:
    return {"application/json": {"schema": ref(schema)}}
