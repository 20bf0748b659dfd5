"""Where a volume and a snapshot lie on this machine."""

from collections.abc import Iterator
from pathlib import Path

from ec2.rehearsal.settings import Rehearsal

DISK = ".img"
# In place of a copy: why a snapshot has no content.
EMPTY = ".none"
UNFINISHED = ".part"


def disk(rehearsal: Rehearsal, volume: str) -> Path:
    """The sparse file behind a volume."""
    return rehearsal.state / "volumes" / f"{volume}{DISK}"


def copy(rehearsal: Rehearsal, snapshot: str) -> Path:
    """What a volume held when the snapshot was made."""
    return rehearsal.state / "snapshots" / f"{snapshot}{DISK}"


def no_content(rehearsal: Rehearsal, snapshot: str) -> Path:
    """The file that says why a snapshot has no copy."""
    return copy(rehearsal, snapshot).with_suffix(EMPTY)


def is_settled(rehearsal: Rehearsal, snapshot: str) -> bool:
    """Whether the snapshot has its content, or will never have one."""
    return copy(rehearsal, snapshot).exists() or no_content(rehearsal, snapshot).exists()


def files(rehearsal: Rehearsal, suffix: str) -> Iterator[Path]:
    """Every file of this cloud's volumes and snapshots that ends so."""
    for folder in ("volumes", "snapshots"):
        yield from (rehearsal.state / folder).glob(f"*{suffix}")
