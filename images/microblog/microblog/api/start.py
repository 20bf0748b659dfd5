"""Where a program begins: the way to the document."""

from typing import Any

from flask import Response

from . import document
from .operations import N_, PREFIX, marked, operation

START = N_("Start")


@operation("GET", "/", START, N_("Where the document is"), answers="Start")
def start() -> Any:
    return {"document": f"{PREFIX}/openapi.json", "page_for_people": "/developers"}


@operation("GET", "/openapi.json", START, N_("This API as an OpenAPI 3.1 document"), answers="Document")
def openapi() -> Response:
    body = document.text()
    return marked(Response(body, mimetype="application/json"), body)
