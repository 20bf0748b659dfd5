"""A template as values: its sections checked for shape, its resources as one record each."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ec2.rehearsal.stacks.errors import ValidationError
from ec2.rehearsal.stacks.template_text import URL_LIMIT_BYTES, read_text

ABOUT = frozenset(("AWSTemplateFormatVersion", "Description", "Metadata"))
SECTIONS = ABOUT | {"Parameters", "Mappings", "Conditions", "Resources", "Outputs"}
NOT_CARRIED_OUT = frozenset(("Transform", "Rules", "Hooks"))
RESOURCE_KEYS = frozenset(
    ("Type", "Properties", "DependsOn", "Condition", "Metadata", "DeletionPolicy", "UpdateReplacePolicy")
)
RESOURCE_KEYS_NOT_CARRIED_OUT = frozenset(("CreationPolicy", "UpdatePolicy"))
DELETION_POLICIES = ("Delete", "Retain", "Snapshot", "RetainExceptOnCreate")
REPLACE_POLICIES = ("Delete", "Retain", "Snapshot")
RESOURCE_LIMIT = 500


@dataclass(frozen=True)
class Resource:
    """One entry under Resources, its functions not yet resolved."""

    logical_id: str
    type: str
    properties: Mapping[str, Any]
    depends_on: tuple[str, ...]
    condition: str | None
    deletion_policy: str
    update_replace_policy: str
    metadata: Any


@dataclass(frozen=True)
class Template:
    """What CloudFormation reads in a template; the text stays with it."""

    text: str
    version: str | None
    description: str | None
    metadata: Any
    parameters: Mapping[str, Mapping[str, Any]]
    mappings: Mapping[str, Mapping[str, Mapping[str, Any]]]
    conditions: Mapping[str, Any]
    resources: Mapping[str, Resource]
    outputs: Mapping[str, Mapping[str, Any]]


@lru_cache(maxsize=64)
def parse(text: str, limit_bytes: int = URL_LIMIT_BYTES) -> Template:
    """Read a template; ValidationError with AWS's wording when a section has the wrong shape."""
    document = read_text(text, limit_bytes)
    refuse_unknown_sections(document)
    sections = {name: section(document, name) for name in ("Parameters", "Mappings", "Conditions", "Outputs")}
    return Template(
        text=text,
        version=version(document),
        description=document.get("Description"),
        metadata=document.get("Metadata"),
        parameters=sections["Parameters"],
        mappings=sections["Mappings"],
        conditions=sections["Conditions"],
        resources=resources(document),
        outputs=sections["Outputs"],
    )


def refuse_unknown_sections(document: Mapping[str, Any]) -> None:
    """Name every top-level key that CloudFormation does not know, and those left out here."""
    unknown = sorted(set(document) - SECTIONS - NOT_CARRIED_OUT)
    if unknown:
        raise ValidationError(f"Invalid template property or properties [{', '.join(unknown)}]")
    left_out = sorted(set(document) & NOT_CARRIED_OUT)
    if left_out:
        raise ValidationError(f"Template section [{', '.join(left_out)}] is not carried out by the rehearsal")


def version(document: Mapping[str, Any]) -> str | None:
    """The format's version, of which there is one."""
    given = document.get("AWSTemplateFormatVersion")
    if given not in (None, "2010-09-09"):
        raise ValidationError(
            f"Template format error: unsupported value for AWSTemplateFormatVersion. [{given}]"
        )
    return given


def section(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A section that holds one object per name."""
    held = document.get(name) or {}
    if not isinstance(held, dict):
        raise ValidationError(f"Template format error: {name} section must be an object.")
    for key, entry in held.items():
        if not isinstance(entry, dict):
            raise ValidationError(
                f"Template format error: Every {name} member must be an object. ({name}/{key})"
            )
        if not key.isalnum() and name != "Mappings":
            raise ValidationError(
                f"Template format error: {name} name {key} is non alphanumeric."
            )  # a letter or digit, nothing else
    return held


def resources(document: Mapping[str, Any]) -> dict[str, Resource]:
    """Every resource; at least one must be there."""
    held = section(document, "Resources")
    if not held:
        raise ValidationError("Template format error: At least one Resources member must be defined.")
    if len(held) > RESOURCE_LIMIT:
        raise ValidationError(
            f"Template format error: Number of resources, {len(held)}, is greater than maximum allowed, "
            f"{RESOURCE_LIMIT}"
        )
    return {logical_id: resource(logical_id, entry) for logical_id, entry in held.items()}


def resource(logical_id: str, entry: Mapping[str, Any]) -> Resource:
    """One resource, with AWS's defaults for what is not written."""
    refuse_unknown_keys(logical_id, entry)
    if not isinstance(entry.get("Type"), str):
        raise ValidationError(
            f"Template format error: [/Resources/{logical_id}] Every Resources object must contain a Type "
            f"member."
        )
    properties = entry.get("Properties") or {}
    if not isinstance(properties, dict):
        raise ValidationError(
            f"Template format error: [/Resources/{logical_id}/Properties] must be an object."
        )
    depends_on = entry.get("DependsOn") or []
    return Resource(
        logical_id=logical_id,
        type=entry["Type"],
        properties=properties,
        depends_on=(depends_on,) if isinstance(depends_on, str) else tuple(depends_on),
        condition=entry.get("Condition"),
        deletion_policy=policy(entry, "DeletionPolicy", DELETION_POLICIES),
        update_replace_policy=policy(entry, "UpdateReplacePolicy", REPLACE_POLICIES),
        metadata=entry.get("Metadata"),
    )


def refuse_unknown_keys(logical_id: str, entry: Mapping[str, Any]) -> None:
    """A resource's attributes are few and known."""
    unknown = sorted(set(entry) - RESOURCE_KEYS - RESOURCE_KEYS_NOT_CARRIED_OUT)
    if unknown:
        raise ValidationError(
            f"Invalid template resource property '{unknown[0]}' (/Resources/{logical_id}/{unknown[0]})"
        )
    left_out = sorted(set(entry) & RESOURCE_KEYS_NOT_CARRIED_OUT)
    if left_out:
        raise ValidationError(f"{left_out[0]} of resource {logical_id} is not carried out by the rehearsal")


def policy(entry: Mapping[str, Any], name: str, allowed: tuple[str, ...]) -> str:
    """What becomes of the resource when it leaves the stack or is replaced."""
    given = entry.get(name, "Delete")
    if given not in allowed:
        raise ValidationError(f"Template error: every {name} member must be one of {list(allowed)}.")
    return str(given)
