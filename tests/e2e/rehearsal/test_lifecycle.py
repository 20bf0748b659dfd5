"""An instance's life: stopped, started, rebooted, shut down from inside, protected, terminated."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ec2.rehearsal.machines.decision import BOOTED_AFTER_SECONDS
from tests.e2e.rehearsal.conftest import Cloud, Host
from tests.e2e.rehearsal.templates import SSH_IN, group, host, network, ref, template
from tests.waiting import wait_until

# After the connection that asks for it has ended; systemd's timers are a minute late without being told.
SOON = "--on-active=3 --timer-property=AccuracySec=100ms"


@pytest.fixture(scope="module")
def app(cloud: Cloud) -> Iterator[Host]:
    admin = {**SSH_IN, "CidrIp": f"{cloud.rehearsal.gateway}/32"}
    resources = network(212) | {"Group": group(admin)} | host("App", [ref("Group")])
    outputs = cloud.launch("life", template(resources, "App"), PublicKey=cloud.public_key)
    yield cloud.reach(outputs["App"], outputs["AppAddress"])
    cloud.delete("life")


@pytest.fixture
def ec2(cloud: Cloud) -> Any:
    return cloud.aws("ec2")


def about(ec2: Any, host: Host) -> dict[str, Any]:
    return dict(ec2.describe_instances(InstanceIds=[host.instance])["Reservations"][0]["Instances"][0])


def state(ec2: Any, host: Host) -> str:
    return str(about(ec2, host)["State"]["Name"])


def mark_this_boot(host: Host) -> None:
    """What lies in /run is gone with the boot."""
    host.run("sudo touch /run/this-boot")


def booted_anew(host: Host) -> bool:
    """Whether the host answers and the mark is gone; in one question, since it may go down at any moment."""
    return host.status("test -e /run/this-boot") == 1


def test_stop_and_start_change_no_address_and_lose_no_data(cloud: Cloud, ec2: Any, app: Host) -> None:
    before = about(ec2, app)
    app.run("echo kept | sudo tee /srv/data && sudo docker volume create kept")
    (stopping,) = ec2.stop_instances(InstanceIds=[app.instance])["StoppingInstances"]
    assert stopping["CurrentState"]["Name"] == "stopping"
    cloud.wait_for("instance_stopped", app.instance)
    assert not cloud.containers.hosts()[app.instance].running
    ec2.start_instances(InstanceIds=[app.instance])
    cloud.wait_for("instance_status_ok", app.instance)
    after = about(ec2, app)
    assert [after[key] for key in ("PrivateIpAddress", "PublicIpAddress")] == [
        before[key] for key in ("PrivateIpAddress", "PublicIpAddress")
    ]
    wait_until(app.reachable, 30, "the host at its old address, with its old keys")
    assert app.run("cat /srv/data; sudo docker volume ls --quiet").split() == ["kept", "kept"]


def test_a_reboot_by_the_api_and_one_from_inside_boot_anew(ec2: Any, app: Host) -> None:
    mark_this_boot(app)
    ec2.reboot_instances(InstanceIds=[app.instance])
    wait_until(lambda: booted_anew(app), 60, "rebooted by the API")
    mark_this_boot(app)
    app.run(f"sudo systemd-run {SOON} systemctl reboot")
    wait_until(lambda: booted_anew(app), 60, "rebooted from inside")
    assert state(ec2, app) == "running"


def test_a_host_that_is_shut_down_from_inside_is_stopped_for_the_api(
    cloud: Cloud, ec2: Any, app: Host
) -> None:
    app.run(f"sudo systemd-run {SOON} systemctl poweroff")
    cloud.wait_for("instance_stopped", app.instance)
    assert about(ec2, app)["StateReason"]["Code"] == "Client.InstanceInitiatedShutdown"
    ec2.start_instances(InstanceIds=[app.instance])
    cloud.wait_for("instance_status_ok", app.instance)


def test_a_killed_host_comes_back(cloud: Cloud, ec2: Any, app: Host) -> None:
    # An SSH server greets a moment before anybody is let in.
    wait_until(app.reachable, 60, "a log-in")
    mark_this_boot(app)
    # It counts as booted only after a while; one that ends sooner is given up.
    wait_until(
        lambda: cloud.containers.hosts()[app.instance].lasted_seconds > BOOTED_AFTER_SECONDS,
        20,
        "a booted host",
    )
    cloud.containers.container(app.instance).kill()
    wait_until(lambda: booted_anew(app), 60, "the killed host")
    assert state(ec2, app) == "running"


def test_the_instance_type_bounds_memory_and_cpu(cloud: Cloud, app: Host) -> None:
    limits = cloud.containers.container(app.instance).attrs["HostConfig"]
    assert limits["Memory"] == limits["MemorySwap"] == 2 * 2**30, "a t3.small"
    assert limits["NanoCpus"] == 2 * 10**9
    hungry = "python3 -c 'x = bytearray(3 * 2**30)'"
    assert app.run(f"sudo systemd-run --wait --pipe --quiet {hungry} 2>&1; echo $?").splitlines()[-1] != "0"
    wait_until(app.reachable, 10, "the host itself, which lives on,")


def test_a_protected_instance_is_not_terminated(ec2: Any, app: Host) -> None:
    ec2.modify_instance_attribute(InstanceId=app.instance, DisableApiTermination={"Value": True})
    with pytest.raises(ClientError, match="OperationNotPermitted"):
        ec2.terminate_instances(InstanceIds=[app.instance])
    ec2.modify_instance_attribute(InstanceId=app.instance, DisableApiTermination={"Value": False})
    assert state(ec2, app) == "running"


def test_the_console_ends_with_the_boot_and_holds_the_host_keys(ec2: Any, app: Host) -> None:
    console = ec2.get_console_output(InstanceId=app.instance)["Output"]
    assert "Reached target" in console
    assert "multi-user.target" in console or "cloud-init.target" in console


def test_the_status_checks_notice_a_host_that_no_longer_answers(cloud: Cloud, ec2: Any, app: Host) -> None:
    def check() -> str:
        (row,) = ec2.describe_instance_status(InstanceIds=[app.instance])["InstanceStatuses"]
        return str(row["InstanceStatus"]["Status"])

    assert check() == "ok"
    ec2.reboot_instances(InstanceIds=[app.instance])
    wait_until(lambda: check() != "ok", 30, "a failing check")
    wait_until(lambda: check() == "ok", 60, "a passing check")
