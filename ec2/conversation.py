"""Talking to a process: what it is given, and each line it says on either stream as it comes."""

import os
import selectors
import subprocess
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO

OnLine = Callable[[str], None]
Process = subprocess.Popen[bytes]
LAST_LINES = 20
CHUNK_BYTES = 65536
# How often it is seen that a process was killed whose pipes somebody else still holds: with a shared
# connection, ssh hands them to the process that has the connection.
LOOK_SECONDS = 0.2


def last_lines() -> deque[str]:
    """Room for the end of what is said."""
    return deque(maxlen=LAST_LINES)


@dataclass(frozen=True)
class Listener:
    """Who hears what is said, and the end of it."""

    on_out: OnLine
    on_error: OnLine
    answered: deque[str] = field(default_factory=last_lines)
    complained: deque[str] = field(default_factory=last_lines)

    def out(self, line: str) -> None:
        """A line with its end, which belongs to the answer."""
        self.answered.append(bare(line))
        self.on_out(line)

    def error(self, line: str) -> None:
        """A line for people."""
        self.complained.append(bare(line))
        self.on_error(bare(line))

    @property
    def last(self) -> tuple[str, ...]:
        """The last lines for people; where there were none, those of the answer."""
        return tuple(self.complained or self.answered)


@dataclass
class Reader:
    """One stream of a process, cut into lines."""

    stream: IO[bytes]
    say: OnLine
    rest: bytes = b""

    def go_on(self) -> bool:
        """Say what has come; whether more may come."""
        came = os.read(self.stream.fileno(), CHUNK_BYTES)
        *lines, self.rest = (self.rest + came).split(b"\n")
        for line in lines:
            self.say(line.decode(errors="replace") + "\n")
        if not came and self.rest:
            self.say(self.rest.decode(errors="replace"))
        return bool(came)


@dataclass
class Writer:
    """The input of a process, given as fast as it takes it."""

    stream: IO[bytes]
    rest: memoryview

    def go_on(self) -> bool:
        """Give what it takes now; whether there is more. Who takes no more has had enough."""
        try:
            self.rest = self.rest[os.write(self.stream.fileno(), self.rest[:CHUNK_BYTES]) :]
        except BrokenPipeError:
            self.rest = self.rest[:0]
        if not self.rest:
            self.stream.close()
        return bool(self.rest)


def bare(line: str) -> str:
    """The line without its end."""
    return line.rstrip("\r\n")


def start(words: list[str], *, errors: int | IO[bytes] = subprocess.PIPE) -> Process:
    """A process that is spoken to. Ctrl-C in the terminal does not reach it: whoever started it decides."""
    return subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, start_new_session=True
    )


def converse(process: Process, given: bytes | None, listener: Listener) -> int:
    """Give it its input, hand on what it says, and wait until it has ended; its exit status."""
    assert process.stdin and process.stdout and process.stderr  # noqa: S101, PT018
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ, Reader(process.stdout, listener.out))
        selector.register(process.stderr, selectors.EVENT_READ, Reader(process.stderr, listener.error))
        if given:
            os.set_blocking(process.stdin.fileno(), False)
            selector.register(process.stdin, selectors.EVENT_WRITE, Writer(process.stdin, memoryview(given)))
        else:
            process.stdin.close()
        ended = False
        while selector.get_map():
            ready = selector.select(0 if ended else LOOK_SECONDS)
            if ended and not ready:
                break
            # Once more after the end: it may have said its last between our look and its end.
            ended = process.poll() is not None
            for key, _ in ready:
                if not key.data.go_on():
                    selector.unregister(key.fd)
    return process.wait()


def end(process: Process) -> None:
    """Have it gone, and its pipes closed."""
    process.kill()
    close(process)


def hang_up(process: Process) -> None:
    """Tell it by the end of its input that nothing more is wanted."""
    if process.stdin:
        with suppress(BrokenPipeError):
            process.stdin.close()


def close(process: Process) -> None:
    """Tell it the same, hear nothing more from it, and wait."""
    hang_up(process)
    for stream in (process.stdout, process.stderr):
        if stream:
            stream.close()
    process.wait()
