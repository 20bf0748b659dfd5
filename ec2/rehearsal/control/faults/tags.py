"""DescribeTags: the types of resources by AWS's names."""

from collections.abc import Mapping
from typing import Any

from moto.ec2.models.tags import TagBackend

from ec2.rehearsal.control.originals import original, replace

# What moto calls otherwise.
NAMES = {"flow-logs": "vpc-flow-log", "nat-gateway": "natgateway", "vpc-elastic-ip": "elastic-ip"}
MOTOS = {ours: motos for motos, ours in NAMES.items()}


def mend_tags() -> None:
    """Asked for and told; moto finds nothing under a name that it does not have."""
    moto_describe = original(TagBackend, "describe_tags")

    def describe_tags(self: Any, filters: Mapping[str, list[str]] | None = None) -> list[dict[str, str]]:
        asked = dict(filters) if filters else None
        if asked and "resource-type" in asked:
            asked["resource-type"] = [MOTOS.get(name, name) for name in asked["resource-type"]]
        found: list[dict[str, str]] = moto_describe(self, asked)
        return [
            {**tag, "resource_type": NAMES.get(tag["resource_type"], tag["resource_type"])} for tag in found
        ]

    replace(TagBackend, "describe_tags", describe_tags)
