"""Where a program begins: the way to the document."""

from typing import Any

from flask import Response

from . import document
from .operations import PREFIX, marked, operation, text

START = text("Start")


@operation("GET", "/", START, text("Where the document is"), answers="Start")
def start() -> Any:
    return {"document": f"{PREFIX}/openapi.json", "page_for_people": "/developers"}


@operation("GET", "/openapi.json", START, text("This API as an OpenAPI 3.1 document"), answers="Document")
def openapi() -> Response:
    body = document.text()
    return marked(Response(body, mimetype="application/json"), body)
