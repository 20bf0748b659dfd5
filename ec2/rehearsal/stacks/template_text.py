"""Reads a template's text, JSON or YAML with CloudFormation's short tags, into plain values."""

import json
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from ec2.rehearsal.stacks.errors import ValidationError

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
BODY_LIMIT_BYTES = 51_200
URL_LIMIT_BYTES = 1_048_576


def read_text(text: str, limit_bytes: int = BODY_LIMIT_BYTES) -> dict[str, Any]:
    """Give the template as nested plain values; ValidationError when it is none."""
    if len(text.encode()) > limit_bytes:
        raise ValidationError(
            f"1 validation error detected: Value at 'templateBody' failed to satisfy constraint: "
            f"Member must have length less than or equal to {limit_bytes}"
        )
    value = from_json(text) if text.lstrip().startswith("{") else from_yaml(text)
    if not isinstance(value, dict):
        raise ValidationError("Template format error: unsupported structure.")
    return value


def from_json(text: str) -> Any:
    """JSON in which no object names one key twice."""
    try:
        return json.loads(text, object_pairs_hook=without_duplicates)
    except json.JSONDecodeError as error:
        raise ValidationError(
            f"Template format error: JSON not well-formed. (line {error.lineno}, column {error.colno})"
        ) from error


def without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The pairs as a dictionary; a key that stands twice is an error, as it is for AWS."""
    result = dict(pairs)
    if len(result) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValidationError(f'Template error: duplicate key "{twice}" found.')
    return result


def from_yaml(text: str) -> Any:
    """YAML with !Ref and its like written out as the functions that they are short for."""
    try:
        # Its base is yaml.SafeLoader, so no tag can make an object of ours.
        return yaml.load(text, TemplateLoader)  # noqa: S506  # nosec B506
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        raise ValidationError(f"Template format error: YAML not well-formed.{place}") from error


class TemplateLoader(yaml.SafeLoader):
    """YAML as CloudFormation reads it: short tags are functions and dates stay text."""


def construct_map(loader: TemplateLoader, node: MappingNode) -> dict[str, Any]:
    """A mapping; merge keys are flattened first, so that only what is written twice counts as twice."""
    written = [str(key.value) for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"]
    without_duplicates([(key, None) for key in written])
    loader.flatten_mapping(node)
    pairs = [[loader.construct_object(part, True) for part in pair] for pair in node.value]
    return {str(key): value for key, value in pairs}


def construct_text(loader: TemplateLoader, node: ScalarNode) -> str:
    """A scalar as it is written: 2010-09-09 is the format's version, not a day."""
    return str(loader.construct_scalar(node))


def construct_function(loader: TemplateLoader, suffix: str, node: Node) -> dict[str, Any]:
    """!Sub x as {"Fn::Sub": x}; Ref and Condition have no prefix, GetAtt may be written with a dot."""
    if suffix in ("Ref", "Condition"):
        return {suffix: plain(loader, node)}
    value = plain(loader, node)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {f"Fn::{suffix}": value}


def plain(loader: TemplateLoader, node: Node) -> Any:
    """What a tagged node holds, as if the tag were not there."""
    if isinstance(node, ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, SequenceNode):
        return loader.construct_sequence(node, deep=True)
    assert isinstance(node, MappingNode)  # noqa: S101  # YAML has no fourth kind
    return construct_map(loader, node)


TemplateLoader.add_constructor("tag:yaml.org,2002:map", construct_map)
TemplateLoader.add_constructor("tag:yaml.org,2002:timestamp", construct_text)
TemplateLoader.add_multi_constructor("!", construct_function)
