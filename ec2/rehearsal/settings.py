"""Which local EC2 is meant: its name, its ports, its public addresses and where it keeps its state."""

import json
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any, Self

from ec2.rehearsal.errors import RehearsalError

ACCOUNT = "123456789012"
REGION = "us-east-1"
LABEL = "rehearsal.cloud"
# Of the metadata service at the gateway, which each cloud has of its own; hosts see it at 169.254.169.254.
# A higher one may be held by a connection from the gateway to a host, even for a minute after its end.
METADATA_PORT = 169
# The benchmark range, RFC 2544: routed nowhere, so a made-up public address can hide nobody's real one.
POOL = IPv4Network("198.18.0.0/24")

FOLDER = Path("/var/lib/rehearsal")


@dataclass(frozen=True)
class Rehearsal:
    """One local EC2 on this machine; several can run side by side under other names, ports and pools."""

    name: str = "rehearsal"
    port: int = 4566
    pool: IPv4Network = POOL
    folder: Path = FOLDER
    bare: bool = False

    @property
    def endpoint(self) -> str:
        """What AWS_ENDPOINT_URL is set to on this machine."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def common_endpoint(self) -> str:
        """The same for hosts and for this machine, at a port that security groups usually let out."""
        return f"http://{self.gateway}"

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

    @classmethod
    def remembered(cls, name: str, folder: Path = FOLDER) -> Self:
        """The cloud of this name with the choices it was last started with."""
        cloud = cls(name, folder=folder)
        try:
            known = json.loads((cloud.state / "choices").read_text())
        except FileNotFoundError:
            return cloud
        except PermissionError as error:
            raise RehearsalError(
                f"{error.filename} belongs to root", "repeat the command with sudo"
            ) from error
        return replace(cloud, port=known["port"], pool=IPv4Network(known["pool"]), bare=known["bare"])

    def remember(self) -> None:
        """Keep the choices for the commands that come later."""
        chosen = {"port": self.port, "pool": str(self.pool), "bare": self.bare}
        (self.state / "choices").write_text(json.dumps(chosen))

    def with_choices(self, **choices: Any) -> Self:
        """The same cloud with what a person chose; None is no choice."""
        return replace(self, **{key: value for key, value in choices.items() if value is not None})

    def words(self) -> list[str]:
        """The options that mean this cloud on the command line."""
        options = ["--name", self.name, "--port", str(self.port), "--pool", str(self.pool)]
        return [*options, "--bare"] if self.bare else options
