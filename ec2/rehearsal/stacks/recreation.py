"""Which properties change in place and which need a new resource."""

from collections.abc import Mapping
from typing import Any

from ec2.rehearsal.stacks.resources.contract import ReplacedOn, ResourceType
from ec2.rehearsal.stacks.schemas import schema


def changed_names(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Properties that differ, came or went, by name."""
    return sorted(name for name in {*old, *new} if old.get(name) != new.get(name))


def recreation(resource_type: ResourceType, name: str) -> str:
    """AWS's word for what a change of the property asks for: Always, Conditionally or Never."""
    if isinstance(resource_type, ReplacedOn) and name in resource_type.replaced_on:
        return "Always"
    described = schema(resource_type.name)
    if described is None:
        return "Never"
    if name in described.create_only:
        return "Always"
    return "Conditionally" if name in described.conditionally_create_only else "Never"


def needs_new(resource_type: ResourceType, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether the change cannot be made in place."""
    return any(recreation(resource_type, name) == "Always" for name in changed_names(old, new))
