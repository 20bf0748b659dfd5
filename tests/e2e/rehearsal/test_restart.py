"""The process ends at bad moments, killed or told to; the next one has the same cloud, and hosts ran on."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError, WaiterError

from ec2.rehearsal import process
from ec2.rehearsal.control.clients import connect
from ec2.rehearsal.control.seeds import WITH_DOCKER
from ec2.rehearsal.machines.boot import Boot, boot_result
from ec2.rehearsal.stacks.engine import STOPPED
from tests.e2e.rehearsal.conftest import QUICKLY, Cloud, Host, nothing_left
from tests.e2e.rehearsal.templates import SSH_IN, group, host, network, ref, resource, template
from tests.waiting import PATIENCE, wait_until

ASKING_AT_ONCE = 3
ENOUGH = 5
AT_MOST = 10
WELL = Boot(errors=())
# cloud-init tries a question six times, a second apart.
TOO_LONG_TO_BE_REFUSED_SECONDS = 6
End = Callable[[Cloud], None]


def kill(cloud: Cloud) -> None:
    """As a machine that runs out of memory does it."""
    os.kill(process.running(cloud.rehearsal), signal.SIGKILL)
    wait_until(lambda: not process.running(cloud.rehearsal), 10, "killed")


def stop(cloud: Cloud) -> None:
    """As `stop` does it, and a machine that shuts down."""
    os.kill(process.running(cloud.rehearsal), signal.SIGTERM)
    wait_until(lambda: not process.running(cloud.rehearsal), 40, "stopped")


either_end = pytest.mark.parametrize("end", [kill, stop])


@pytest.fixture(scope="module")
def cloud(new_cloud: Callable[[], Cloud]) -> Cloud:
    """One of its own: others would notice."""
    return new_cloud()


@pytest.fixture(scope="module")
def admin(cloud: Cloud) -> dict[str, Any]:
    return {**SSH_IN, "CidrIp": f"{cloud.rehearsal.gateway}/32"}


@pytest.fixture(scope="module")
def outputs(cloud: Cloud, admin: dict[str, Any]) -> dict[str, str]:
    """A host with a volume that goes through it all."""
    resources = (
        network(231)
        | {"Group": group(admin)}
        | host("Steady", [ref("Group")])
        | {
            "Data": resource("AWS::EC2::Volume", Size=1, AvailabilityZone="us-east-1a"),
            "DataAttached": resource(
                "AWS::EC2::VolumeAttachment",
                VolumeId=ref("Data"),
                InstanceId=ref("Steady"),
                Device="/dev/sdf",
            ),
        }
    )
    whole = template(resources, "Steady", Subnet=ref("Subnet"))
    return cloud.launch("steady", whole, PublicKey=cloud.public_key)


@pytest.fixture(scope="module")
def steady(cloud: Cloud, outputs: dict[str, str]) -> Host:
    """It has the volume mounted, and what lies in /run is there as long as it is not booted anew."""
    reached = cloud.reach(outputs["Steady"], outputs["SteadyAddress"])
    reached.run("cloud-init status --wait")
    reached.run("sudo mkfs.ext4 -q /dev/sdf && sudo mount /dev/sdf /mnt && echo kept | sudo tee /mnt/file")
    reached.run("echo same | sudo tee /run/this-boot")
    return reached


@pytest.fixture
def untouched(cloud: Cloud, steady: Host) -> Iterator[None]:
    """Whatever a test does to the process, this host and all that is known of it stay as they are."""
    before = known(cloud)
    yield
    after = known(cloud)
    assert {name: after[name] for name in before} == before
    assert steady.run("cat /run/this-boot /mnt/file").split() == ["same", "kept"]


def known(cloud: Cloud) -> dict[str, Any]:
    """What the API says of everything that is not going away, by id."""
    ec2, stacks = cloud.aws("ec2"), cloud.aws("cloudformation")
    return {
        **{
            one["InstanceId"]: (one["State"]["Name"], one["PrivateIpAddress"], one.get("PublicIpAddress"))
            for one in instances(cloud)
            if one["State"]["Name"] == "running"
        },
        **{one["AllocationId"]: one["PublicIp"] for one in ec2.describe_addresses()["Addresses"]},
        **{one["VolumeId"]: one["State"] for one in ec2.describe_volumes()["Volumes"]},
        **{one["StackId"]: one["StackStatus"] for one in stacks.describe_stacks()["Stacks"]},
    }


def instances(cloud: Cloud) -> list[dict[str, Any]]:
    reservations = cloud.aws("ec2").describe_instances()["Reservations"]
    return [one for reservation in reservations for one in reservation["Instances"]]


def alive(cloud: Cloud) -> set[str]:
    """The instances that have a host or will have one."""
    return {one["InstanceId"] for one in instances(cloud) if one["State"]["Name"] in ("pending", "running")}


def events(cloud: Cloud, stack: str) -> list[tuple[str, str, str]]:
    """Resource, status and reason of each event, the newest first."""
    told = cloud.aws("cloudformation").describe_stack_events(StackName=stack)["StackEvents"]
    return [
        (one["LogicalResourceId"], one["ResourceStatus"], one.get("ResourceStatusReason", "")) for one in told
    ]


def boots(cloud: Cloud) -> dict[str, Boot | None]:
    """What cloud-init says of each host; None while it boots."""
    return {name: boot_result(one.process) for name, one in cloud.containers.hosts().items()}


def only(cloud: Cloud, *expected: str) -> None:
    """These hosts are left here, and none besides."""
    wait_until(lambda: cloud.containers.hosts().keys() == set(expected), 40, f"only {expected}")


@either_end
@pytest.mark.usefixtures("untouched")
def test_hosts_run_on_while_no_process_is_there(cloud: Cloud, steady: Host, end: End) -> None:
    end(cloud)
    assert steady.run("cat /run/this-boot") == "same", "reached without the process"
    cloud.start()
    assert steady.run("curl -s -o /dev/null -w '%{http_code}' http://169.254.169.254/latest/") == "401"


@either_end
@pytest.mark.usefixtures("untouched")
def test_an_interrupted_creation_is_rolled_back_with_its_reason(
    cloud: Cloud, admin: dict[str, Any], steady: Host, end: End
) -> None:
    later = host("Later", [ref("Group")])
    later["Later"]["DependsOn"] = "CutAssociation"
    resources = network(232) | {"Group": group(admin)} | host("Cut", [ref("Group")]) | later
    whole = template(resources, "Cut")
    stacks = cloud.aws("cloudformation")
    parameters = [{"ParameterKey": "PublicKey", "ParameterValue": cloud.public_key}]
    stacks.create_stack(StackName="cut", TemplateBody=json.dumps(whole), Parameters=parameters)

    def launched() -> bool:
        told = events(cloud, "cut")
        assert not any("ROLLBACK" in status for _, status, _ in told), f"{told}\n{cloud.log()[-5000:]}"
        return len(alive(cloud)) > 1

    wait_until(launched, 30, "the first instance")
    end(cloud)
    cloud.start()
    wait_until(lambda: ("cut", "ROLLBACK_COMPLETE", "") in events(cloud, "cut"), 40, "rolled back")
    told = events(cloud, "cut")
    assert any((status, why) == ("CREATE_FAILED", STOPPED) for _, status, why in told)
    assert any(
        name == "cut" and status == "ROLLBACK_IN_PROGRESS" and STOPPED in why for name, status, why in told
    )
    only(cloud, steady.instance)
    cloud.delete("cut")


@either_end
@pytest.mark.usefixtures("untouched")
def test_an_interrupted_deletion_goes_on_to_its_end(
    cloud: Cloud, admin: dict[str, Any], steady: Host, end: End
) -> None:
    whole = template(network(233) | {"Group": group(admin)} | host("Going", [ref("Group")]), "Going")
    cloud.launch("going", whole, PublicKey=cloud.public_key)
    stacks = cloud.aws("cloudformation")
    (stack,) = stacks.describe_stacks(StackName="going")["Stacks"]
    stacks.delete_stack(StackName="going")
    wait_until(
        lambda: ("Going", "DELETE_IN_PROGRESS", "") in events(cloud, stack["StackId"]), 30, "the host's end"
    )
    end(cloud)
    cloud.start()
    stacks.get_waiter("stack_delete_complete").wait(StackName=stack["StackId"], WaiterConfig=QUICKLY)
    only(cloud, steady.instance)
    assert not cloud.aws("ec2").describe_vpcs(Filters=[{"Name": "cidr", "Values": ["10.233.0.0/16"]}])["Vpcs"]


@pytest.mark.usefixtures("untouched")
def test_a_boot_in_the_midst_of_its_questions_is_answered_by_the_next_process(
    cloud: Cloud, steady: Host, outputs: dict[str, str]
) -> None:
    ec2 = cloud.aws("ec2")
    launch = {"ImageId": WITH_DOCKER, "InstanceType": "t3.micro", "SubnetId": outputs["Subnet"]}
    (made,) = ec2.run_instances(**launch, MinCount=1, MaxCount=1)["Instances"]
    instance = made["InstanceId"]
    wait_until(lambda: instance in cloud.containers.hosts(), 30, "the host")
    wait_until(lambda: cloud.containers.hosts()[instance].running, 30, "the host's start")
    log = f"/proc/{cloud.containers.hosts()[instance].process}/root/var/log/cloud-init.log"
    # It asks for a second, and dozens of times.
    seen = f"until grep --quiet --no-messages /meta-data/ {log}; do sleep 0.01; done"
    subprocess.run(["sh", "-c", seen], check=True, timeout=60 * PATIENCE)
    kill(cloud)
    assert boots(cloud)[instance] is None
    time.sleep(TOO_LONG_TO_BE_REFUSED_SECONDS)
    cloud.start()
    wait_until(lambda: boots(cloud)[instance] is not None, 60, "the end of the boot")
    assert boots(cloud)[instance] == WELL, cloud.containers.console(instance)
    ec2.terminate_instances(InstanceIds=[instance])
    only(cloud, steady.instance)


@either_end
@pytest.mark.usefixtures("untouched")
def test_no_acknowledged_instance_is_lost_and_no_other_stays(
    cloud: Cloud, steady: Host, outputs: dict[str, str], end: End
) -> None:
    given: dict[str, str] = {}

    def ask() -> None:
        ec2 = connect(cloud.rehearsal.endpoint)("ec2")
        # Until nobody answers any more.
        with suppress(BotoCoreError, ClientError):
            while len(given) < AT_MOST:
                (made,) = ec2.run_instances(
                    ImageId=WITH_DOCKER,
                    InstanceType="t3.micro",
                    SubnetId=outputs["Subnet"],
                    MinCount=1,
                    MaxCount=1,
                )["Instances"]
                given[made["InstanceId"]] = made["PrivateIpAddress"]

    with ThreadPoolExecutor(ASKING_AT_ONCE) as people:
        for _ in range(ASKING_AT_ONCE):
            people.submit(ask)
        wait_until(lambda: len(given) >= ENOUGH, 30, "some instances")
        end(cloud)
    cloud.start()
    there = {
        one["InstanceId"]: one["PrivateIpAddress"]
        for one in instances(cloud)
        if one["State"]["Name"] in ("pending", "running")
    }
    assert there | given == there
    try:
        cloud.wait_for("instance_running", *there)
    except WaiterError:
        raise AssertionError(cloud.log()) from None
    only(cloud, *there)
    assert {name: one.address for name, one in cloud.containers.hosts().items()} == there
    try:
        wait_until(lambda: all(boots(cloud).values()), 90, "every boot, begun before or after")
    finally:
        # Nobody answered them for a while: they have found all that they asked for.
        told = boots(cloud)
        consoles = [cloud.containers.console(name) for name, one in told.items() if one != WELL]
        assert not consoles, "\n".join([str(told), *consoles])
    cloud.aws("ec2").terminate_instances(InstanceIds=[*(there.keys() - {steady.instance})])
    only(cloud, steady.instance)


def test_down_after_a_kill_leaves_nothing(cloud: Cloud, steady: Host) -> None:
    kill(cloud)
    assert steady.run("findmnt -no TARGET /dev/sdf") == "/mnt", "a volume that is in use"
    done = cloud.command("down")
    assert done.returncode == 0, done.stderr
    nothing_left(cloud.rehearsal)
