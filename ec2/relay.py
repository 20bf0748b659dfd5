"""A relay on a host, host/relay.py: its Docker pulls through it, and other hosts from the one that feeds."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from ec2.held import Held, held
from ec2.host_scripts import host_script
from ec2.ssh import Session

MODULES = ("relay_store", "relay")
# Reads the modules, each of that many bytes, and leaves its input open: its end is the program's.
READ = """
import sys, types
for name, length in ({modules}):
    module = sys.modules["ec2.host." + name] = types.ModuleType("ec2.host." + name)
    exec(compile(sys.stdin.buffer.read(length), name + ".py", "exec"), module.__dict__)
module.main()
"""
# A relay that an earlier deployment left is waited for, see host/relay.py.
START_LIMIT_SECONDS = 180.0


@dataclass
class Relay:
    """A relay that listens on a host's loopback; the bytes that it gave to others are known at its end."""

    held: Held
    port: int
    given: int = 0

    @property
    def address(self) -> str:
        """Where Docker on its host finds it."""
        return f"127.0.0.1:{self.port}"


@contextmanager
def relay(session: Session, upstream: str, feed: str = "") -> Iterator[Relay]:
    """A relay on the host for as long as the context lasts, which feeds other hosts at an address of its own.

    Raises CommandFailed with what it said when it does not listen.
    """
    modules = {name: host_script(f"{name}.py").encode() for name in MODULES}
    lengths = ", ".join(f"({name!r}, {len(module)})" for name, module in modules.items())
    words = ["python3", "-c", READ.format(modules=lengths), upstream, *(["--feed", feed] if feed else [])]
    with held(session, words, b"".join(modules.values()), "passing images on") as command:
        running = Relay(command, int(command.answer(START_LIMIT_SECONDS).split()[1]))
        yield running
    with suppress(ValueError, IndexError):
        running.given = json.loads(command.last[-1])["given"]
