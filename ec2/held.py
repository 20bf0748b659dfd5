"""A command on a host that runs for as long as it is wanted: the end of its input tells it that it is not."""

import queue
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import IO

from ec2 import ssh_words
from ec2.conversation import Process, bare, last_lines
from ec2.errors import CommandFailed
from ec2.ssh import Session

END_LIMIT_SECONDS = 10.0


class Held:
    """What it says, and whether it still runs."""

    def __init__(self, process: Process, what: str) -> None:
        assert process.stdout and process.stderr  # noqa: S101, PT018
        self.process, self.what = process, what
        self.last = last_lines()
        self.answers: queue.Queue[str | None] = queue.Queue()
        self.threads = [
            threading.Thread(target=self.listen, args=(process.stdout, self.answers.put), daemon=True),
            threading.Thread(target=self.listen, args=(process.stderr, lambda _: None), daemon=True),
        ]
        for thread in self.threads:
            thread.start()

    @property
    def running(self) -> bool:
        """Whether it has not ended by itself."""
        return self.process.poll() is None

    def listen(self, stream: IO[bytes], hand_on: Callable[[str | None], None]) -> None:
        """Keep what is said on a stream."""
        for line in stream:
            self.last.append(bare(line.decode(errors="replace")))
            hand_on(self.last[-1])
        hand_on(None)

    def answer(self, seconds: float) -> str:
        """Its next line on standard output. Raises CommandFailed when it ends first, or takes longer."""
        try:
            line = self.answers.get(timeout=seconds)
        except queue.Empty:
            raise CommandFailed(f"{self.what} said nothing within {seconds:.0f} s") from None
        if line is None:
            self.hear_out()
            raise CommandFailed("\n    ".join((f"{self.what} ended:", *self.last)))
        return line

    def end(self) -> None:
        """Tell it that it is not wanted any more, and hear what it says to that."""
        assert self.process.stdin  # noqa: S101
        with suppress(BrokenPipeError):
            self.process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(END_LIMIT_SECONDS)
        self.process.kill()
        self.hear_out()

    def hear_out(self) -> None:
        """Wait for its last words."""
        for thread in self.threads:
            thread.join(END_LIMIT_SECONDS)


@contextmanager
def held(session: Session, words: Sequence[str], given: bytes, what: str) -> Iterator[Held]:
    """The command on the host for as long as the context lasts; it is given that first."""
    told = ssh_words.command_words(session.connection, words)
    with session.places, session.process(told) as process:
        command = Held(process, f"{session.host.name}: '{what}'")
        try:
            assert process.stdin  # noqa: S101
            with suppress(BrokenPipeError):
                process.stdin.write(given)
                process.stdin.flush()
            yield command
        finally:
            command.end()
