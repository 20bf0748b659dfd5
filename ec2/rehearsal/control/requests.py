"""What a request asks for, read off its headers and its form without using it up."""

import io
from typing import Any
from urllib.parse import parse_qs

# AWS's verbs for asking without changing.
READING = (
    "Describe",
    "Get",
    "List",
    "Head",
    "Lookup",
    "Validate",
    "Detect",
    "Estimate",
    "Simulate",
    "Search",
)
FORM = "application/x-www-form-urlencoded"


def action_of(environ: dict[str, Any]) -> str:
    """The action's name, such as RunInstances; "" for services that spell it by method and path."""
    if target := environ.get("HTTP_X_AMZ_TARGET"):
        return str(target).rpartition(".")[2]
    path = str(environ.get("PATH_INFO", ""))
    if "/operation/" in path:
        return path.rpartition("/")[2]
    if environ.get("CONTENT_TYPE", "").startswith(FORM):
        asked = form(environ)
    else:
        asked = str(environ.get("QUERY_STRING", ""))
    return parse_qs(asked).get("Action", [""])[0]


def form(environ: dict[str, Any]) -> str:
    """The body of the request, which stays there to be read by whoever answers."""
    body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return body.decode()


def service_of(environ: dict[str, Any]) -> str:
    """The service that the request is signed for, "" where it is not signed."""
    scope = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2].partition(",")[0].split("/")
    return scope[3] if len(scope) > 3 else ""


def changes_something(method: str, action: str) -> bool:
    """Whether the cloud may be another one after a request of this HTTP method for this action."""
    if action:
        return not action.startswith(READING)
    return method not in ("GET", "HEAD")
