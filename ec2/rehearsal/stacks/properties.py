"""Holds a resource's properties against AWS's schema of its type, and gives them the schema's types."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ec2.rehearsal.stacks.functions import is_function
from ec2.rehearsal.stacks.schemas import Schema, resolved

SCALARS: dict[str, tuple[type, ...]] = {
    "string": (str, int, float, bool),
    "integer": (int, str),
    "number": (int, float, str),
    "boolean": (bool, str),
    "array": (list,),
    "object": (dict,),
}

# How a text says them.
SPELLED = {
    "integer": re.compile(r"[+-]?\d+"),
    "number": re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?"),
    "boolean": re.compile(r"true|false", re.IGNORECASE),
}


def faults(schema: Schema, properties: Mapping[str, Any]) -> list[str]:
    """Every way in which the properties break the schema; values that are functions are taken on trust."""
    found = [f"Encountered unsupported property {name}" for name in properties if name not in schema.writable]
    found += [f"Property {name} cannot be empty." for name in sorted(schema.required - set(properties))]
    found += one_of(schema, properties)
    for name, value in properties.items():
        if name in schema.writable:
            found += value_faults(schema.document, schema.properties[name], value, name)
    return found


def one_of(schema: Schema, properties: Mapping[str, Any]) -> Iterator[str]:
    """Groups of properties of which exactly one, or at least one, must be given."""
    exclusive = schema.document.get("requiredXor", ())
    if exclusive and sum(name in properties for name in exclusive) != 1:
        yield f"Exactly one of {', '.join(exclusive)} must be specified."
    either = schema.document.get("requiredOr", ())
    if either and not any(name in properties for name in either):
        yield f"At least one of {', '.join(either)} must be specified."


def value_faults(
    document: Mapping[str, Any], node: Mapping[str, Any], value: Any, path: str
) -> Iterator[str]:
    """What is wrong with one value, and below it."""
    if is_function(value):
        yield from branch_faults(document, node, value, path)
        return
    node = resolved(document, node)
    if not of_type(node.get("type"), value):
        yield f"Value of property {path} must be of type {spoken(node['type'])}"
    elif isinstance(value, dict):
        yield from object_faults(document, node, value, path)
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            yield from value_faults(document, node.get("items", {}), entry, f"{path}/{index}")
    elif "enum" in node and scalar_text(value) not in {scalar_text(allowed) for allowed in node["enum"]}:
        yield f"#/{path}: {value} is not a valid enum value"


def branch_faults(
    document: Mapping[str, Any], node: Mapping[str, Any], value: Mapping[str, Any], path: str
) -> Iterator[str]:
    """Both values of an Fn::If are held against the schema; of other functions nothing is known yet."""
    branches = value.get("Fn::If")
    if isinstance(branches, list):
        for branch in branches[1:]:
            yield from value_faults(document, node, branch, path)


def object_faults(
    document: Mapping[str, Any], node: Mapping[str, Any], value: Mapping[str, Any], path: str
) -> Iterator[str]:
    """Names that the object must and may have."""
    known = node.get("properties")
    if known is None:
        return
    for name in node.get("required", ()):
        if name not in value:
            yield f"Property {path}/{name} cannot be empty."
    for name, entry in value.items():
        if name in known:
            yield from value_faults(document, known[name], entry, f"{path}/{name}")
        elif node.get("additionalProperties") is False and "patternProperties" not in node:
            yield f"Encountered unsupported property {path}/{name}"


def of_type(named: str | list[str] | None, value: Any) -> bool:
    """Whether the value is, or may be read as, one of the schema's types."""
    if named is None:
        return True
    names = [named] if isinstance(named, str) else named
    return any(isinstance(value, SCALARS.get(name, (object,))) and reads_as(name, value) for name in names)


def reads_as(name: str, value: Any) -> bool:
    """Whether a text says a number or a boolean where one is wanted; a dynamic reference may yet do so."""
    if not isinstance(value, str) or name not in SPELLED or "{{resolve:" in value:
        return True
    return SPELLED[name].fullmatch(value) is not None


def spoken(named: str | list[str]) -> str:
    """The type as AWS's messages call it."""
    words = {"array": "List", "object": "Map"}
    first = named if isinstance(named, str) else named[0]
    return words.get(first, first.title())


def coerced(schema: Schema, properties: Mapping[str, Any]) -> dict[str, Any]:
    """Resolved properties with "22" as 22 and "true" as True wherever the schema asks for it."""
    known = schema.properties
    return {name: cast(schema.document, known.get(name, {}), value) for name, value in properties.items()}


def cast(document: Mapping[str, Any], node: Mapping[str, Any], value: Any) -> Any:
    """One value and all below it in the schema's types; what does not fit stays as it is."""
    node = resolved(document, node)
    if isinstance(value, dict):
        known = node.get("properties", {})
        return {name: cast(document, known.get(name, {}), entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [cast(document, node.get("items", {}), entry) for entry in value]
    return cast_scalar(node.get("type"), value)


def cast_scalar(named: Any, value: Any) -> Any:
    """A scalar as the one type that the schema names."""
    if named == "string" and isinstance(value, (bool, int, float)):
        return scalar_text(value)
    if named == "boolean" and value in ("true", "false"):
        return value == "true"
    if named in ("integer", "number") and isinstance(value, str):
        return number(value)
    return value


def number(text: str) -> int | float | str:
    """The number that is written, or the text when none is."""
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return text


def scalar_text(value: Any) -> str:
    """A scalar as CloudFormation writes it: true, not True."""
    return str(value).lower() if isinstance(value, bool) else str(value)
