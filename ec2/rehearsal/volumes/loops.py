"""Loop devices of this cloud: found by the file behind them, so those of others are never touched."""

import fcntl
import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ec2.rehearsal.errors import RehearsalError
from ec2.rehearsal.settings import Rehearsal
from ec2.rehearsal.volumes.places import DISK

LOOP_MAJOR = 7
# linux/fs.h
BLKFLSBUF = 0x1261
# What losetup puts behind the name of a file that was removed under its device.
REMOVED = " (deleted)"


@dataclass(frozen=True)
class Loop:
    """One of our loop devices; one that is `going` has been detached and lives until its last user closes."""

    path: Path
    volume: str
    minor: int
    bytes: int
    going: bool = False


def loops(rehearsal: Rehearsal) -> Iterator[Loop]:
    """Every loop device whose file lies in this cloud's folder of volumes."""
    folder = (rehearsal.state / "volumes").resolve()
    for row in json.loads(losetup("--list", "--json", "--output", "NAME,BACK-FILE,AUTOCLEAR") or "{}").get(
        "loopdevices", []
    ):
        file = Path((row["back-file"] or "").removesuffix(REMOVED))
        if file.parent == folder and file.name.endswith(DISK):
            device = Path(row["name"])
            yield Loop(device, file.name.removesuffix(DISK), minor(device), size(device), row["autoclear"])


def minor(device: Path) -> int:
    """The number by which the kernel knows the device."""
    return os.minor(device.stat().st_rdev)


def size(device: Path) -> int:
    """How many bytes the device has; the kernel counts in sectors of 512."""
    return int(Path(f"/sys/class/block/{device.name}/size").read_text()) * 512


def attach(disk: Path) -> Path:
    """A new loop device in front of the file."""
    return Path(losetup("--find", "--show", str(disk.resolve())).strip())


def refresh_size(device: Path) -> None:
    """Let the device, also a mounted one, have the size that its file has by now."""
    losetup("--set-capacity", str(device))


def detach(device: Path) -> None:
    """Give the device back; while somebody has it open the kernel waits for the last to close it."""
    flush(device)
    losetup("--detach", str(device))


def in_use(device: Path) -> bool:
    """Whether it is mounted, swapped to or part of another device, in any container.

    Asks by claiming it for a moment, so it is only for devices that nobody is about to mount.
    """
    try:
        os.close(os.open(device, os.O_RDONLY | os.O_EXCL))
    except OSError:
        return True
    return False


def flush(device: Path) -> None:
    """Write what was written to the device into its file."""
    opened = os.open(device, os.O_RDONLY)
    try:
        fcntl.ioctl(opened, BLKFLSBUF, 0)
    finally:
        os.close(opened)


def losetup(*words: str) -> str:
    """Run losetup and give what it says; raises RehearsalError with its own words."""
    done = subprocess.run(["losetup", *words], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RehearsalError(
            f"losetup {' '.join(words)}: {done.stderr.strip()}", "needs root and the kernel's loop devices"
        )
    return done.stdout
