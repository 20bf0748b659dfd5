"""What fails in a cloud that runs is told where a person looks, with its reason, and the rest goes on."""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import docker
import pytest
from botocore.exceptions import WaiterError

from ec2.rehearsal.control.clients import connect
from ec2.rehearsal.control.seeds import WITH_DOCKER
from ec2.rehearsal.machines.containers import Containers
from ec2.rehearsal.process import LEAST_ROOM_BYTES
from ec2.rehearsal.settings import Rehearsal
from ec2.rehearsal.snapshot.memory import file as snapshot_file
from tests.e2e.conftest import free_ports
from tests.e2e.rehearsal.conftest import QUICKLY, Cloud, Host, free_pool, nothing_left, opens
from tests.e2e.rehearsal.obstacles import bridge, refused, small_disk
from tests.e2e.rehearsal.templates import SSH_IN, attribute, group, host, network, ref, template
from tests.waiting import wait_until

MIB = 2**20
WEB = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
FAILING = "#!/bin/sh\necho the reason >&2\nexit 3\n"
# The real one, but for rules that let somebody in while the file is there: the kernel's memory is full then.
NFT = """#!/bin/sh
[ "$1" = -f ] && [ -e {refuse} ] || exec {nft} "$@"
rules=$(cat)
case "$rules" in *jump*) echo 'Error: Could not process rule: Cannot allocate memory' >&2; exit 1 ;; esac
printf '%s\\n' "$rules" | {nft} "$@"
"""


@pytest.fixture(scope="module")
def refuse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """While this file is there, nft takes no rules that let somebody in."""
    folder = tmp_path_factory.mktemp("nft")
    flag = folder / "refuse"
    wrapper = folder / "nft"
    wrapper.write_text(NFT.format(refuse=flag, nft=shutil.which("nft")))
    wrapper.chmod(0o755)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PATH", f"{folder}:{os.environ['PATH']}")
        yield flag


@pytest.fixture(scope="module")
def ill(refuse: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """A cloud on a small disk, whose rules can be made to fail."""
    rehearsal = Rehearsal(f"test-{uuid4().hex[:8]}", free_ports(1)[0], free_pool())
    containers = Containers(rehearsal, docker.from_env())
    cloud = Cloud(rehearsal, connect(rehearsal.endpoint), containers, tmp_path_factory.mktemp("ill"))
    with small_disk(rehearsal, 2 * LEAST_ROOM_BYTES):
        try:
            cloud.start()
            yield cloud
        finally:
            assert cloud.command("down").returncode == 0
    rehearsal.state.rmdir()
    nothing_left(rehearsal)
    containers.client.close()


@pytest.fixture(scope="module")
def outputs(ill: Cloud) -> dict[str, str]:
    """A host whose user-data fails; it goes with its cloud."""
    admin = {**SSH_IN, "CidrIp": f"{ill.rehearsal.gateway}/32"}
    resources = (
        network(234)
        | {"Group": group(admin)}
        | host("Failing", [ref("Group")], UserData={"Fn::Base64": FAILING})
    )
    whole = template(resources, "Failing", Subnet=ref("Subnet"), Group=attribute("Group", "GroupId"))
    return ill.launch("ill", whole, PublicKey=ill.public_key)


@pytest.fixture(scope="module")
def failing(ill: Cloud, outputs: dict[str, str]) -> Host:
    return ill.reach(outputs["Failing"], outputs["FailingAddress"])


def run(cloud: Cloud, subnet: str, image: str = WITH_DOCKER) -> str:
    """An instance of its own, not of a stack."""
    asked = {"ImageId": image, "InstanceType": "t3.micro", "SubnetId": subnet, "MinCount": 1, "MaxCount": 1}
    made: str = cloud.aws("ec2").run_instances(**asked)["Instances"][0]["InstanceId"]
    return made


def reason(cloud: Cloud, instance: str) -> str:
    """Why the instance has terminated, once it has."""

    def described() -> Any:
        return cloud.aws("ec2").describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]

    wait_until(lambda: described()["State"]["Name"] == "terminated", 40, f"{instance} terminated")
    assert described()["StateReason"]["Code"] == "Server.InternalError"
    return str(described()["StateReason"]["Message"])


def hears(cloud: Cloud, *words: str) -> None:
    """The cloud says all of the words, and never more than a person wants to read."""
    wait_until(lambda: all(word in cloud.log() for word in words), 30, f"{words} in the log")
    assert "Traceback" not in cloud.log()


def test_user_data_that_fails_is_told_and_its_host_stays(ill: Cloud, failing: Host) -> None:
    hears(ill, f"Failing ({failing.instance}) at {failing.address}: cloud-init failed", "the reason")
    assert "\x1b" not in ill.log()
    assert failing.run("cloud-init status --wait || true") == "status: error"
    ill.wait_for("instance_running", failing.instance)


def test_a_host_that_ends_while_it_boots_is_given_up_with_its_console(
    ill: Cloud, outputs: dict[str, str]
) -> None:
    instance = run(ill, outputs["Subnet"])
    ill.wait_for("instance_running", instance)
    wait_until(lambda: "systemd" in ill.containers.console(instance), 10, "the console")
    ill.containers.container(instance).kill()
    why = reason(ill, instance)
    assert "it ended while it booted; its console:" in why
    assert re.search("systemd|cloud-init", why.partition("its console:")[2])
    hears(ill, f"{instance} could not be started: it ended while it booted")


def test_an_image_that_no_host_boots_from_is_named(ill: Cloud, outputs: dict[str, str]) -> None:
    image = ill.aws("ec2").create_image(InstanceId=outputs["Failing"], Name="mine")["ImageId"]
    instance = run(ill, outputs["Subnet"], image)
    assert f"no host image boots for {image}" in reason(ill, instance)
    hears(ill, f"{instance} could not be started: no host image boots for {image}")


def test_a_vpc_in_a_range_that_leads_elsewhere_fails_its_stack_with_the_reason(ill: Cloud) -> None:
    admin = {**SSH_IN, "CidrIp": f"{ill.rehearsal.gateway}/32"}
    whole = template(network(236) | {"Group": group(admin)} | host("Lost", [ref("Group")]), "Lost")
    stacks = ill.aws("cloudformation")
    parameters = [{"ParameterKey": "PublicKey", "ParameterValue": ill.public_key}]
    with bridge("10.236.7.1/24") as elsewhere:
        stacks.create_stack(StackName="lost", TemplateBody=json.dumps(whole), Parameters=parameters)
        with suppress(WaiterError):
            stacks.get_waiter("stack_create_complete").wait(StackName="lost", WaiterConfig=QUICKLY)
    why = f"10.236.0.0/16 is in use on this machine: 10.236.7.0/24 is routed to {elsewhere}"
    events = stacks.describe_stack_events(StackName="lost")["StackEvents"]
    reasons = [one.get("ResourceStatusReason", "") for one in events if one["LogicalResourceId"] == "Lost"]
    assert why in "\n".join(reasons)
    hears(ill, why)
    ill.delete("lost")


def test_rules_that_do_not_load_leave_the_hosts_closed(
    ill: Cloud, failing: Host, outputs: dict[str, str], refuse: Path
) -> None:
    ec2 = ill.aws("ec2")
    assert opens(failing.address, 22)
    refuse.touch()
    ec2.authorize_security_group_ingress(GroupId=outputs["Group"], IpPermissions=[WEB])
    wait_until(lambda: not opens(failing.address, 22), 10, "closed")
    hears(ill, "the rules did not load, so", "instances are closed: Error: Could not process rule")
    refuse.unlink()
    wait_until(lambda: opens(failing.address, 22), 10, "open again")


def test_a_full_disk_is_told_and_room_made_later_is_enough(ill: Cloud) -> None:
    ec2 = ill.aws("ec2")
    ballast = ill.rehearsal.state / "ballast"
    with suppress(OSError), ballast.open("wb") as file:
        while True:
            file.write(bytes(MIB))
            file.flush()
    # Room for what is said about it, which is there as well, and for no snapshot.
    os.truncate(ballast, ballast.stat().st_size - 16 * 1024)
    ec2.create_key_pair(KeyName="while-full")
    hears(ill, "the cloud is not saved:", "No space left on device", "free some disk space")
    ballast.unlink()
    hears(ill, "the cloud is saved again")
    made = ec2.create_volume(Size=1, AvailabilityZone="us-east-1a")["VolumeId"]
    hears(ill, f"{made} needs 1.0 GiB", "delete snapshots or volumes")
    ec2.delete_volume(VolumeId=made)


def test_a_second_start_leaves_the_first_alone(ill: Cloud) -> None:
    before = ill.log()
    done = ill.command("start")
    assert done.returncode == 0
    assert f"the cloud '{ill.rehearsal.name}' runs already at {ill.rehearsal.endpoint}" in done.stderr
    refused(ill.command("serve"), "is running already, as process", "try: python -m ec2.rehearsal status")
    assert ill.log() == before


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda text: text.replace(b'"moto": "', b'"moto": "0.', 1), "was saved by moto 0."),
        (lambda text: text[:-1], "is damaged"),
        (lambda _: b"what is this\n", "is damaged"),
    ],
)
def test_a_snapshot_that_cannot_be_trusted_is_refused_and_kept(
    ill: Cloud, failing: Host, spoil: Callable[[bytes], bytes], words: str
) -> None:
    assert ill.command("stop").returncode == 0
    kept = snapshot_file(ill.rehearsal)
    good = kept.read_bytes()
    kept.write_bytes(spoil(good))
    refused(ill.command("start"), words, "try: make rehearse-down")
    assert kept.read_bytes() == spoil(good)
    kept.write_bytes(good)
    ill.start()
    ill.wait_for("instance_running", failing.instance)
