"""People at work on a microblog: many that read, by clients that are not ours, and some that post."""

import re
import signal
import subprocess
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import requests
from bs4 import BeautifulSoup

from tests.e2e.person import Person

# Four connections: two cores carry them beside a deployment.
READERS = {
    "ab, a connection for each request": ["ab", "-q", "-l", "-r", "-c", "1"],
    "ab, kept connections": ["ab", "-q", "-l", "-r", "-k", "-c", "1"],
    "wrk, kept connections": ["wrk", "-t1", "-c2", "--timeout", "30s"],
}
AB_ENDS = ["-t", "900", "-n", "9000000", "-s", "30"]
WRK_ENDS = ["-d", "900s"]
BETWEEN_POSTS_SECONDS = 0.1
# What either client calls a request that was not answered as it should be.
FAILURES = (
    r"Failed requests: +(\d+)", r"Non-2xx responses: +(\d+)", r"Non-2xx or 3xx responses: (\d+)",
    r"connect (\d+), read", r"read (\d+), write", r"write (\d+), timeout", r"timeout (\d+)$",
)  # fmt: skip
DONE = (r"Complete requests: +(\d+)", r"(\d+) requests in")


@dataclass(frozen=True)
class Count:
    """What one client counted."""

    requests: int
    failed: int


class Poster:
    """Somebody who posts without a break, and notes what was acknowledged."""

    def __init__(self, address: str, name: str) -> None:
        self.person = Person(address, name)
        self.acknowledged: list[str] = []
        self.failed: list[str] = []
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self.work, daemon=True)

    def __enter__(self) -> Self:
        self.person.register().raise_for_status()
        self.thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ending.set()
        self.thread.join()

    def work(self) -> None:
        while not self.ending.wait(BETWEEN_POSTS_SECONDS):
            body = f"{self.person.name} wrote number {len(self.acknowledged) + len(self.failed)}."
            try:
                self.person.post(body).raise_for_status()
                self.acknowledged.append(body)
            except (requests.RequestException, AssertionError) as error:
                # Whether it is there nobody knows; where there was no form, it is not.
                self.failed.append(f"{body} {error}"[:300])

    def lost(self) -> set[str]:
        """What was acknowledged and cannot be read."""
        return set(self.acknowledged) - readable(self.person)


def readable(person: Person) -> set[str]:
    """Every post on somebody's own pages."""
    found, path = set[str](), f"/people/{person.name}"
    while path:
        page = BeautifulSoup(person.get(path).text, "html.parser")
        found |= {body.get_text(strip=True) for body in page.select("p.body")}
        older = page.select_one("a[rel=next]")
        path = f"/people/{person.name}{older['href']}" if older else ""
    return found


class Load:
    """Readers with and without kept connections, until the context ends; then what they counted."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.counted: dict[str, Count] = {}

    def __enter__(self) -> Self:
        self.running = {name: start(words, f"{self.address}/explore") for name, words in READERS.items()}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self.running.values():
            process.send_signal(signal.SIGINT)
        self.counted = {name: count(process.communicate()[0]) for name, process in self.running.items()}

    @property
    def requests(self) -> int:
        return sum(each.requests for each in self.counted.values())

    @property
    def failed(self) -> int:
        return sum(each.failed for each in self.counted.values())


def start(words: Sequence[str], page: str) -> subprocess.Popen[str]:
    """A client at work until Ctrl-C."""
    ends = AB_ENDS if words[0] == "ab" else WRK_ENDS
    both = subprocess.STDOUT
    return subprocess.Popen([*words, *ends, page], stdout=subprocess.PIPE, stderr=both, text=True)


def count(said: str) -> Count:
    """What a client reported."""
    done = [int(number) for pattern in DONE for number in re.findall(pattern, said)]
    assert len(done) == 1, said
    failed = sum(int(one) for pattern in FAILURES for one in re.findall(pattern, said, re.MULTILINE))
    return Count(done[0], failed)
