"""What a relay fetched from its registry: each content once, kept under the digest that names it."""

import hashlib
import http.client
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from http import HTTPStatus

CHUNK_BYTES = 1 << 17
# Without a byte; ssh gives up a connection after 30 seconds.
SILENCE_LIMIT_SECONDS = 60
# /tmp may be memory.
FOLDER = "/var/tmp"  # noqa: S108  # nosec B108


class Broken(Exception):
    """What was asked for did not come, or not whole."""


class Refused(Exception):
    """The registry has it not, and says so itself."""


@dataclass
class Tally:
    """Bytes of content so far, and when the last ones went."""

    fetched: int = 0
    given: int = 0
    active: float = field(default_factory=time.monotonic)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, *, fetched: int = 0, given: int = 0) -> None:
        """Count some."""
        with self.lock:
            self.fetched += fetched
            self.given += given
            self.active = time.monotonic()


@dataclass(frozen=True)
class Upstream:
    """Where content comes from."""

    address: str
    tally: Tally

    def ask(self, method: str, path: str, headers: dict[str, str]) -> http.client.HTTPResponse:
        """The answer to a request; closing it closes the connection."""
        connection = http.client.HTTPConnection(self.address, timeout=SILENCE_LIMIT_SECONDS)
        connection.request(method, path, headers={**headers, "Connection": "close"})
        return connection.getresponse()

    def chunks(self, answer: http.client.HTTPResponse) -> Iterator[bytes]:
        """The content as it comes."""
        while chunk := answer.read1(CHUNK_BYTES):
            self.tally.add(fetched=len(chunk))
            yield chunk


class Content:
    """What a digest names, as it comes: a file without a name, which goes when this process does."""

    def __init__(self, digest: str) -> None:
        self.digest = digest
        self.file = tempfile.TemporaryFile(dir=FOLDER, buffering=0)  # noqa: SIM115 - it outlives this
        # What is there for readers; the last byte is not, until all are known to be the right ones.
        self.kind, self.size, self.came, self.there = "", -1, 0, 0
        self.failure: Exception | None = None
        self.changed = threading.Condition()

    def fetch(self, upstream: Upstream, path: str, headers: dict[str, str]) -> None:
        """Have all of it, or raise what stood in the way."""
        seen = hashlib.sha256()
        with closing(upstream.ask("GET", path, headers)) as answer:
            self.begin(answer)
            for chunk in upstream.chunks(answer):
                seen.update(chunk)
                self.keep(chunk)
        if seen.hexdigest() != self.digest:
            raise Broken(f"{self.came} of {self.size} bytes came, and they are not what was asked for")
        with self.changed:
            self.there = self.size
            self.changed.notify_all()

    def fail(self, error: Exception) -> None:
        """Let those know who wait for it."""
        with self.changed:
            self.failure = error
            self.changed.notify_all()

    def begin(self, answer: http.client.HTTPResponse) -> None:
        """What the answer says before its content."""
        if answer.status != HTTPStatus.OK or answer.length is None:
            raise Refused
        with self.changed:
            self.kind, self.size = answer.headers.get("Content-Type", ""), answer.length
            self.changed.notify_all()

    def keep(self, chunk: bytes) -> None:
        """Add what has come."""
        rest = memoryview(chunk)
        while rest:
            rest = rest[self.file.write(rest) :]
        self.came += len(chunk)
        with self.changed:
            self.there = min(self.came, self.size - 1)
            self.changed.notify_all()

    def known_size(self) -> int:
        """How many bytes it has, once the registry has said so."""
        with self.changed:
            self.changed.wait_for(lambda: self.failure or self.size >= 0)
            if self.failure:
                raise self.failure
            return self.size

    def read(self, start: int, end: int) -> Iterator[bytes]:
        """The bytes of that range, each as soon as it is there."""
        while start < end:
            with self.changed:
                self.changed.wait_for(lambda: self.failure or self.there > start)  # noqa: B023
                if self.failure:
                    raise self.failure
                there = min(self.there, end)
            while start < there:
                chunk = os.pread(self.file.fileno(), min(CHUNK_BYTES, there - start), start)
                start += len(chunk)
                yield chunk


class Store:
    """Content by the digest that names it; what failed is forgotten, and asked for anew by the next."""

    def __init__(self, upstream: Upstream) -> None:
        self.upstream = upstream
        self.held: dict[str, Content] = {}
        self.lock = threading.Lock()

    def content(self, digest: str, path: str, headers: dict[str, str]) -> Content:
        """The content, which may be on its way."""
        with self.lock:
            if digest not in self.held:
                self.held[digest] = Content(digest)
                arguments = (self.held[digest], path, headers)
                threading.Thread(target=self.fetch, args=arguments, daemon=True).start()
            return self.held[digest]

    def fetch(self, content: Content, path: str, headers: dict[str, str]) -> None:
        """Have it come."""
        try:
            content.fetch(self.upstream, path, headers)
        except Exception as error:
            with self.lock:
                del self.held[content.digest]
            if not isinstance(error, Refused):
                say(f"{path} did not come: {error or type(error).__name__}")
            content.fail(error)


def say(line: str) -> None:
    """A line for whoever started this; nobody may be there any more."""
    with suppress(OSError):
        print(line, flush=True)
