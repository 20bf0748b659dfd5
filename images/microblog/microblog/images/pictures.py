"""From an upload to a picture that can be stored: decoded in a child process, one at a time on a host.

Decoders of pictures are where memory and holes are. The child has limits of its own for both, no connection
to the database, no key, and ends after one picture; what it leaves is a file that it wrote itself.
"""

import fcntl
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from threading import BoundedSemaphore

from werkzeug.exceptions import TooManyRequests

from .models import DIGEST_LENGTH
from .reencode import NO_PICTURE

PROGRAM = Path(__file__).with_name("reencode.py")
LONGEST_SECONDS = 15
PATIENCE_SECONDS = 8
# Who waits holds a thread: with a few waiting, the next are told to come back.
MOST_WAITING = 2
LOOK_EVERY_SECONDS = 0.05

_slot_of_process = BoundedSemaphore(1)
_places = BoundedSemaphore(1 + MOST_WAITING)
# One file for all workers, which are forks of the process that opened it. A lock on it ends with its holder.
_slot_of_host, _name = tempfile.mkstemp(prefix="microblog-")
Path(_name).unlink()


class NoPicture(Exception):
    """It is no picture of a kind that is read."""


class TooLarge(Exception):
    """It has more pixels, or takes more memory or time, than a small host can give."""


@dataclass(frozen=True)
class Size:
    """The picture in one width."""

    width: int
    height: int
    content: bytes


@dataclass(frozen=True)
class Picture:
    """A picture in its sizes, the largest first."""

    sizes: tuple[Size, ...]

    @property
    def largest(self) -> Size:
        """The one whose measures the page is told."""
        return self.sizes[0]

    @property
    def digest(self) -> str:
        """What tells its content from any other."""
        return sha256(self.largest.content).hexdigest()[:DIGEST_LENGTH]

    @property
    def byte_count(self) -> int:
        """Of all sizes together."""
        return sum(len(size.content) for size in self.sizes)


def reencoded(upload: bytes) -> Picture:
    """The picture in an upload. Raises NoPicture, TooLarge, or TooManyRequests while others wait already."""
    with _slot():
        try:
            child = subprocess.run(
                [sys.executable, "-I", PROGRAM],
                input=upload,
                capture_output=True,
                timeout=LONGEST_SECONDS,
                env={},
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise TooLarge from error
    if child.returncode == NO_PICTURE:
        raise NoPicture
    if child.returncode != 0:  # killed by a limit, or out of memory
        raise TooLarge
    return _picture(child.stdout)


def _picture(result: bytes) -> Picture:
    head, _, body = result.partition(b"\n")
    sizes, start = [], 0
    for width, height, length in json.loads(head):
        sizes.append(Size(width, height, body[start : start + length]))
        start += length
    return Picture(tuple(sizes))


@contextmanager
def _slot() -> Iterator[None]:
    if not _places.acquire(blocking=False):
        raise TooManyRequests(retry_after=PATIENCE_SECONDS)
    try:
        until = time.monotonic() + PATIENCE_SECONDS
        if not _slot_of_process.acquire(timeout=PATIENCE_SECONDS):
            raise TooManyRequests(retry_after=PATIENCE_SECONDS)
        try:
            _lock_host(until)
            try:
                yield
            finally:
                fcntl.lockf(_slot_of_host, fcntl.LOCK_UN)
        finally:
            _slot_of_process.release()
    finally:
        _places.release()


def _lock_host(until: float) -> None:
    while True:
        try:
            fcntl.lockf(_slot_of_host, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() >= until:
                raise TooManyRequests(retry_after=PATIENCE_SECONDS) from None
            time.sleep(LOOK_EVERY_SECONDS)
        else:
            return
