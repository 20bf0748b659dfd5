"""Talking to a process: what it is given, and each line it says on either stream as it comes."""

import subprocess
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO

OnLine = Callable[[str], None]
Process = subprocess.Popen[bytes]
LAST_LINES = 20


@dataclass(frozen=True)
class Listener:
    """Who hears what is said, and the last lines of it."""

    on_out: OnLine
    on_error: OnLine
    last: deque[str] = field(default_factory=lambda: deque(maxlen=LAST_LINES))

    def out(self, line: str) -> None:
        """A line with its end, which belongs to the answer."""
        self.last.append(bare(line))
        self.on_out(line)

    def error(self, line: str) -> None:
        """A line for people."""
        self.last.append(bare(line))
        self.on_error(bare(line))


def bare(line: str) -> str:
    """The line without its end."""
    return line.rstrip("\r\n")


def start(words: list[str], *, errors: int | IO[bytes] = subprocess.PIPE) -> Process:
    """A process that is spoken to. Ctrl-C in the terminal does not reach it: whoever started it decides."""
    return subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, start_new_session=True
    )


def converse(process: Process, given: bytes | None, listener: Listener) -> int:
    """Give it its input, hand on what it says, and wait; its exit status.

    Whatever ends this early ends the process, too.
    """
    with ThreadPoolExecutor(2) as threads:
        feeding = threads.submit(feed, process, given)
        complaining = threads.submit(hand_on, process, process.stderr, listener.error)
        hand_on(process, process.stdout, listener.out)
        complaining.result()
        feeding.result()
    return process.wait()


def feed(process: Process, given: bytes | None) -> None:
    """Give it all, as far as it wants it."""
    assert process.stdin  # noqa: S101
    with suppress(BrokenPipeError):
        process.stdin.write(given or b"")
    with suppress(BrokenPipeError):
        process.stdin.close()


def hand_on(process: Process, stream: IO[bytes] | None, say: OnLine) -> None:
    """Say each line of the stream until it ends."""
    assert stream  # noqa: S101
    try:
        for line in stream:
            say(line.decode(errors="replace"))
    except BaseException:
        process.kill()
        raise


def end(process: Process) -> None:
    """Have it gone, and its pipes closed."""
    process.kill()
    close(process)


def close(process: Process) -> None:
    """Tell it by the end of its input that nothing more is wanted, and wait."""
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream:
            with suppress(BrokenPipeError):
                stream.close()
    process.wait()
