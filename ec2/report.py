"""What a deployment did, as text and as plain values; pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ec2.inventory import Host


@dataclass(frozen=True)
class Report:
    """All that a person or a script wants to know afterwards; durations in seconds."""

    stack: str
    outcome: str
    release: str
    hosts: tuple[Host, ...]
    services: Mapping[str, tuple[str, ...]]
    left_out: Mapping[str, str]
    pulled: Mapping[str, tuple[str, ...]]
    uplink_bytes: int
    durations: Mapping[str, float]

    @property
    def addresses(self) -> list[str]:
        """Where the microblog is: each app host has all of it."""
        return [f"http://{host.address}/" for host in self.hosts if "app" in host.roles]

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "stack": self.stack,
            "stack_outcome": self.outcome,
            "release": self.release,
            "address": next(iter(self.addresses), ""),
            "hosts": [
                {
                    "name": host.name,
                    "roles": list(host.roles),
                    "address": host.address,
                    "services": list(self.services[host.name]),
                    "images_pulled": list(self.pulled.get(host.name, ())),
                }
                for host in self.hosts
            ],
            "uplink_bytes": self.uplink_bytes,
            "left_out": dict(self.left_out),
            "seconds": {stage: round(seconds, 1) for stage, seconds in self.durations.items()},
        }
