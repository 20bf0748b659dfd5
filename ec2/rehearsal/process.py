"""The one process of each cloud: it holds a lock as long as it lives, in the foreground or behind."""

import fcntl
import os
import shutil
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
MIB = 2**20
# For its memory and its log; what hosts and volumes take is asked for when they are made.
LEAST_ROOM_BYTES = 50 * MIB


def lock_file(rehearsal: Rehearsal) -> Path:
    """Locked while the process lives, and holding its number."""
    return rehearsal.state / "process"


def log_file(rehearsal: Rehearsal) -> Path:
    """What a process behind says."""
    return rehearsal.state / "log"


@contextmanager
def alone(rehearsal: Rehearsal) -> Iterator[None]:
    """Be the cloud's one process.

    Raises RehearsalError when there is another, when this is not root, and when the disk is full.
    """
    require_root()
    have_room(rehearsal)
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


def require_root() -> None:
    """Raises RehearsalError for anybody else."""
    if os.geteuid() != 0:
        raise RehearsalError(
            "the local EC2 makes networks, disks and hosts on this machine, and that needs root",
            "repeat the command with sudo",
        )


def have_room(rehearsal: Rehearsal) -> None:
    """Have the folder of the state. Raises RehearsalError when its disk is as good as full."""
    try:
        rehearsal.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        free = shutil.disk_usage(rehearsal.state).free
    except OSError as error:
        raise RehearsalError(
            f"{rehearsal.state} cannot be used: {error.strerror}", f"ls -ld {rehearsal.folder}"
        ) from error
    if free < LEAST_ROOM_BYTES:
        raise RehearsalError(
            f"the cloud needs {LEAST_ROOM_BYTES // MIB} MiB in {rehearsal.state}, and {free // MIB} are left",
            f"free some disk space: df --human-readable {rehearsal.folder}",
        )


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


def require_running(rehearsal: Rehearsal) -> int:
    """The number of the cloud's process. Raises RehearsalError when there is none."""
    number = running(rehearsal)
    if not number:
        raise RehearsalError(
            f"the cloud '{rehearsal.name}' is not running", "make rehearse, or python -m ec2.rehearsal start"
        )
    return number


def start(rehearsal: Rehearsal, words: list[str], say: Callable[[str], None]) -> None:
    """Have the process run behind, and return when the API answers; its lines are said as they come.

    Raises RehearsalError when it ends instead; what it said last says why.
    """
    require_root()
    have_room(rehearsal)
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
    while not answers(rehearsal, behind.pid):
        ended = behind.poll() is not None
        said = pass_on(log, said, say)
        if ended:
            raise RehearsalError(f"the cloud '{rehearsal.name}' did not start, for what is said above")
        if time.monotonic() > deadline:
            raise RehearsalError(
                f"the cloud '{rehearsal.name}' does not answer after {START_TIMEOUT_SECONDS} s", f"less {log}"
            )
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


def answers(rehearsal: Rehearsal, number: int) -> bool:
    """Whether the cloud's process, and not another one on its port, is ready for requests."""
    try:
        answer = requests.get(rehearsal.endpoint + HEALTH, timeout=1)
    except requests.RequestException:
        return False
    return answer.ok and answer.text.strip() == str(number)


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
