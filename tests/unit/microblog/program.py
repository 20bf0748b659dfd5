"""A program that uses the API, and holds every answer against the document."""

import re
from functools import cache
from typing import Any

import jsonschema
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from microblog.api import document
from microblog.api.operations import PREFIX
from microblog.auth import accounts, api_tokens
from microblog.database import db
from microblog.models import User
from microblog.usernames import key

BOTH = ("read", "write")


class Program:
    """Sends requests with the token of a person, or without one."""

    def __init__(self, client: FlaskClient, secret: str | None = None) -> None:
        self.client = client
        self.secret = secret

    def send(
        self, method: str, path: str, headers: dict[str, str] | None = None, **kwargs: Any
    ) -> TestResponse:
        sent = dict(headers or {})
        if self.secret:
            sent.setdefault("Authorization", f"Bearer {self.secret}")
        url = path if path.startswith("/api") else PREFIX + path
        response = self.client.open(url, method=method, headers=sent, buffered=True, **kwargs)
        conforms(method, url, response)
        return response

    def get(self, path: str, **kwargs: Any) -> TestResponse:
        return self.send("GET", path, **kwargs)

    def post(self, path: str, **kwargs: Any) -> TestResponse:
        return self.send("POST", path, **kwargs)

    def put(self, path: str, **kwargs: Any) -> TestResponse:
        return self.send("PUT", path, **kwargs)

    def patch(self, path: str, **kwargs: Any) -> TestResponse:
        return self.send("PATCH", path, **kwargs)

    def delete(self, path: str, **kwargs: Any) -> TestResponse:
        return self.send("DELETE", path, **kwargs)

    def write(self, body: str, **more: int) -> int:
        response = self.post("/posts", json={"body": body, **more})
        assert response.status_code == 201, response.text
        return response.json["id"]

    def pages(self, path: str) -> list[Any]:
        """The items of a list, from its first page to its last."""
        items, following = [], PREFIX + path
        while following:
            page = self.get(following).json
            items += page["items"]
            following = page["next"]
        return items


def program(app: Flask, username: str, scopes: tuple[str, ...] = BOTH) -> Program:
    """A program with a token of this person, who is made if there is nobody of that name."""
    with app.app_context():
        user = db.session.scalar(select(User).where(User.username_key == key(username)))
        user = user or accounts.create(username, f"{username}@example.org", "none")
        return Program(app.test_client(), api_tokens.issue(user, "test", scopes, 30)[1])


def conforms(method: str, url: str, response: TestResponse) -> None:
    """Fails unless the document knows this answer."""
    assert "Set-Cookie" not in response.headers
    one = described(method, url.partition("?")[0])
    if one is None or response.status_code == 405:
        assert response.status_code in {404, 405}
        fits({"$ref": "#/components/schemas/Problem"}, response.json)
        return
    answer = one["responses"][str(response.status_code)]
    for name, header in answer["headers"].items():
        required = components()["headers"][header["$ref"].rpartition("/")[2]]["required"]
        assert name in response.headers or not required
    if method == "HEAD" or "content" not in answer:
        assert response.data == b""
        return
    ((media_type, content),) = answer["content"].items()
    assert response.mimetype == media_type
    fits(content["schema"], response.json)


def described(method: str, path: str) -> dict[str, Any] | None:
    """The operation of the document that a request is for."""
    # A path as it is before a path with something variable in it: /tokens/current is no number.
    for template in sorted(whole()["paths"], key=lambda one: "{" in one):
        pattern = re.sub(r"\{\w+\}", "[^/]+", template)
        methods = whole()["paths"][template]
        if re.fullmatch(pattern, path) and (method == "HEAD" or method.lower() in methods):
            return methods["get" if method == "HEAD" else method.lower()]
    return None


def fits(schema: dict[str, Any], value: Any) -> None:
    """Fails unless a value is as a schema of the document says."""
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    jsonschema.validate(
        value, schema | {"components": components()}, jsonschema.Draft202012Validator, format_checker=checker
    )


def components() -> dict[str, Any]:
    return whole()["components"]


@cache
def whole() -> dict[str, Any]:
    return document.document()
