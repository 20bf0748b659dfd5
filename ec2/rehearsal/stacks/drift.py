"""Holds what a stack asked for against what is there."""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from ec2.rehearsal.stacks.properties import scalar_text
from ec2.rehearsal.stacks.schemas import Schema, resolved


def differences(
    described: Schema | None,
    expected: Mapping[str, Any],
    actual: Mapping[str, Any],
    foreign_tags: frozenset[str] = frozenset(),
) -> list[dict[str, str]]:
    """Every property that the template gives and that is otherwise now, as CloudFormation lists them.

    A property that the type does not read at all says nothing. Tags of AWS's own or of the stack are
    not the resource's drift.
    """
    document: Mapping[str, Any] = described.document if described else {}
    known = described.properties if described else {}
    unread = described.write_only if described else frozenset()
    found: list[dict[str, str]] = []
    for name, value in expected.items():
        if name in actual and name not in unread:
            live = without_foreign(actual[name], value, foreign_tags) if name == "Tags" else actual[name]
            found += compared(document, known.get(name, {}), value, live, f"/{name}")
    return found


def without_foreign(actual: Any, expected: Any, foreign: frozenset[str]) -> Any:
    """Tags without those that CloudFormation put there itself."""
    if isinstance(actual, dict):
        return {key: value for key, value in actual.items() if key not in foreign - set(expected)}
    own = {tag.get("Key") for tag in expected if isinstance(tag, dict)}
    return [
        tag
        for tag in actual
        if tag.get("Key") in own or not (tag["Key"].startswith("aws:") or tag["Key"] in foreign)
    ]


def compared(
    document: Mapping[str, Any], node: Mapping[str, Any], expected: Any, actual: Any, path: str
) -> Iterator[dict[str, str]]:
    """The differences at and below one place."""
    node = resolved(document, node)
    if isinstance(expected, dict) and isinstance(actual, dict):
        yield from compared_maps(document, node, expected, actual, path)
    elif isinstance(expected, list) and isinstance(actual, list):
        yield from compared_lists(document, node, expected, actual, path)
    elif not alike(expected, actual):
        yield difference(path, expected, actual, "NOT_EQUAL")


def compared_maps(
    document: Mapping[str, Any],
    node: Mapping[str, Any],
    expected: Mapping[str, Any],
    actual: Mapping[str, Any],
    path: str,
) -> Iterator[dict[str, str]]:
    """Key by key; what the live side has beyond that is mostly AWS's defaults, and says nothing."""
    known = node.get("properties", {})
    for name, value in expected.items():
        if name in actual:
            yield from compared(document, known.get(name, {}), value, actual[name], f"{path}/{name}")
        else:
            yield difference(f"{path}/{name}", value, None, "REMOVE")


def compared_lists(
    document: Mapping[str, Any], node: Mapping[str, Any], expected: list[Any], actual: list[Any], path: str
) -> Iterator[dict[str, str]]:
    """Entry by entry, in whatever order they come: AWS keeps the order of hardly any list."""
    items = node.get("items", {})
    left = list(enumerate(actual))
    for index, value in enumerate(expected):
        match = next(
            (pair for pair in left if not any(compared(document, items, value, pair[1], path))), None
        )
        if match is None:
            yield difference(f"{path}/{index}", value, None, "REMOVE")
        else:
            left.remove(match)
    for index, value in left:
        yield difference(f"{path}/{index}", None, value, "ADD")


def alike(expected: Any, actual: Any) -> bool:
    """Whether two values are one: "80" is 80, and 1 is 1.0 where one side is a number."""
    as_what = as_number if is_number(expected) or is_number(actual) else plain
    return bool(as_what(expected) == as_what(actual))


def is_number(value: Any) -> bool:
    """Whether it is one, and does not only look like one: an account's id may begin with zeros."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def as_number(value: Any) -> Any:
    """A number, also where it is written as text; anything else as a text."""
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return plain(value)


def plain(value: Any) -> Any:
    """A scalar without its type: "true" is True."""
    return value if isinstance(value, (dict, list)) or value is None else scalar_text(value)


def difference(path: str, expected: Any, actual: Any, kind: str) -> dict[str, str]:
    """One entry of PropertyDifferences."""
    return {
        "PropertyPath": path,
        "ExpectedValue": shown(expected),
        "ActualValue": shown(actual),
        "DifferenceType": kind,
    }


def shown(value: Any) -> str:
    """A value as the answer gives it."""
    if isinstance(value, (dict, list)) or value is None:
        return json.dumps(value)
    return scalar_text(value)
