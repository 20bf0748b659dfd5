"""moto's server in this process with its faults mended, and clients that can reach nothing else."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import boto3
import pytest
from botocore.config import Config

from ec2.rehearsal.control.faults import mend_moto
from ec2.rehearsal.control.originals import as_it_was
from ec2.rehearsal.control.server import Api, Gate
from ec2.rehearsal.stacks.resources.contract import Clients
from tests.functional.rehearsal.resources.moto_stack import Stack
from tests.functional.serving import served


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    """The address of a mended moto with AWS's managed policies, on a free port of 127.0.0.1."""
    with pytest.MonkeyPatch.context() as environment, as_it_was():
        mend_moto()
        environment.setenv("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
        with served(Api(Gate(), lambda: None)) as address:
            environment.setenv("MOTO_PORT", address.rpartition(":")[2])
            yield address


@pytest.fixture(scope="session")
def aws(endpoint: str) -> Clients:
    """Clients as the engine gives them; one attempt each, so that what moto lacks fails at once."""

    @cache
    def client(service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=endpoint,
            region_name="us-east-1",
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
            config=Config(retries={"total_max_attempts": 1}),
        )

    return client


@pytest.fixture
def stack(aws: Clients) -> Iterator[Stack]:
    """A stack of its own; what a test leaves is removed, the newest first."""
    one = Stack(aws)
    yield one
    one.remove_all()


@pytest.fixture(scope="session")
def site(aws: Clients) -> tuple[str, str]:
    """A VPC with a way out and a subnet to be in; they stay until moto ends."""
    one = Stack(aws)
    vpc = one.create("AWS::EC2::VPC", CidrBlock="10.20.0.0/16")
    gateway = one.create("AWS::EC2::InternetGateway")
    one.create("AWS::EC2::VPCGatewayAttachment", VpcId=vpc, InternetGatewayId=gateway)
    network = {"VpcId": vpc, "CidrBlock": "10.20.1.0/24", "AvailabilityZone": "us-east-1a"}
    return vpc, one.create("AWS::EC2::Subnet", **network)


@pytest.fixture
def vpc(site: tuple[str, str]) -> str:
    """A VPC to be in."""
    return site[0]


@pytest.fixture
def subnet(site: tuple[str, str]) -> str:
    """A subnet to be in."""
    return site[1]


@pytest.fixture
def image_id() -> str:
    """Any of moto's own images whose root device is /dev/sda1."""
    return "ami-03cf127a"
