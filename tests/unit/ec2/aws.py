"""AWS on loopback: it knows who asks, and answers all else as a test says."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

Answer = tuple[int, str]
WHO = """<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::123456789012:user/ada</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>"""


def refusal(code: str, message: str) -> Answer:
    """As services that speak JSON say it."""
    return 400, json.dumps({"__type": code, "message": message})


@contextmanager
def aws(answer: Callable[[], Answer | None], who: Answer = (200, WHO)) -> Iterator[dict[str, str]]:
    """The environment in which it is asked; where there is no answer, it hangs up."""

    class Asked(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = self.rfile.read(int(self.headers["Content-Length"]))
            if said := who if b"GetCallerIdentity" in asked else answer():
                status, text = said
                self.send_response(status)
                self.end_headers()
                self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Asked) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            yield {
                "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
                "AWS_ACCESS_KEY_ID": "ada",
                "AWS_SECRET_ACCESS_KEY": "ada",
            }
        finally:
            server.shutdown()
