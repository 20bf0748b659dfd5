"""A source of advisories on loopback that answers as OSV does, with the advisories that a test gives it.

https://google.github.io/osv.dev/post-v1-query/
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@contextmanager
def osv(advisories: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """The URL of a source that knows one advisory for each of these packages, and nothing of others."""

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            advisory = advisories.get(asked["package"]["name"])
            body = json.dumps({"vulns": [advisory]} if advisory else {}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1/query"
    finally:
        server.shutdown()
        server.server_close()


def advisory(
    package: str, mended: str, identity: str = "GHSA-0000-0000-0000", alias: str = "CVE-2026-0001"
) -> Any:
    """Every version of the package below `mended` is vulnerable."""
    events = [{"introduced": "0"}, {"fixed": mended}]
    affected = {"package": {"name": package, "ecosystem": "PyPI"}}
    return {
        "id": identity,
        "aliases": [alias],
        "summary": "Lets others in",
        "details": "Lets others in.",
        "published": "2026-01-01T00:00:00Z",
        "modified": "2026-01-01T00:00:00Z",
        "affected": [{**affected, "ranges": [{"type": "ECOSYSTEM", "events": events}]}],
    }
