"""The logs of services on all hosts, merged in order of time."""

import queue
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ec2.conversation import Listener
from ec2.errors import LauncherError
from ec2.everywhere import interrupt
from ec2.host_scripts import host_script
from ec2.log_lines import Line, Merger, read_line
from ec2.release import PROJECT
from ec2.ssh import Session

BETWEEN_LOOKS_SECONDS = 0.1

Say = Callable[[str], None]


@dataclass(frozen=True)
class Wanted:
    """Which lines: the last of each, those since a time as host/logs.py takes it, and those to come."""

    follow: bool = False
    since: str = ""
    tail: str = "all"

    def words(self) -> list[str]:
        """As host/logs.py takes it."""
        return ["follow" if self.follow else "now", self.since, self.tail]


def read_logs(
    wanted: Wanted, services: Mapping[Session, Sequence[str]], say: Say
) -> Generator[Line, None, None]:
    """Each line as it is due; a host whose connection is lost is said, and the others go on."""
    came: queue.SimpleQueue[Line] = queue.SimpleQueue()
    ending = threading.Event()

    def listen(session: Session) -> None:
        try:
            follow(session, wanted, services[session], came.put)
        except LauncherError as error:
            if not ending.is_set():
                say(error.message)

    with ThreadPoolExecutor(max(len(services), 1)) as threads:
        try:
            working = [threads.submit(listen, session) for session in services]
            yield from merged(came, lambda: all(one.done() for one in working), in_haste=wanted.follow)
        finally:
            ending.set()
            interrupt(list(services))


def follow(session: Session, wanted: Wanted, services: Sequence[str], put: Callable[[Line], None]) -> None:
    """Have the host print lines until there are no more, or nobody wants them."""

    def on_line(printed: str) -> None:
        line = read_line(session.host.name, printed.rstrip("\r\n"))
        if line:
            put(line)

    words = ["python3", "-c", host_script("logs.py"), PROJECT, *wanted.words(), *services]
    session.execute(words, None, True, "logs", Listener(on_line, lambda _: None))


def merged(came: "queue.SimpleQueue[Line]", ended: Callable[[], bool], *, in_haste: bool) -> Iterator[Line]:
    """The lines in order: all at the end, or in haste after a moment."""
    merger = Merger()
    while True:
        over = ended()
        while not came.empty():
            merger.add(came.get(), time.monotonic())
        if over:
            break
        if in_haste:
            yield from merger.ripe(time.monotonic())
        time.sleep(BETWEEN_LOOKS_SECONDS)
    yield from merger.rest()
