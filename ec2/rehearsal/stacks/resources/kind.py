"""What most resource types share: one look at the live thing answers Fn::GetAtt and drift detection."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from ec2.rehearsal.stacks.resources.contract import Clients, Place
from ec2.rehearsal.stacks.resources.looking import refusal
from ec2.rehearsal.stacks.resources.tags import all_tags, retag, specified


class Kind(ABC):
    """A resource type whose live things can be looked at."""

    name = ""
    carried_out: frozenset[str] = frozenset()
    note = ""
    # What Fn::GetAtt may ask for, and what the look calls it.
    attributes: ClassVar[Mapping[str, str]] = {}

    @abstractmethod
    def create(self, aws: Clients, properties: dict[str, Any], place: Place) -> str:
        """Make the resource and return its physical id."""

    def update(  # noqa: B027
        self, aws: Clients, physical_id: str, old: dict[str, Any], new: dict[str, Any], place: Place
    ) -> None:
        """Change in place; a type of which AWS changes nothing in place leaves this as it is."""

    @abstractmethod
    def delete(self, aws: Clients, physical_id: str, properties: dict[str, Any], place: Place) -> None:
        """Remove the resource; one that is gone already is fine."""

    @abstractmethod
    def look(self, aws: Clients, physical_id: str) -> dict[str, Any] | None:
        """What AWS's API says of it now, or None when it is gone."""

    @abstractmethod
    def shape(self, aws: Clients, live: dict[str, Any]) -> dict[str, Any]:
        """What was looked at, in the template's shape."""

    def attribute(self, aws: Clients, physical_id: str, name: str) -> Any:
        """Give what Fn::GetAtt asks for, empty where the resource has no such thing."""
        live = self.look(aws, physical_id)
        if live is None:
            raise refusal("NotFound", f"{self.name} {physical_id} does not exist", "GetAtt")
        return live.get(self.attributes[name], "")

    def read(self, aws: Clients, physical_id: str) -> dict[str, Any] | None:
        """Give the live properties in the template's shape; None when it is gone."""
        live = self.look(aws, physical_id)
        return None if live is None else self.shape(aws, live)


# What AWS tags a stack's resource with, whatever tags it has besides.
MARKS = ("aws:cloudformation:stack-id", "aws:cloudformation:logical-id")


class Ec2Kind(Kind):
    """A type of EC2's: tagged at creation, and later by its id."""

    tagged_as = ""

    def tags(self, properties: Mapping[str, Any], place: Place) -> dict[str, Any]:
        """The argument that tags it at creation."""
        return specified(self.tagged_as, all_tags(properties, place))

    def update(
        self, aws: Clients, physical_id: str, old: dict[str, Any], new: dict[str, Any], place: Place
    ) -> None:
        """Bring the tags up to date."""
        retag(aws, physical_id, old, new, place)

    def made_for(self, aws: Clients, properties: dict[str, Any], place: Place) -> frozenset[str]:
        """What bears the tags of this stack and logical id, and is not on its way out."""
        of_stack, of_resource = (tagged(aws, self.tagged_as, mark, place.tags[mark]) for mark in MARKS)
        found = of_stack & of_resource
        named = self.physical_ids(aws, sorted(found)) if found else []
        return frozenset(name for name in named if self.look(aws, name) is not None)

    def physical_ids(self, aws: Clients, ec2_ids: list[str]) -> list[str]:
        """What Ref gives for things of these ids: the ids, for most types."""
        return ec2_ids


def tagged(aws: Clients, kind: str, key: str, value: str) -> frozenset[str]:
    """The ids of EC2's things of one kind that bear a tag."""
    asked = {"resource-type": kind, "key": key, "value": value}
    filters = [{"Name": name, "Values": [wanted]} for name, wanted in asked.items()]
    return frozenset(tag["ResourceId"] for tag in aws("ec2").describe_tags(Filters=filters)["Tags"])
