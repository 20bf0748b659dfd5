"""How long the local EC2 takes and what it costs, on this machine: `python tests/bench/rehearsal.py`.

Measured on a cloud of its own that is removed at the end. Needs root, and the packages of `make test`.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import docker
import psutil

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "images/microblog")]

from ec2.rehearsal.control import seeds  # noqa: E402
from ec2.rehearsal.control.clients import connect  # noqa: E402
from ec2.rehearsal.machines.containers import Containers  # noqa: E402
from ec2.rehearsal.settings import Rehearsal  # noqa: E402
from tests.e2e.conftest import free_ports  # noqa: E402
from tests.e2e.rehearsal.conftest import Cloud, free_pool  # noqa: E402
from tests.e2e.rehearsal.templates import SSH_IN, group, network, ref, resource, template  # noqa: E402

REPETITIONS = 5
WITH_DOCKER = """#cloud-config
packages: [docker.io, docker-cli, docker-compose, docker-buildx]
"""
# What a container of the application costs is not the question; that four of them run in each host is.
FOUR_CONTAINERS = """
    tar --dereference -C / -c $(ldd /usr/bin/sleep | grep -o '/[^ ]*') /usr/bin/sleep 2>/dev/null \
        | sudo docker import - sleeper >/dev/null
    for n in 1 2 3 4; do sudo docker run --detach --init sleeper /usr/bin/sleep 3600 >/dev/null; done
"""


def main() -> None:
    """Print one JSON object: seconds and MiB."""
    figures: dict[str, Any] = {}
    memory_before = used_mebibytes()
    with tempfile.TemporaryDirectory() as folder:
        rehearsal = Rehearsal(f"bench-{uuid4().hex[:6]}", free_ports(1)[0], free_pool())
        containers = Containers(rehearsal, docker.from_env())
        cloud = Cloud(rehearsal, connect(rehearsal.endpoint), containers, Path(folder))
        try:
            figures["start_seconds"] = timed(cloud.start)
            figures["twenty_resources_seconds"] = [twenty_resources(cloud) for _ in range(REPETITIONS)]
            place = room(cloud)
            figures["one_host_seconds"] = [hosts(cloud, place, 1) for _ in range(REPETITIONS)]
            figures["bare_host_with_docker_by_cloud_init_seconds"] = hosts(
                cloud, place, 1, ImageId=seeds.BARE, UserData=WITH_DOCKER
            )
            figures["four_hosts_seconds"] = [hosts(cloud, place, 4) for _ in range(REPETITIONS - 1)]
            figures["four_hosts_seconds"].append(hosts(cloud, place, 4, keep=FOUR_CONTAINERS))
            time.sleep(30)
            figures["four_hosts_with_four_containers_mebibytes"] = used_mebibytes() - memory_before
        finally:
            cloud.command("down")
    medians = {
        name.replace("_seconds", "_median_seconds"): statistics.median(values)
        for name, values in figures.items()
        if isinstance(values, list)
    }
    print(json.dumps(figures | medians, indent=2))


def timed(act: Callable[[], Any]) -> float:
    started = time.monotonic()
    act()
    return round(time.monotonic() - started, 2)


def used_mebibytes() -> int:
    """Memory that is neither free nor a cache that the kernel gives back."""
    memory = psutil.virtual_memory()
    return int((memory.total - memory.available) / 2**20)


def twenty_resources(cloud: Cloud) -> float:
    """ExecuteChangeSet of twenty resources without instances, to CREATE_COMPLETE."""
    stacks, name = cloud.aws("cloudformation"), f"twenty-{uuid4().hex[:6]}"
    admin = {**SSH_IN, "CidrIp": "198.18.0.1/32"}
    resources = network(240) | {f"Group{n}": group(admin) for n in range(4)}
    resources |= {f"Address{n}": resource("AWS::EC2::EIP", "Attachment", Domain="vpc") for n in range(3)}
    resources |= {f"Parameter{n}": parameter(name, n) for n in range(5)}
    whole = template(resources)
    assert len(whole["Resources"]) == 20
    given = [{"ParameterKey": "PublicKey", "ParameterValue": cloud.public_key}]
    stacks.create_change_set(
        StackName=name,
        ChangeSetName="first",
        ChangeSetType="CREATE",
        TemplateBody=json.dumps(whole),
        Parameters=given,
    )

    def execute() -> None:
        stacks.execute_change_set(StackName=name, ChangeSetName="first")
        status = "CREATE_IN_PROGRESS"
        while status.endswith("_IN_PROGRESS"):
            time.sleep(0.05)
            status = stacks.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
        assert status == "CREATE_COMPLETE", status

    seconds = timed(execute)
    cloud.delete(name)
    return seconds


def parameter(stack: str, number: int) -> dict[str, Any]:
    return resource("AWS::SSM::Parameter", Name=f"/{stack}/{number}", Type="String", Value="value")


def room(cloud: Cloud) -> dict[str, str]:
    """Where hosts are run: a subnet, a group and a key."""
    admin = {**SSH_IN, "CidrIp": f"{cloud.rehearsal.gateway}/32"}
    whole = template(
        network(241) | {"Group": group(admin)}, Subnet=ref("Subnet"), Group=ref("Group"), Key=ref("Key")
    )
    whole["Resources"]["Subnet"]["Properties"]["MapPublicIpOnLaunch"] = True
    return cloud.launch("room", whole, PublicKey=cloud.public_key)


def hosts(cloud: Cloud, place: dict[str, str], count: int, keep: str = "", **choices: Any) -> float:
    """RunInstances until SSH says on each host that cloud-init is done."""
    ec2 = cloud.aws("ec2")
    wanted = {
        "ImageId": seeds.WITH_DOCKER,
        "InstanceType": "t3.medium",
        "MinCount": count,
        "MaxCount": count,
        "SubnetId": place["Subnet"],
        "SecurityGroupIds": [place["Group"]],
        "KeyName": place["Key"],
    }
    started = time.monotonic()
    rows = ec2.run_instances(**wanted | choices)["Instances"]
    waiting = [asking(cloud, row["PublicIpAddress"], "cloud-init status --wait") for row in rows]
    for process in waiting:
        assert process.wait() == 0
    seconds = round(time.monotonic() - started, 2)
    ids = [row["InstanceId"] for row in rows]
    if keep:
        for row in rows:
            assert asking(cloud, row["PublicIpAddress"], keep).wait() == 0
    else:
        ec2.terminate_instances(InstanceIds=ids)
        cloud.wait_for("instance_terminated", *ids)
    return seconds


def asking(cloud: Cloud, address: str, command: str) -> subprocess.Popen[bytes]:
    """A process that logs in as soon as the host answers, and runs the command."""
    options = [
        "StrictHostKeyChecking=no",
        "UserKnownHostsFile=/dev/null",
        "ConnectTimeout=1",
        "LogLevel=ERROR",
    ]
    words = [
        "ssh",
        "-i",
        str(cloud.folder / "key"),
        *(w for o in options for w in ("-o", o)),
        f"admin@{address}",
    ]
    again = 'until "$@" true 2>/dev/null; do sleep 0.1; done; exec "$@" "$COMMAND" >/dev/null'
    return subprocess.Popen(
        ["sh", "-c", again, "sh", *words], env={"COMMAND": command, "PATH": "/usr/bin:/bin"}
    )


if __name__ == "__main__":
    main()
