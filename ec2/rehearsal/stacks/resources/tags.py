"""Tags: the template's own, over those that the stack puts on all it makes."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ec2.rehearsal.stacks.resources.contract import Clients, Place

Tags = dict[str, str]


def template_tags(properties: Mapping[str, Any], name: str = "Tags") -> Tags:
    """The template's tags, which are a list of pairs for most types and a map for a few."""
    given = properties.get(name) or {}
    if isinstance(given, Mapping):
        return {str(key): str(value) for key, value in given.items()}
    return {tag["Key"]: str(tag.get("Value", "")) for tag in given}


def all_tags(properties: Mapping[str, Any], place: Place) -> Tags:
    """Every tag that a resource gets; the template's own win."""
    return {**place.tags, **template_tags(properties)}


def pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as most services want them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def own_tags(live: Iterable[Mapping[str, str]] | None) -> list[dict[str, str]]:
    """Live tags without AWS's own, in the order of their keys."""
    found = {tag["Key"]: tag["Value"] for tag in live or ()}
    return pairs({key: found[key] for key in sorted(found) if not key.startswith("aws:")})


@dataclass(frozen=True)
class TagChange:
    """What an update has to do to the tags."""

    put: Tags
    dropped: list[str]


def tag_change(old: Mapping[str, Any], new: Mapping[str, Any], place: Place) -> TagChange:
    """Every wanted tag is put again; those that only the old template had are dropped."""
    wanted = all_tags(new, place)
    return TagChange(wanted, [key for key in template_tags(old) if key not in wanted])


def carry_out(change: TagChange, drop: Callable[[list[str]], object], put: Callable[[Tags], object]) -> None:
    """Do both halves by a service's own calls, neither of which takes an empty list."""
    if change.dropped:
        drop(change.dropped)
    if change.put:
        put(change.put)


def specified(kind: str, tags: Mapping[str, str]) -> dict[str, Any]:
    """The argument by which EC2 tags at creation; it takes no empty one."""
    return {"TagSpecifications": [{"ResourceType": kind, "Tags": pairs(tags)}]} if tags else {}


def retag(aws: Clients, ec2_id: str, old: Mapping[str, Any], new: Mapping[str, Any], place: Place) -> None:
    """Bring the tags of one of EC2's things up to date."""
    ec2 = aws("ec2")
    carry_out(
        tag_change(old, new, place),
        lambda keys: ec2.delete_tags(Resources=[ec2_id], Tags=[{"Key": key} for key in keys]),
        lambda tags: ec2.create_tags(Resources=[ec2_id], Tags=pairs(tags)),
    )
