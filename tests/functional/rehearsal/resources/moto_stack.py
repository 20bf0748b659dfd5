"""Drives resource types as the engine does, against a moto whose faults are mended."""

from dataclasses import dataclass, field
from typing import Any

from ec2.rehearsal.stacks.resources import RESOURCE_TYPES
from ec2.rehearsal.stacks.resources.contract import Clients, Place

STACK_TAGS = {"aws:cloudformation:stack-name": "demo", "Owner": "team"}


@dataclass
class Stack:
    """The resources of one test: what was made, with which properties."""

    aws: Clients
    made: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)

    def create(self, type_name: str, logical_id: str = "It", **properties: Any) -> str:
        """Make a resource and give its physical id."""
        kind = RESOURCE_TYPES[type_name]
        assert set(properties) <= kind.carried_out, "the engine would have refused this"
        physical_id = kind.create(self.aws, properties, place(logical_id))
        self.made[type_name, physical_id] = properties
        return physical_id

    def update(self, type_name: str, physical_id: str, **changes: Any) -> None:
        """Change some properties; None takes one out of the template."""
        old = self.made[type_name, physical_id]
        new = {name: value for name, value in {**old, **changes}.items() if value is not None}
        RESOURCE_TYPES[type_name].update(self.aws, physical_id, old, new, place("It"))
        self.made[type_name, physical_id] = new

    def delete(self, type_name: str, physical_id: str) -> None:
        """Remove it, and once more: what is gone already is fine."""
        properties = self.made[type_name, physical_id]
        self.remove(type_name, physical_id)
        RESOURCE_TYPES[type_name].delete(self.aws, physical_id, properties, place("It"))

    def remove(self, type_name: str, physical_id: str) -> None:
        """Remove it; one that AWS will not remove stays to be removed later."""
        properties = self.made[type_name, physical_id]
        RESOURCE_TYPES[type_name].delete(self.aws, physical_id, properties, place("It"))
        del self.made[type_name, physical_id]

    def remove_all(self) -> None:
        """Remove what is left, the newest first."""
        for type_name, physical_id in reversed(list(self.made)):
            self.remove(type_name, physical_id)

    def attribute(self, type_name: str, physical_id: str, name: str) -> Any:
        """What Fn::GetAtt gives."""
        return RESOURCE_TYPES[type_name].attribute(self.aws, physical_id, name)

    def read(self, type_name: str, physical_id: str) -> dict[str, Any] | None:
        """What drift detection sees."""
        return RESOURCE_TYPES[type_name].read(self.aws, physical_id)


def place(logical_id: str) -> Place:
    """Where the resources of the tests stand."""
    stack_id = "arn:aws:cloudformation:us-east-1:123456789012:stack/demo/1"
    aws = {"aws:cloudformation:stack-id": stack_id, "aws:cloudformation:logical-id": logical_id}
    return Place("demo", stack_id, logical_id, {**STACK_TAGS, **aws}, "us-east-1", "123456789012")


def tags(**given: str) -> list[dict[str, str]]:
    """Tags as a template writes them."""
    return [{"Key": key, "Value": value} for key, value in given.items()]
