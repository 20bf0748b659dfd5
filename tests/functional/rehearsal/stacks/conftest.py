"""moto's server in this process with our engine in it, and real clients that talk to it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from typing import Any

import boto3
import moto.backends
import pytest
from botocore.config import Config
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

from ec2.rehearsal.settings import ACCOUNT, REGION
from ec2.rehearsal.stacks.engine import Engine
from ec2.rehearsal.stacks.wire import install
from tests.functional.rehearsal.stacks.sample_types import Bucket, Parameter, Topic, Volume

# The two credentials that moto, and nobody else, takes for real.
CREDENTIALS = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}


class Quiet(WSGIRequestHandler):
    """A request is not worth a line."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    server = make_server(
        "127.0.0.1",
        0,
        DomainDispatcherApplication(create_backend_app),
        threaded=True,
        request_handler=Quiet,
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def aws(endpoint: str) -> Iterator[Callable[[str], Any]]:
    with ExitStack() as opened:
        lock = threading.RLock()
        session = boto3.Session(region_name=REGION, **CREDENTIALS)
        config = Config(retries={"max_attempts": 0}, max_pool_connections=32)

        @cache
        def made(service: str) -> Any:
            client = session.client(service, endpoint_url=endpoint, config=config)
            opened.callback(client.close)
            return client

        def client(service: str) -> Any:
            with lock:
                return made(service)

        yield client


@pytest.fixture
def engine(aws: Callable[[str], Any]) -> Iterator[Engine]:
    for service in ("sns", "ssm", "s3", "ec2"):
        moto.backends.get_backend(service).reset()
    kinds = (Topic(), Parameter(), Bucket(), Volume())
    engine = Engine({kind.name: kind for kind in kinds}, aws, ACCOUNT, REGION)
    install(engine)
    yield engine
    for kind in kinds:
        if isinstance(kind, Topic):
            kind.gate.set()
    engine.join()


@pytest.fixture
def topics(engine: Engine) -> Topic:
    """The type whose creations a test can hold back."""
    topic = engine.site.types["AWS::SNS::Topic"]
    assert isinstance(topic, Topic)
    return topic


@pytest.fixture
def cloud(engine: Engine, aws: Callable[[str], Any]) -> Any:
    """A client of CloudFormation."""
    return aws("cloudformation")
