"""A registry's pull side, passed on to Docker on this host and, from the host that feeds, to other hosts.

usage: relay.py UPSTREAM [--feed ADDRESS:PORT]

It listens on loopback, the only place where Docker takes a registry without TLS. With --feed it listens at
that address, too, and what a digest names comes from UPSTREAM once, however many ask for it at once. Prints
"listening PORT", then what went wrong on the way, and at last, as JSON, the bytes of content that came and
that went to others. It ends when its standard input does: at the latest with the connection that started it.
"""

import argparse
import hashlib
import http.client
import json
import os
import re
import select
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

NAMED_BY_DIGEST = re.compile(r"/v2/[^?]+/(?:blobs|manifests)/sha256:([0-9a-f]{64})")
RANGE = re.compile(r"bytes=(\d+)-(\d*)")
# Of an answer; the rest is between neighbours.
PASSED_ON = ("Content-Type", "Content-Length", "Content-Range", "Docker-Content-Digest")
CHUNK_BYTES = 1 << 17
# Without a byte; ssh gives up a connection after 30 seconds.
SILENCE_LIMIT_SECONDS = 60
# Without a request; only a safeguard, since the end of the input ends it.
IDLE_LIMIT_SECONDS = 1800
# The relay of a deployment whose connection was cut ends when sshd sees that, after two minutes.
BUSY_LIMIT_SECONDS = 150
# /tmp may be memory.
FOLDER = "/var/tmp"  # noqa: S108


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
            content.fail(error)
            if not isinstance(error, Refused):
                say(f"{path} did not come: {error or type(error).__name__}")


class Relay(ThreadingHTTPServer):
    """Listens at one address."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], upstream: Upstream, store: Store | None) -> None:
        super().__init__(address, Reader)
        self.upstream, self.store = upstream, store


class Reader(BaseHTTPRequestHandler):
    """Answers whoever pulls."""

    server: Relay
    protocol_version = "HTTP/1.1"
    timeout = SILENCE_LIMIT_SECONDS

    def do_GET(self) -> None:
        self.answer()

    def do_HEAD(self) -> None:
        self.answer()

    def answer(self) -> None:
        """Give what is asked for; half an answer ends with the connection, so nobody takes it for a whole."""
        self.begun = False
        try:
            self.give()
        except (OSError, http.client.HTTPException, Broken) as error:
            self.close_connection = True
            if not self.begun:
                with suppress(OSError):
                    self.send_error(HTTPStatus.BAD_GATEWAY, str(error) or type(error).__name__)

    def give(self) -> None:
        """From the store what a digest names; everything else as the registry says it."""
        named = NAMED_BY_DIGEST.fullmatch(self.path)
        if not self.path.startswith("/v2/"):
            self.send_error(HTTPStatus.NOT_FOUND)
        elif self.server.store and named and self.command == "GET":
            try:
                self.give_content(self.server.store.content(named[1], self.path, self.asked("Accept")))
            except Refused:
                self.pass_on()
        else:
            self.pass_on()

    def give_content(self, content: Content) -> None:
        """All of it, or the range that is asked for."""
        size = content.known_size()
        wanted = RANGE.fullmatch(self.headers.get("Range", ""))
        start = int(wanted[1]) if wanted else 0
        end = min(int(wanted[2]) + 1, size) if wanted and wanted[2] else size
        headers = {"Content-Type": content.kind, "Docker-Content-Digest": f"sha256:{content.digest}"}
        if not wanted:
            self.begin(HTTPStatus.OK, headers | {"Content-Length": str(size)})
        elif start >= end:
            self.begin(
                HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
                {"Content-Length": "0", "Content-Range": f"bytes */{size}"},
            )
            return
        else:
            told = {"Content-Length": str(end - start), "Content-Range": f"bytes {start}-{end - 1}/{size}"}
            self.begin(HTTPStatus.PARTIAL_CONTENT, headers | told)
        self.write(content.read(start, end))

    def pass_on(self) -> None:
        """What the registry answers, as it comes."""
        upstream = self.server.upstream
        with closing(upstream.ask(self.command, self.path, self.asked("Accept", "Range"))) as answer:
            headers = {name: answer.headers[name] for name in PASSED_ON if name in answer.headers}
            if "Content-Length" not in headers:
                self.close_connection = True
            expected = answer.length or 0
            self.begin(answer.status, headers)
            if self.write(upstream.chunks(answer)) < expected:
                raise Broken("the content ended early")

    def asked(self, *names: str) -> dict[str, str]:
        """Those headers of the request that it has."""
        return {name: ", ".join(self.headers.get_all(name, ())) for name in names if name in self.headers}

    def begin(self, status: int, headers: dict[str, str]) -> None:
        """The answer before its content."""
        self.begun = True
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()

    def write(self, chunks: Iterator[bytes]) -> int:
        """The content; how much it was."""
        total, near = 0, self.client_address[0].startswith("127.")
        for chunk in chunks:
            self.wfile.write(chunk)
            total += len(chunk)
            self.server.upstream.tally.add(given=0 if near else len(chunk))
        return total

    def log_message(self, format: str, *args: object) -> None:
        """Who asked for what is no news."""


def say(line: str) -> None:
    """A line for whoever started this; nobody may be there any more."""
    with suppress(OSError):
        print(line, flush=True)


def listen(address: tuple[str, int], upstream: Upstream, store: Store | None) -> Relay:
    """Answer there from now on; a port that is busy is waited for."""
    deadline = time.monotonic() + BUSY_LIMIT_SECONDS
    while True:
        try:
            relay = Relay(address, upstream, store)
            break
        except OSError as error:
            if time.monotonic() > deadline:
                sys.exit(f"{address[0]}:{address[1]} cannot be listened at: {error.strerror}")
            time.sleep(1)
    threading.Thread(target=relay.serve_forever, daemon=True).start()
    return relay


def main() -> None:
    """Relay until nobody wants it any more."""
    parser = argparse.ArgumentParser()
    parser.add_argument("upstream")
    parser.add_argument("--feed")
    wanted = parser.parse_args()
    tally = Tally()
    upstream = Upstream(wanted.upstream, tally)
    store = Store(upstream) if wanted.feed else None
    if wanted.feed:
        address, _, port = wanted.feed.rpartition(":")
        listen((address, int(port)), upstream, store)
    say(f"listening {listen(('127.0.0.1', 0), upstream, store).server_address[1]}")
    while time.monotonic() - tally.active < IDLE_LIMIT_SECONDS:
        if select.select([sys.stdin], [], [], 10)[0]:
            break
    say(json.dumps({"fetched": tally.fetched, "given": tally.given}))


if __name__ == "__main__":
    main()
