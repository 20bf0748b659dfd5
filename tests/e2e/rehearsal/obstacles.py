"""What stands in a cloud's way, put there and taken away again, and what a refusal must look like."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from ec2.rehearsal.settings import Rehearsal
from tests.waiting import wait_until


def refused(done: subprocess.CompletedProcess[str], *words: str, status: int = 1) -> None:
    """It ended with the status, said all of the words, and showed nobody its insides."""
    said = done.stdout + done.stderr
    assert done.returncode == status, said
    assert "Traceback" not in said
    for word in words:
        assert word in said


@contextmanager
def bridge(address: str) -> Iterator[str]:
    """An interface of somebody else's with this address."""
    name = f"x{uuid4().hex[:8]}"
    for words in (
        ["link", "add", name, "type", "bridge"],
        ["addr", "add", address, "dev", name],
        ["link", "set", name, "up"],
    ):
        subprocess.run(["ip", *words], check=True)
    try:
        yield name
    finally:
        subprocess.run(["ip", "link", "delete", name], check=True)


@contextmanager
def small_disk(rehearsal: Rehearsal, size: int) -> Iterator[None]:
    """The cloud's state lies on a file system of its own of that many bytes."""
    rehearsal.state.mkdir(mode=0o700)
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "state", str(rehearsal.state)], check=True
    )
    try:
        yield
    finally:
        # Until the process has closed its log.
        leave = ["umount", str(rehearsal.state)]
        wait_until(lambda: subprocess.run(leave, check=False).returncode == 0, 10, "a disk that nobody uses")
