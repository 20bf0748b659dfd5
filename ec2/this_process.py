"""Which process this is and whose, so that another one on its machine can tell whether it lives (Linux)."""

import getpass
import os
import socket
from pathlib import Path

# proc(5): the state and, in clock ticks since the boot, the start of a process; its name before them may hold
# spaces and brackets.
STATE, START = 0, 19
ENDED = ("Z", "X")


def place() -> str:
    """This boot of this machine and these process numbers; "" where the system does not tell."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def start_of(pid: int) -> str:
    """When a process of this place began; "" when there is none, or it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[STATE] in ENDED else fields[START]


def said() -> str:
    """This process in one word, for others to ask after."""
    pid = os.getpid()
    return f"{place()} {pid} {start_of(pid)}"


def is_gone(said_before: str) -> bool:
    """Whether it was a process of this place, and lives no more."""
    where, pid, began = said_before.rsplit(" ", 2)
    return bool(place()) and where == place() and start_of(int(pid)) != began


def whose() -> str:
    """The person at the machine, for others to read; a number where the machine has no name for them."""
    try:
        user = getpass.getuser()
    # Of a container that was given a user whom it does not know; KeyError before Python 3.13.
    except (KeyError, OSError):
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"
