"""A registry's pull side, passed on to Docker on this host and, from the host that feeds, to other hosts.

usage: python3 -m ec2.host.relay UPSTREAM [--feed ADDRESS:PORT]

It listens on loopback, the only place where Docker takes a registry without TLS. With --feed it listens at
that address, too, and what a digest names comes from UPSTREAM once, however many ask for it at once. Prints
"listening PORT", then what went wrong on the way, and at last, as JSON, the bytes of content that came and
that went to others. It ends when its standard input does: at the latest with the connection that started it.
"""

import argparse
import http.client
import json
import re
import select
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from ec2.host.relay_store import SILENCE_LIMIT_SECONDS, Broken, Content, Refused, Store, Tally, Upstream, say

NAMED_BY_DIGEST = re.compile(r"/v2/[^?]+/(?:blobs|manifests)/sha256:([0-9a-f]{64})")
RANGE = re.compile(r"bytes=(\d+)-(\d*)")
# Of an answer; the rest is between neighbours.
PASSED_ON = ("Content-Type", "Content-Length", "Content-Range", "Docker-Content-Digest")
# Without a request; only a safeguard, since the end of the input ends it.
IDLE_LIMIT_SECONDS = 1800
# The relay of a deployment whose connection was cut ends when sshd sees that, after two minutes.
BUSY_LIMIT_SECONDS = 150


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
        """The content; how much it was. Counted before it goes: whoever has all of it is in the count."""
        total, near = 0, self.client_address[0].startswith("127.")
        for chunk in chunks:
            self.server.upstream.tally.add(given=0 if near else len(chunk))
            self.wfile.write(chunk)
            total += len(chunk)
        return total

    def log_message(self, format: str, *args: object) -> None:
        """Who asked for what is no news."""


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
