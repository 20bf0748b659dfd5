"""Ways to services without a port in the world: one of this machine leads to the host's loopback."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True)
class Tunnel:
    """A service with pages for people; its port is the same on the host's loopback and, where free, here."""

    service: str
    role: str
    port: int
    user: str = ""
    password: str = ""
    # Where a person begins.
    page: str = ""

    def parameter(self, stack: str) -> str:
        """Where the Parameter Store has the password of the user."""
        return f"/{stack}/{self.role}/{self.service}/{self.password}"


# As compose.ec2.yaml publishes them, and with the accounts that are made at their first start.
TUNNELS: Mapping[str, Tunnel] = MappingProxyType(
    {
        tunnel.service: tunnel
        for tunnel in (
            Tunnel("grafana", "monitoring", 3000, "admin", "admin_password"),
            Tunnel("prometheus", "monitoring", 9090, page="consoles/index.html"),
            Tunnel("jenkins", "jenkins", 8081, "admin", "jenkins_admin_password"),
            Tunnel("alertmanager", "monitoring", 9093),
        )
    }
)


def free_port(preferred: int) -> int:
    """The preferred port of this machine's loopback, or another where somebody has it."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            # Connections that ended a moment ago are nobody's.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("this machine has no free port")


def stored_password(ssm: Any, tunnel: Tunnel, stack: str) -> str:
    """The password of the service's user; `ssm` is a boto3 client."""
    found = ssm.get_parameter(Name=tunnel.parameter(stack), WithDecryption=True)
    return str(found["Parameter"]["Value"])


def how_to_read(tunnel: Tunnel, stack: str, region: str) -> str:
    """The command that shows the password."""
    return (
        f"aws ssm get-parameter --region {region} --name {tunnel.parameter(stack)} "
        "--with-decryption --query Parameter.Value --output text"
    )
