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
from botocore.exceptions import ClientError

from ec2.rehearsal.control.server import Api, Gate
from ec2.rehearsal.settings import ACCOUNT, REGION
from ec2.rehearsal.stacks.engine import Engine
from ec2.rehearsal.stacks.wire import install
from tests.functional.rehearsal.stacks.sample_types import Bucket, Parameter, Topic, Volume
from tests.functional.serving import served

# The two credentials that moto, and nobody else, takes for real.
CREDENTIALS = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    with served(Api(Gate(), lambda: None)) as address:
        yield address


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


class Stacks:
    """What the tests say in one word each."""

    def __init__(self, engine: Engine, cloud: Any) -> None:
        self.engine, self.cloud = engine, cloud

    def create(self, name: str, template: str, **more: Any) -> dict[str, Any]:
        """Make a stack and wait for its end, good or bad."""
        self.cloud.create_stack(StackName=name, TemplateBody=template, **more)
        return self.settled(name)

    def update(self, name: str, template: str, **more: Any) -> dict[str, Any]:
        """Change a stack and wait for its end."""
        self.cloud.update_stack(StackName=name, TemplateBody=template, **more)
        return self.settled(name)

    def delete(self, name: str, **more: Any) -> None:
        """Delete a stack and wait for its end."""
        self.cloud.delete_stack(StackName=name, **more)
        self.engine.join()

    def settled(self, name: str) -> dict[str, Any]:
        """The stack once nothing is under way."""
        self.engine.join()
        return dict(self.cloud.describe_stacks(StackName=name)["Stacks"][0])

    def physical_id(self, name: str, logical_id: str) -> str:
        """The physical id of a resource, whatever is under way."""
        found = self.cloud.describe_stack_resource(StackName=name, LogicalResourceId=logical_id)
        return str(found["StackResourceDetail"]["PhysicalResourceId"])

    def proposed(self, name: str, template: str, **more: Any) -> list[dict[str, Any]]:
        """The changes that a template would make."""
        self.cloud.create_change_set(StackName=name, ChangeSetName="look", TemplateBody=template, **more)
        answer = self.cloud.describe_change_set(StackName=name, ChangeSetName="look")
        self.cloud.delete_change_set(StackName=name, ChangeSetName="look")
        return [change["ResourceChange"] for change in answer["Changes"]]

    def events(self, name: str) -> list[tuple[str, str]]:
        """The history in short, oldest first."""
        events = self.cloud.describe_stack_events(StackName=name)["StackEvents"]
        return [(event["LogicalResourceId"], event["ResourceStatus"]) for event in reversed(events)]

    def reasons(self, name: str, status: str) -> list[str]:
        """What the events of a status give as their reason, oldest first."""
        events = self.cloud.describe_stack_events(StackName=name)["StackEvents"]
        return [
            event.get("ResourceStatusReason", "")
            for event in reversed(events)
            if event["ResourceStatus"] == status
        ]


@pytest.fixture
def stacks(engine: Engine, cloud: Any) -> Stacks:
    return Stacks(engine, cloud)


def refusal(call: Callable[..., Any], **request: Any) -> tuple[str, str]:
    """The code and the sentence with which a call is refused."""
    with pytest.raises(ClientError) as refused:
        call(**request)
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]
