"""moto's application behind the addresses it is asked at, with honest errors and a gate for the snapshot."""

import io
import logging
import os
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import moto.settings
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server

from ec2.rehearsal.control.requests import action_of, changes_something, service_of
from ec2.rehearsal.control.turns import turn
from ec2.rehearsal.control.unsupported import refusal, unsupported
from ec2.rehearsal.errors import RehearsalError

log = logging.getLogger(__name__)

# Answered with the number of the process: another cloud may have the port.
HEALTH = "/_rehearsal/health"
WAITING_CONNECTIONS = 128


def configure_moto(port: int) -> None:
    """The choices that moto reads from its environment; before its services are first used."""
    os.environ.update(
        MOTO_PORT=str(port),
        MOTO_IAM_LOAD_MANAGED_POLICIES="true",
        MOTO_EC2_LOAD_DEFAULT_AMIS="false",
        MOTO_ENABLE_AMI_VALIDATION="true",
        MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION="true",
    )
    moto.settings.ENABLE_AMI_VALIDATION = True
    moto.settings.EC2_ENABLE_INSTANCE_TYPE_VALIDATION = True
    # How many requests go unchecked; who is checked at all is a patch's business.
    moto.settings.INITIAL_NO_AUTH_ACTION_COUNT = 0


class Gate:
    """Many requests that change something at a time, or one snapshot."""

    def __init__(self) -> None:
        self.free = threading.Condition()
        self.changing = 0
        self.closed = False

    @contextmanager
    def change(self) -> Iterator[None]:
        """While a request changes something; none is held up, since one may wait for another that it made."""
        with self.free:
            self.free.wait_for(lambda: not self.closed)
            self.changing += 1
        try:
            yield
        finally:
            with self.free:
                self.changing -= 1
                self.free.notify_all()

    def close(self) -> None:
        """From now on nothing changes: who asks for it is not answered until the process has ended."""
        with self.free:
            self.closed = True

    @contextmanager
    def still(self, patience_seconds: float) -> Iterator[bool]:
        """While nothing changes; False if that moment did not come in time."""
        with self.free:
            yield self.free.wait_for(lambda: self.changing == 0, patience_seconds)


# Where requests take no turns, moto answers questions from dictionaries that others change meanwhile.
STUMBLED = "changed size during iteration"
LOOKS = 10


class Api:
    """The WSGI application: whoever changed something is told after the request.

    `ready` says whether all is there that hosts and people need; requests are answered in any case.
    """

    def __init__(
        self, gate: Gate, changed: Callable[[], None], ready: Callable[[], bool] = lambda: True
    ) -> None:
        self.moto = DomainDispatcherApplication(service_application)
        self.gate = gate
        self.changed = changed
        self.ready = ready

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] == HEALTH:
            status = "200 OK" if self.ready() else "503 Service Unavailable"
            start_response(status, [("Content-Type", "text/plain")])
            return [f"{os.getpid()}\n".encode()]
        # Before anybody waits for it: a body may take its time to come.
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        action = action_of(environ)
        if not changes_something(environ["REQUEST_METHOD"], action):
            return self.answer(environ, start_response, action, tries=LOOKS)
        with self.gate.change():
            answer = self.answer(environ, start_response, action)
        self.changed()
        return answer

    def answer(
        self, environ: dict[str, Any], start_response: Any, action: str, tries: int = 1
    ) -> Iterable[bytes]:
        """moto's answer, or an error that a client of AWS can read."""
        try:
            return self.asked(environ, start_response, action, tries)
        except NotImplementedError as error:
            asked = action or str(error) or f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
            message = unsupported(service_of(environ), asked)
            log.warning(message)
            return refusal(environ, start_response, "UnsupportedOperation", message)
        except Exception as error:
            log.exception("the control plane failed at a request")
            return refusal(environ, start_response, "InternalFailure", f"{type(error).__name__}: {error}")

    def asked(self, environ: dict[str, Any], start_response: Any, action: str, tries: int) -> list[bytes]:
        """moto's answer; a question that stumbled over somebody's change is asked again."""
        body = environ["wsgi.input"].read()
        for left in reversed(range(tries)):
            try:
                with turn(service_of(environ), action):
                    return list(self.moto({**environ, "wsgi.input": io.BytesIO(body)}, start_response))
            except RuntimeError as error:
                if STUMBLED not in str(error) or not left:
                    raise
        raise AssertionError("asked at least once")


def service_application(service: Any) -> Any:
    """moto's application of one service. Raises NotImplementedError for one that moto does not know."""
    if service is None:
        raise NotImplementedError
    return create_backend_app(service)


class QuietHandler(MotoRequestHandler):
    """moto's request handler without a line per request."""

    def log(self, type: str, message: str, *arguments: Any) -> None:
        """Say nothing; what matters is said by the cloud itself."""


def listen(address: str, port: int, application: Any, otherwise: str = "") -> BaseWSGIServer:
    """Answer at the address in threads of its own.

    Raises RehearsalError when the port is taken; `otherwise` is what else can be done then.
    """
    try:
        opened = socket.create_server((address, port), backlog=WAITING_CONNECTIONS)
    except OSError as error:
        raise RehearsalError(
            f"port {port} on {address} is taken or cannot be used: {os.strerror(error.errno or 0)}",
            f"end what listens there{otherwise}",
        ) from error
    with opened:
        server = make_server(
            address, port, application, threaded=True, request_handler=QuietHandler, fd=opened.fileno()
        )
    threading.Thread(target=server.serve_forever, name=f"{address}:{port}", daemon=True).start()
    return server
