"""Whether a stack's policy lets an update touch a resource."""

import json
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from ec2.rehearsal.stacks.errors import ValidationError


def check_policy(text: str) -> None:
    """Raise ValidationError unless the text is a policy."""
    try:
        statements = json.loads(text)["Statement"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValidationError(f"Error validating stack policy: {error}") from error
    for statement in as_list(statements):
        if statement.get("Effect") not in ("Allow", "Deny") or statement.get("Principal") != "*":
            raise ValidationError(
                "Error validating stack policy: Effect must be Allow or Deny, and Principal must be *"
            )


def denial(text: str | None, action: str, logical_id: str, resource_type: str) -> str | None:
    """Why the policy forbids the action, or None; with a policy only what it says is allowed."""
    if text is None:
        return None
    statements = as_list(json.loads(text)["Statement"])
    meant = [entry for entry in statements if speaks_of(entry, action, logical_id, resource_type)]
    denying = [f"#{statements.index(entry) + 1}" for entry in meant if entry["Effect"] == "Deny"]
    if denying:
        return (
            f"Action denied by stack policy: Statement [{', '.join(denying)}] does not allow [{action}] for "
            f"resource [{logical_id}]"
        )
    if not meant:
        return f"Action denied by stack policy: no statement allows [{action}] for resource [{logical_id}]"
    return None


def speaks_of(statement: Mapping[str, Any], action: str, logical_id: str, resource_type: str) -> bool:
    """Whether a statement is about this action on this resource."""
    resource = f"LogicalResourceId/{logical_id}"
    return (
        named(statement, "Action", action)
        and named(statement, "Resource", resource)
        and condition_holds(statement.get("Condition", {}), resource_type)
    )


def named(statement: Mapping[str, Any], key: str, value: str) -> bool:
    """Whether the statement's list matches, or its opposite list does not."""
    if key in statement:
        return any(fnmatchcase(value, pattern) for pattern in as_list(statement[key]))
    return not any(fnmatchcase(value, pattern) for pattern in as_list(statement.get(f"Not{key}", [])))


def condition_holds(condition: Mapping[str, Any], resource_type: str) -> bool:
    """StringEquals and StringLike over ResourceType, which is all that stack policies have."""
    for kind, tests in condition.items():
        match = fnmatchcase if kind == "StringLike" else str.__eq__
        for patterns in map(as_list, tests.values()):
            if not any(match(resource_type, pattern) for pattern in patterns):
                return False
    return True


def as_list(value: Any) -> list[Any]:
    """A policy's one or many as many."""
    return value if isinstance(value, list) else [value]
