"""What the engine asks of a resource type; each type is one class that talks to AWS's own API."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

Clients = Callable[[str], Any]
"""Service name -> boto3 client, for example `aws("ec2")`."""


@dataclass(frozen=True)
class Place:
    """Where in a stack a resource stands, and the tags that CloudFormation puts on all it makes.

    `tags` holds aws:cloudformation:stack-name, -id, logical-id and the stack's own tags.
    """

    stack_name: str
    stack_id: str
    logical_id: str
    tags: Mapping[str, str]
    region: str
    account: str


class ResourceType(Protocol):
    """One type of resource; `properties` are always resolved: no function, no Ref is left in them."""

    @property
    def name(self) -> str:
        """The type's name, "AWS::EC2::VPC"."""

    @property
    def carried_out(self) -> frozenset[str]:
        """Top-level properties that are really carried out; any other is refused at validation."""

    @property
    def note(self) -> str:
        """What the resource's event says, for example of a type that is only recorded; or ""."""

    def create(self, aws: Clients, properties: dict[str, Any], place: Place) -> str:
        """Make the resource and return its physical id, which is what Ref gives."""

    def update(
        self, aws: Clients, physical_id: str, old: dict[str, Any], new: dict[str, Any], place: Place
    ) -> None:
        """Change in place what needs no replacement.

        It is called also when nothing but the stack's tags differ: `place.tags` are those wanted, and the
        stack's tags that are no more stand among the `Tags` of `old`.
        """

    def delete(self, aws: Clients, physical_id: str, properties: dict[str, Any], place: Place) -> None:
        """Remove the resource; one that is gone already is fine."""

    def attribute(self, aws: Clients, physical_id: str, name: str) -> Any:
        """Give what Fn::GetAtt asks for."""

    def read(self, aws: Clients, physical_id: str) -> dict[str, Any] | None:
        """Give the live properties in the template's shape, for drift; None when it is gone."""


@runtime_checkable
class ReplacedOn(Protocol):
    """Optional: properties whose change needs a new resource though AWS's schema only says it may."""

    @property
    def replaced_on(self) -> frozenset[str]:
        """Conditionally create-only properties that this type replaces on."""


@runtime_checkable
class Findable(Protocol):
    """Optional: a type whose resources are found by where they stand, though nobody kept their ids."""

    def made_for(self, aws: Clients, properties: dict[str, Any], place: Place) -> frozenset[str]:
        """The physical ids of all that is there and was made for this place, with these properties."""


@runtime_checkable
class Snapshotted(Protocol):
    """Optional: a type that DeletionPolicy Snapshot may be asked of."""

    def snapshot(self, aws: Clients, physical_id: str, place: Place) -> str:
        """Take a snapshot before the resource is deleted and return its id."""
