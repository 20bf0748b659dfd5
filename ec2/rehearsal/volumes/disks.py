"""Sparse files as disks: made, grown and copied so that a kill at any moment leaves a whole one or none."""

import os
import subprocess
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from ec2.rehearsal.errors import RehearsalError
from ec2.rehearsal.volumes.places import UNFINISHED

GIB = 1024**3
# Left for everything else on this machine: a full disk takes down more than one volume.
MARGIN_BYTES = GIB


def make(path: Path, size: int) -> None:
    """An empty disk of `size` bytes, which takes room only as it is written to.

    Raises RehearsalError when this machine has less than the margin left.
    """
    require_room(path, 0)
    part = unfinished(path)
    with part.open("wb") as file:
        file.truncate(size)
    part.rename(path)


def copy(source: Path, path: Path, size: int = 0, still: AbstractContextManager[None] | None = None) -> None:
    """The same content in another file, at least `size` bytes long; shares blocks where the file system can.

    `still` is entered for as long as the source is read, not until the copy is on the disk.
    Raises RehearsalError when this machine has no room for what the source really takes.
    """
    require_room(path, source.stat().st_blocks * 512)
    part = unfinished(path)
    words = ["cp", "--reflink=auto", "--sparse=auto", str(source), str(part)]
    with still or nullcontext():
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        part.unlink(missing_ok=True)
        raise RehearsalError(f"{path.stem} could not be copied from {source.stem}: {done.stderr.strip()}")
    with part.open("r+b") as file:
        if size > source.stat().st_size:
            file.truncate(size)
        os.fsync(file.fileno())
    part.rename(path)


def grow(path: Path, size: int) -> None:
    """Make a disk larger, never smaller: what lies at its end would be lost."""
    if path.stat().st_size < size:
        require_room(path, 0)
        os.truncate(path, size)


def require_room(path: Path, written: int) -> None:
    """Refuse to write `written` bytes beside `path` when the margin would not be left."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    disk = os.statvfs(path.parent)
    free, need = disk.f_bavail * disk.f_frsize, written + MARGIN_BYTES
    if free < need:
        raise RehearsalError(
            f"{path.stem} needs {need / GIB:.1f} GiB in {path.parent}, {free / GIB:.1f} GiB are free",
            f"free some of {path.parent}: delete snapshots or volumes, or docker system df",
        )


def unfinished(path: Path) -> Path:
    """The name of a disk that is still being written."""
    return path.with_name(path.name + UNFINISHED)
