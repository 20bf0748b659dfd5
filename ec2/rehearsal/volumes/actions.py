"""The things that can be done to a machine's volumes, each as a value."""

from dataclasses import dataclass

from ec2.rehearsal.volumes.nodes import Node


@dataclass(frozen=True)
class Copy:
    """Keep what the volume holds now as the snapshot's content."""

    snapshot: str
    volume: str


@dataclass(frozen=True)
class NoContent:
    """Remember why a snapshot will never have a content."""

    snapshot: str
    why: str


@dataclass(frozen=True)
class Make:
    """A new disk, empty or with a snapshot's content."""

    volume: str
    bytes: int
    snapshot: str | None = None


@dataclass(frozen=True)
class Grow:
    """A larger disk, seen at once by whoever has it mounted."""

    volume: str
    bytes: int


@dataclass(frozen=True)
class Connect:
    """A loop device in front of the disk."""

    volume: str


@dataclass(frozen=True)
class Place:
    """A node for the volume in a running instance."""

    instance: str
    volume: str
    device: str


@dataclass(frozen=True)
class Announce:
    """Tell a booting instance that all its volumes are there."""

    instance: str


@dataclass(frozen=True)
class PullOut:
    """Take the volume away under a mounted file system, which then gives errors."""

    volume: str


@dataclass(frozen=True)
class Remove:
    """Take the node out of an instance."""

    instance: str
    volume: str
    node: Node


@dataclass(frozen=True)
class Disconnect:
    """Give the loop device back."""

    volume: str


@dataclass(frozen=True)
class Delete:
    """Remove a disk with what is on it."""

    volume: str


@dataclass(frozen=True)
class Forget:
    """Remove a snapshot's content."""

    snapshot: str


Action = (
    Copy
    | NoContent
    | Make
    | Grow
    | Connect
    | Place
    | Announce
    | PullOut
    | Remove
    | Disconnect
    | Delete
    | Forget
)
