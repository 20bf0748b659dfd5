"""The stack's outputs become the hosts that are reached, as frozen values; pure."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Host:
    """A machine of the stack: its name, what it is for, and its addresses."""

    name: str
    roles: tuple[str, ...]
    instance_id: str
    # The Elastic IP: stop and start change nothing.
    address: str
    private_address: str

    def __str__(self) -> str:
        return self.name
