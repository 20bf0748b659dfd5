"""Bodies and queries of requests, read strictly: what the schema does not name is refused."""

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import fastjsonschema
from fastjsonschema import JsonSchemaValuesException
from flask import request
from flask_wtf import FlaskForm
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from .problems import Invalid, Mistake
from .schemas import Schema

LONGEST_NUMBER = 19
WORDS = {"true": True, "false": False}

Check = Callable[[Any], Any]


def compiled(schema: Schema) -> Check:
    """A function that gives a value with its defaults filled in. Raises JsonSchemaValuesException."""
    return _compiled(json.dumps(schema))


def body(check: Check) -> dict[str, Any]:
    """The JSON of the request. Raises BadRequest, UnsupportedMediaType, RequestEntityTooLarge or Invalid."""
    if request.mimetype != "application/json":
        raise UnsupportedMediaType
    try:
        value = json.loads(request.get_data(), parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise BadRequest("The body is not JSON.") from None
    return _checked(check, value, lambda path: "#" + "".join(f"/{part}" for part in path))


def query(check: Check, schema: Schema) -> dict[str, Any]:
    """The parameters of the query. Raises Invalid."""
    types = {name: rule["type"] for name, rule in schema["properties"].items()}
    values = {
        name: _typed(texts[0], types.get(name)) if len(texts) == 1 else texts
        for name, texts in request.args.to_dict(flat=False).items()
    }
    return _checked(check, values, lambda path: f"?{path[0]}" if path else "?")


def rules(form: FlaskForm) -> FlaskForm:
    """A form of the pages, filled in by a program: what it forbids is forbidden here. Raises Invalid."""
    if not form.validate():
        raise Invalid(
            [
                Mistake(where=f"#/{name}", detail=" ".join(map(str, errors)))
                for name, errors in form.errors.items()
            ]
        )
    return form


@cache
def _compiled(schema: str) -> Check:
    # Most operations have the same query, and a start has no time to lose.
    check: Check = fastjsonschema.compile(json.loads(schema), fast_fail=False, use_formats=False)
    return check


def _checked(check: Check, value: Any, where: Callable[[list[str]], str]) -> dict[str, Any]:
    try:
        checked: dict[str, Any] = check(value)
    except JsonSchemaValuesException as error:
        raise Invalid([_mistake(one, where) for one in error.errors]) from None
    return checked


def _mistake(error: Any, where: Callable[[list[str]], str]) -> Mistake:
    detail = error.message.removeprefix(error.name).strip()
    return Mistake(where=where([str(part) for part in error.path[1:]]), detail=detail)


def _typed(text: str, kind: str | None) -> Any:
    if kind == "integer" and text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER:
        return int(text)
    return WORDS.get(text, text) if kind == "boolean" else text


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
