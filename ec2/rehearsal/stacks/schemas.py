"""What AWS publishes of each resource type, from the provider schemas that cfn-lint bundles."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cfnlint.schema import PROVIDER_SCHEMA_MANAGER, ResourceNotFoundError

# The schemas differ a little from region to region; one region's is what a template is held against.
SCHEMA_REGION = "us-east-1"


@dataclass(frozen=True)
class Schema:
    """One resource type as AWS describes it."""

    type: str
    document: Mapping[str, Any]
    attributes: frozenset[str]
    open_attributes: bool

    @property
    def properties(self) -> Mapping[str, Any]:
        """Every property's own schema, by name."""
        properties: Mapping[str, Any] = self.document["properties"]
        return properties

    @property
    def writable(self) -> frozenset[str]:
        """Properties that a template may give."""
        return frozenset(self.properties) - self.named("readOnlyProperties")

    @property
    def required(self) -> frozenset[str]:
        """Properties without which there is no resource."""
        return frozenset(self.document.get("required", ()))

    @property
    def create_only(self) -> frozenset[str]:
        """Properties whose change needs a new resource."""
        return self.named("createOnlyProperties")

    @property
    def conditionally_create_only(self) -> frozenset[str]:
        """Properties whose change may need a new resource."""
        return self.named("conditionalCreateOnlyProperties")

    @property
    def write_only(self) -> frozenset[str]:
        """Properties that no read gives back."""
        return self.named("writeOnlyProperties")

    @property
    def taggable(self) -> bool:
        """Whether the stack's tags go onto a resource of this type."""
        return "Tags" in self.properties or bool(self.document.get("tagging", {}).get("taggable"))

    def named(self, key: str) -> frozenset[str]:
        """Top-level properties that one of the schema's lists of pointers names as a whole."""
        pointers = [pointer.split("/")[2:] for pointer in self.document.get(key, ())]
        return frozenset(parts[0] for parts in pointers if len(parts) == 1)

    def gives(self, attribute: str) -> bool:
        """Whether Fn::GetAtt may ask for the attribute."""
        return self.open_attributes or attribute in self.attributes


@lru_cache(maxsize=256)
def schema(type_name: str) -> Schema | None:
    """The schema of a type, or None when AWS has no such type."""
    try:
        found = PROVIDER_SCHEMA_MANAGER.get_resource_schema(SCHEMA_REGION, type_name)
    except ResourceNotFoundError:
        return None
    names = frozenset(found.get_atts)
    return Schema(type_name, found.schema, names, any("*" in name for name in names))


def resolved(document: Mapping[str, Any], node: Mapping[str, Any]) -> Mapping[str, Any]:
    """A property's schema with its $ref into the definitions followed."""
    while "$ref" in node:
        node = document["definitions"][node["$ref"].rsplit("/", 1)[-1]]
    return node
