"""One file written whole or not at all, with a line on top that is judged before the rest is believed.

What follows the line is a pickle: loading one runs whatever its writer wanted. So it must be ours.
"""

import hashlib
import json
import os
import stat
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ec2.rehearsal.errors import RehearsalError
from ec2.rehearsal.snapshot import whole_file

# Raise it when what is saved changes its meaning.
FORMAT = 1
HINT = "make rehearse-down removes the cloud with its hosts and its state; then start a new one"


def write(path: Path, payload: bytes) -> None:
    """Replace the file. Raises RehearsalError when the disk is full; the old one is then still there."""
    line = json.dumps(maker() | {"sha256": hashlib.sha256(payload).hexdigest()})
    try:
        whole_file.write(path, line.encode() + b"\n" + payload)
    except OSError as error:
        raise RehearsalError(
            f"{path} could not be written: {error.strerror}", "free some disk space"
        ) from error


def read(path: Path) -> bytes:
    """What was written. Raises RehearsalError unless it is ours, whole, and of the versions that run here."""
    require_private(path.parent)
    require_private(path)
    top, _, payload = path.read_bytes().partition(b"\n")
    try:
        line: dict[str, Any] = json.loads(top)
        seal = line.pop("sha256")
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise RehearsalError(f"{path} is damaged", HINT) from error
    if line != maker():
        there, here = described(line), described(maker())
        raise RehearsalError(f"{path} was saved by {there}, and this is {here}", HINT)
    if hashlib.sha256(payload).hexdigest() != seal:
        raise RehearsalError(f"{path} is damaged", HINT)
    return payload


def maker() -> dict[str, Any]:
    """What must be the same where it is loaded: a pickle is made of moto's classes and Python's code."""
    return {
        "format": FORMAT,
        "moto": version("moto"),
        "python": f"{sys.version_info[0]}.{sys.version_info[1]}",
    }


def described(line: dict[str, Any]) -> str:
    """The versions as a person says them."""
    return f"moto {line.get('moto')} on Python {line.get('python')} in format {line.get('format')}"


def require_private(path: Path) -> None:
    """Refuse what somebody else owns, may write, or has put a link to."""
    there = path.lstat()
    if stat.S_ISLNK(there.st_mode) or there.st_uid != os.geteuid() or there.st_mode & 0o077:
        raise RehearsalError(
            f"{path} is not this user's alone, and loading it could run anything",
            f"look at ls -l {path.parent}; {HINT}",
        )
