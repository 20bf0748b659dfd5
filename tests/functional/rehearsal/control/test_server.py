"""The application around moto: honest refusals, a wake for each change, and a gate for the snapshot."""

import os
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from botocore.exceptions import ClientError

from ec2.rehearsal.control import server
from ec2.rehearsal.control.backends import ec2_backend
from ec2.rehearsal.errors import RehearsalError
from tests.functional.rehearsal.control.conftest import Cloud


def test_an_action_that_moto_lacks_is_named_at_once(cloud: Cloud) -> None:
    with pytest.raises(ClientError, match=r"UnsupportedOperation.*ec2:CreateVerifiedAccessGroup") as group:
        cloud.aws("ec2").create_verified_access_group(VerifiedAccessInstanceId="vai-1")
    with pytest.raises(ClientError, match=r"UnsupportedOperation.*dlm:GET /policies") as policies:
        cloud.aws("dlm").get_lifecycle_policies()
    for refused in (group, policies):
        assert refused.value.response["ResponseMetadata"]["RetryAttempts"] == 0


def test_only_a_change_wakes_whoever_looks_after_the_hosts(cloud: Cloud) -> None:
    before = cloud.hosts.wakes
    cloud.aws("ec2").describe_vpcs()
    cloud.aws("ssm").get_parameter(Name="/aws/service/debian/release/13/latest/amd64")
    assert cloud.hosts.wakes == before
    cloud.aws("sns").create_topic(Name="alarms")
    assert cloud.hosts.wakes == before + 1


def test_it_says_when_it_is_ready(cloud: Cloud) -> None:
    assert requests.get(cloud.endpoint + server.HEALTH, timeout=5).text == f"{os.getpid()}\n"


class Walked(dict[str, str]):
    """Tags that somebody walks through slowly, until others have had the time to change them."""

    def __init__(self, tags: dict[str, str]) -> None:
        super().__init__(tags)
        self.begun, self.changed = threading.Event(), threading.Event()

    def items(self) -> Iterator[tuple[str, str]]:  # type: ignore[override]
        for pair in super().items():
            self.begun.set()
            self.changed.wait(0.3)
            yield pair


def test_a_change_does_not_stumble_over_another_one(cloud: Cloud) -> None:
    ec2 = cloud.aws("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.99.0.0/16")["Vpc"]["VpcId"]
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "Name", "Value": "walked"}])
    walked = ec2_backend().tags[vpc] = Walked(ec2_backend().tags[vpc])

    def tag() -> None:
        assert walked.begun.wait(10)
        ec2.create_tags(Resources=[vpc], Tags=[{"Key": "Other", "Value": "new"}])
        walked.changed.set()

    other = threading.Thread(target=tag)
    other.start()
    ec2.create_subnet(VpcId=vpc, CidrBlock="10.99.0.0/24")
    other.join()
    assert dict(walked) == {"Name": "walked", "Other": "new"}


def test_the_snapshot_waits_for_changes_and_changes_for_no_one() -> None:
    gate = server.Gate()
    seen: list[Any] = []
    with gate.change():
        with gate.still(patience_seconds=0.05) as still:
            assert still is False
        saver = threading.Thread(target=lambda: seen.append(quiet(gate)))
        saver.start()
        with gate.change():
            pass
        assert seen == []
    saver.join(5)
    assert seen == [True]


def quiet(gate: server.Gate) -> bool:
    with gate.still(patience_seconds=5) as still:
        return still


def test_a_taken_port_is_named_with_a_way_out(cloud: Cloud) -> None:
    port = int(cloud.endpoint.rpartition(":")[2])
    with pytest.raises(RehearsalError, match=f"port {port} on 127.0.0.1 is taken") as refused:
        server.listen("127.0.0.1", port, None, ", or choose another")
    assert refused.value.hint == "end what listens there, or choose another"
