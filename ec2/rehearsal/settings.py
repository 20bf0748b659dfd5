"""Which local EC2 is meant: its name, its ports, its public addresses and where it keeps its state."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

ACCOUNT = "123456789012"
REGION = "us-east-1"
LABEL = "rehearsal.cloud"
# The benchmark range, RFC 2544: routed nowhere, so a made-up public address can hide nobody's real one.
POOL = IPv4Network("198.18.0.0/24")


@dataclass(frozen=True)
class Rehearsal:
    """One local EC2 on this machine; several can run side by side under other names, ports and pools."""

    name: str = "rehearsal"
    port: int = 4566
    pool: IPv4Network = POOL
    folder: Path = Path("/var/lib/rehearsal")

    @property
    def endpoint(self) -> str:
        """What AWS_ENDPOINT_URL is set to on this machine."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def gateway(self) -> IPv4Address:
        """This machine's own address among the public ones: what hosts see a person come from."""
        return self.pool[1]

    @property
    def state(self) -> Path:
        """Where disks, the snapshot and the log lie; only root reads it."""
        return self.folder / self.name

    @property
    def labels(self) -> dict[str, str]:
        """What marks a Docker object as this cloud's; nothing without it is ever touched."""
        return {LABEL: self.name}
