"""The one process of each cloud: it holds a lock as long as it lives, in the foreground or behind."""

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from ec2.rehearsal.control.server import HEALTH
from ec2.rehearsal.errors import RehearsalError
from ec2.rehearsal.settings import Rehearsal

# The first start builds the host's image and perhaps the base below it.
START_TIMEOUT_SECONDS = 600
STOP_TIMEOUT_SECONDS = 60
BETWEEN_LOOKS_SECONDS = 0.1
TAIL_LINES = 15


def lock_file(rehearsal: Rehearsal) -> Path:
    """Locked while the process lives, and holding its number."""
    return rehearsal.state / "process"


def log_file(rehearsal: Rehearsal) -> Path:
    """What a process behind says."""
    return rehearsal.state / "log"


@contextmanager
def alone(rehearsal: Rehearsal) -> Iterator[None]:
    """Be the cloud's one process. Raises RehearsalError when there is another, or when this is not root."""
    if os.geteuid() != 0:
        raise RehearsalError(
            "the local EC2 makes networks, disks and hosts on this machine, and that needs root",
            "repeat the command with sudo",
        )
    rehearsal.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    with lock_file(rehearsal).open("a+") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RehearsalError(
                f"the cloud '{rehearsal.name}' is running already, as process {running(rehearsal)}",
                "python -m ec2.rehearsal status shows it, python -m ec2.rehearsal stop ends it",
            ) from None
        held.truncate(0)
        held.write(str(os.getpid()))
        held.flush()
        yield


def running(rehearsal: Rehearsal) -> int:
    """The number of the cloud's process; 0 when there is none."""
    try:
        with lock_file(rehearsal).open() as held:
            try:
                fcntl.flock(held, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(held.read() or 0)
    except FileNotFoundError:
        return 0
    return 0


def start(rehearsal: Rehearsal, words: list[str], say: Callable[[str], None]) -> None:
    """Have the process run behind, and return when the API answers; its lines are said as they come.

    Raises RehearsalError with the last of them when it ends instead.
    """
    rehearsal.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    log = log_file(rehearsal)
    log.touch()
    said = log.stat().st_size
    with log.open("a") as output:
        behind = subprocess.Popen(
            [sys.executable, "-m", "ec2.rehearsal", *words, "serve"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while not answers(rehearsal):
        said = pass_on(log, said, say)
        if behind.poll() is not None or time.monotonic() > deadline:
            raise RehearsalError(f"the cloud did not start:\n{tail(log)}", f"the whole of it is in {log}")
        time.sleep(BETWEEN_LOOKS_SECONDS)
    pass_on(log, said, say)


def pass_on(log: Path, said: int, say: Callable[[str], None]) -> int:
    """Say the whole lines that came since; how far that was."""
    with log.open() as text:
        text.seek(said)
        new = text.read()
    whole = new[: new.rfind("\n") + 1]
    for line in whole.splitlines():
        say(line)
    return said + len(whole.encode())


def tail(log: Path) -> str:
    """The end of what the process said."""
    return "\n".join(log.read_text().splitlines()[-TAIL_LINES:])


def answers(rehearsal: Rehearsal) -> bool:
    """Whether the cloud is ready for requests."""
    try:
        return requests.get(rehearsal.endpoint + HEALTH, timeout=1).ok
    except requests.RequestException:
        return False


def stop(rehearsal: Rehearsal) -> bool:
    """End the process in order; False when there was none. Raises RehearsalError when it does not end."""
    number = running(rehearsal)
    if not number:
        return False
    os.kill(number, signal.SIGTERM)
    deadline = time.monotonic() + STOP_TIMEOUT_SECONDS
    while running(rehearsal):
        if time.monotonic() > deadline:
            raise RehearsalError(
                f"process {number} of the cloud '{rehearsal.name}' has not ended in {STOP_TIMEOUT_SECONDS} s",
                f"kill -KILL {number}; nothing is lost with it",
            )
        time.sleep(BETWEEN_LOOKS_SECONDS)
    return True
