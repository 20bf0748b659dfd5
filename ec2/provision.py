"""A host as it comes from EC2 gets what services need: Docker, its settings, its volumes, its safety."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from ec2.everywhere import everywhere
from ec2.host_scripts import host_script
from ec2.inventory import Host
from ec2.ssh import Session

# In this order: nothing before the first boot is over, Docker's settings before Docker starts with them.
PARTS = (
    "boot.sh",
    "sshd.sh",
    "kernel.sh",
    "volumes.sh",
    "engine.sh",
    "docker.sh",
    "packages.sh",
    "layout.sh",
)

MARKED = "/srv/stack/provisioned"


@dataclass(frozen=True)
class Provisioned:
    """What was changed on a host; nothing the second time."""

    host: str
    changes: tuple[str, ...]


def provision(sessions: Sequence[Session], say: Callable[[str], None]) -> list[Provisioned]:
    """Have every host ready, side by side, each by one script over its one connection.

    Raises CommandFailed with the last lines from the host, HostUnreachable, SeveralFailed.
    """
    return everywhere(sessions, lambda session: provision_host(session, say))


def provision_host(session: Session, say: Callable[[str], None]) -> Provisioned:
    """Have one host ready, and write down there by what."""
    name = session.host.name
    printed = session.run(
        f"{provision_script()}\nprintf %s {mark(session.host)} >{MARKED}",
        arguments=volume_arguments(session.host),
        sudo=True,
        what="provision",
        on_line=lambda line: say(f"{name}: {line}"),
    )
    return Provisioned(name, tuple(printed.splitlines()))


def mark(host: Host) -> str:
    """What a host says once it was provisioned so; another script, volume or size makes it another mark."""
    sizes = (str(volume.size_gib) for volume in host.volumes)
    wanted = "\n".join((provision_script(), *volume_arguments(host), *sizes))
    return sha256(wanted.encode()).hexdigest()[:16]


def provision_script() -> str:
    """Every part in a shell of its own, after the words that they share; the first that fails is the last."""
    return "\n".join([host_script("phase.sh"), *(f"(\n{host_script(part)}\n)" for part in PARTS)])


def volume_arguments(host: Host) -> tuple[str, ...]:
    """The host's data volumes as volumes.sh takes them: vol-0a:/srv/database."""
    return tuple(f"{volume.id}:{volume.mount_point}" for volume in host.volumes)
