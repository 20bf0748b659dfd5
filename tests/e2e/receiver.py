"""Hears what it is told and says when: an HTTP server in a container that prints a JSON line per message."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SAYING = threading.Lock()


class Hearing(BaseHTTPRequestHandler):
    """Takes everything."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        line = json.dumps({"at": time.time(), "path": self.path, "body": body}) + "\n"
        # In one piece: another thread may have something to say, too.
        with SAYING:
            print(line, end="", flush=True)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Only what was told is printed."""


if __name__ == "__main__":
    ThreadingHTTPServer(("", 8000), Hearing).serve_forever()
