"""The WSGI application behind 169.254.169.254: who asks is known by the private address it asks from."""

import socket
import threading
import time
from collections.abc import Iterable
from typing import Any

from botocore.exceptions import BotoCoreError
from werkzeug.wrappers import Request, Response

from ec2.rehearsal.control.clients import Clients
from ec2.rehearsal.imds.facts import Facts, facts
from ec2.rehearsal.imds.roles import RoleSessions
from ec2.rehearsal.imds.tokens import Tokens
from ec2.rehearsal.imds.tree import find, listing, tree

TOKEN = "X-aws-ec2-metadata-token"  # noqa: S105 - a header's name
TOKEN_SECONDS = "X-aws-ec2-metadata-token-ttl-seconds"  # noqa: S105 - a header's name
# The dated versions are frozen states of the newest; cloud-init asks for one of 2021.
VERSIONS = ("2009-04-04", "2016-09-02", "2018-09-24", "2021-03-23", "latest")
# cloud-init asks forty times in a second: one look at the API serves them all.
FRESH_SECONDS = 1.0


class MetadataService:
    """Answers the hosts; `aws` gives clients of the API."""

    def __init__(self, aws: Clients) -> None:
        self.aws = aws
        self.tokens = Tokens()
        self.roles = RoleSessions(aws)
        self.seen: dict[str, tuple[float, Facts | None]] = {}
        self.looking: dict[str, threading.Lock] = {}

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        try:
            answer = self.answer(Request(environ), environ)
        except BotoCoreError:
            # The API ends with this process; cloud-init asks again, and the next process answers.
            answer = Response("", 503)
        return answer(environ, start_response)

    def answer(self, request: Request, environ: dict[str, Any]) -> Response:
        """What this host is told."""
        known = self.facts(str(environ["REMOTE_ADDR"]))
        if known is None or known.options.get("HttpEndpoint") == "disabled":
            return Response("", 403)
        if request.method == "PUT":
            return self.new_token(request, environ, known)
        if request.method not in ("GET", "HEAD"):
            return Response("", 405)
        if not self.admitted(request, known):
            return Response("", 401)
        return self.found(request.path, known)

    def facts(self, address: str) -> Facts | None:
        """What is known of the host at this address, at most a second old."""
        # Where a look takes longer than an answer stays fresh, those who wait for it take it all the same.
        asked_at = time.monotonic()
        with self.looking.setdefault(address, threading.Lock()):
            at, known = self.seen.get(address, (-FRESH_SECONDS, None))
            if known is None or asked_at - at >= FRESH_SECONDS:
                known = facts(self.aws, address)
                self.seen[address] = (time.monotonic(), known)
            return known

    def new_token(self, request: Request, environ: dict[str, Any], known: Facts) -> Response:
        """A session token; its packets die after as many hops as the instance allows."""
        if request.path != "/latest/api/token":
            return Response("", 404)
        if "X-Forwarded-For" in request.headers:
            return Response("", 403)
        asked = request.headers.get(TOKEN_SECONDS, "")
        try:
            token = self.tokens.make(known.instance["InstanceId"], int(asked))
        except ValueError:
            return Response("", 400)
        limit_hops(environ["werkzeug.socket"], int(known.options["HttpPutResponseHopLimit"]))
        return Response(token, headers={TOKEN_SECONDS: asked}, content_type="text/plain")

    def admitted(self, request: Request, known: Facts) -> bool:
        """Whether the request carries a token that holds, or needs none."""
        token = request.headers.get(TOKEN)
        if token is None:
            return bool(known.options["HttpTokens"] != "required")
        return self.tokens.seconds_left(token, known.instance["InstanceId"]) > 0

    def found(self, path: str, known: Facts) -> Response:
        """The folder or leaf at the path."""
        version, _, rest = path.lstrip("/").partition("/")
        if not version:
            return text("\n".join(VERSIONS))
        if version not in VERSIONS:
            return Response("", 404)
        try:
            entry = find(tree(known), rest)
        except KeyError:
            return Response("", 404)
        if entry is None:
            return text(self.roles.credentials(known.instance["InstanceId"], known.role), "application/json")
        return text(listing(entry) if isinstance(entry, dict) else entry)


def text(body: str | bytes, kind: str = "text/plain") -> Response:
    """An answer with a body."""
    return Response(body, content_type=kind)


def limit_hops(connection: socket.socket, hops: int) -> None:
    """Let what is sent on this connection cross at most so many hops, the first host included."""
    connection.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, hops)
