"""A resource type that is only ever looked at."""

from typing import Any

from ec2.rehearsal.stacks.resources.contract import Clients, Place
from ec2.rehearsal.stacks.schemas import schema


class AnyType:
    """Carries out all that AWS knows of a type, and is never asked to."""

    note = ""

    def __init__(self, name: str) -> None:
        described = schema(name)
        assert described is not None
        self.name, self.carried_out = name, described.writable

    def create(self, aws: Clients, properties: dict[str, Any], place: Place) -> str:
        raise NotImplementedError

    def update(self, *arguments: Any) -> None:
        raise NotImplementedError

    def delete(self, *arguments: Any) -> None:
        raise NotImplementedError

    def attribute(self, *arguments: Any) -> Any:
        raise NotImplementedError

    def read(self, *arguments: Any) -> dict[str, Any] | None:
        raise NotImplementedError
