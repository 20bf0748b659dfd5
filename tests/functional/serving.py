"""An application that answers on loopback for as long as a test asks it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto.server import DomainDispatcherApplication, create_backend_app

from ec2.rehearsal.control.server import listen


@contextmanager
def served(application: Any) -> Iterator[str]:
    """The address of a WSGI application, on a free port of 127.0.0.1."""
    server = listen("127.0.0.1", 0, application)
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        server.server_close()


def moto() -> Any:
    """moto's own application, with whatever was put into it."""
    return DomainDispatcherApplication(create_backend_app)
