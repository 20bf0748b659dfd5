"""The application around moto: honest refusals, a wake for each change, and a gate for the snapshot."""

import os
import threading
from typing import Any

import pytest
import requests
from botocore.exceptions import ClientError

from ec2.rehearsal.control import server
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
        server.listen("127.0.0.1", port, None)
    assert "--port" in refused.value.hint
