"""The end of a day and of a stack: hosts stopped and started, and all of it gone but its snapshots."""

import pytest
from docker.models.containers import Container

from ec2.errors import SomethingLeft
from ec2.leftovers import prove_gone
from tests.e2e.person import Person
from tests.e2e.rehearsal.daily import Launcher, address, on_host, status


def test_stopping_asks_and_says_what_goes_on_costing(daily: Launcher) -> None:
    code, seen = daily.on_terminal("stop", typed="n\n")
    assert code == 1
    assert "Elastic IPs and volumes go on costing" in seen
    assert daily("stop").returncode == 1
    assert status(daily)["well"]


def test_a_host_that_is_protected_is_not_stopped_and_neither_are_others(daily: Launcher) -> None:
    ec2, protected = daily.cloud.aws("ec2"), status(daily)["hosts"][1]["instance"]
    ec2.modify_instance_attribute(InstanceId=protected, DisableApiStop={"Value": True})
    done = daily("stop", "--yes")
    ec2.modify_instance_attribute(InstanceId=protected, DisableApiStop={"Value": False})
    assert done.returncode == 1
    assert "tools: protected from being stopped, so nothing was stopped" in done.stderr
    assert status(daily)["well"]


def test_what_was_stopped_comes_back_with_its_data_under_its_address(daily: Launcher) -> None:
    before = address(daily)
    ada = Person(f"http://{before}", "ada")
    ada.register()
    ada.post("before the night")
    stopped = daily("stop", "--yes")
    assert stopped.returncode == 0, stopped.stderr
    assert [row["state"] for row in status(daily)["hosts"]] == ["stopped", "stopped"]
    assert daily("status").returncode == 1
    assert "every host of 'daily' is stopped already" in daily("stop").stdout
    assert "app is stopped" in daily("ssh", "app").stderr
    started = daily("start")
    assert started.returncode == 0, started.stderr
    assert started.stdout == f"every service is healthy; the microblog is at http://{before}/\n"
    assert status(daily)["well"]
    # In the morning people open their browsers anew.
    later = Person(f"http://{before}", "ada")
    later.log_in()
    assert "before the night" in later.reads("/")


def test_starting_what_runs_changes_nothing(daily: Launcher, hosts: dict[str, Container]) -> None:
    before = on_host(hosts["app"], "docker ps --quiet --no-trunc")
    again = daily("start")
    assert again.returncode == 0, again.stderr
    assert "every host runs already" in again.stderr
    assert on_host(hosts["app"], "docker ps --quiet --no-trunc") == before


def test_what_is_destroyed_is_proved_to_be_gone_and_what_is_kept_is_named(daily: Launcher) -> None:
    done = daily("destroy", "--yes")
    assert done.returncode == 0, done.stderr
    assert "the stack 'daily' is gone: nothing with its tag or name is left" in done.stdout
    rows = [line.split() for line in done.stdout.splitlines() if line.startswith("snap-")]
    assert sorted((host, role, size) for _, host, role, size, *_ in rows) == [
        ("app", "database", "1"),
        ("tools", "jenkins", "1"),
        ("tools", "monitoring", "1"),
    ]
    for id, *_ in rows:
        assert f"aws ec2 delete-snapshot --region us-east-1 --snapshot-id {id}" in done.stdout
    again = daily("destroy", "--yes")
    assert again.returncode == 0, again.stderr
    assert [line.split() for line in again.stdout.splitlines() if line.startswith("snap-")] == rows


def test_what_is_left_that_should_not_be_is_an_error_that_lists_it(daily: Launcher) -> None:
    aws, tags = daily.cloud.aws, [{"Key": "Stack", "Value": "daily"}]
    tagged = [{"ResourceType": "volume", "Tags": tags}]
    volume = aws("ec2").create_volume(AvailabilityZone="us-east-1a", Size=1, TagSpecifications=tagged)[
        "VolumeId"
    ]
    aws("ssm").put_parameter(Name="/daily/app/forgotten", Value="x", Type="String")
    with pytest.raises(SomethingLeft) as raised:
        prove_gone(aws, "daily", lambda _: None, limit_seconds=3)
    assert raised.value.message.splitlines()[1:] == [
        "    parameter /daily/app/forgotten",
        f"    volume {volume}",
    ]
    aws("ec2").delete_volume(VolumeId=volume)
    aws("ssm").delete_parameter(Name="/daily/app/forgotten")
    prove_gone(aws, "daily", lambda _: None)
