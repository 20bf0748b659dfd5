"""What EC2 says of the hosts' instances, and their being stopped and started."""

import time
from collections.abc import Callable, Sequence
from typing import Any

from botocore.exceptions import ClientError

from ec2.errors import HostNotSettled, LauncherError
from ec2.inventory import Host

# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html
MOVING = ("pending", "stopping", "shutting-down")
GONE = "gone"
STANDING = ("pending", "running", "stopping", "stopped")
# Amazon's own waiters ask for ten minutes.
LIMIT_SECONDS = 600.0
BETWEEN_LOOKS_SECONDS = 1.0

Say = Callable[[str], None]


def states(ec2: Any, hosts: Sequence[Host]) -> dict[Host, str]:
    """The state of each host's instance as EC2 calls it, or `gone`; `ec2` is a boto3 client."""
    # Asked for by id, one that is gone would be an error.
    wanted = [{"Name": "instance-id", "Values": [host.instance_id for host in hosts]}]
    found = {
        instance["InstanceId"]: str(instance["State"]["Name"])
        for page in ec2.get_paginator("describe_instances").paginate(Filters=wanted)
        for reservation in page["Reservations"]
        for instance in reservation["Instances"]
    }
    return {host: found.get(host.instance_id, GONE) for host in hosts}


def settled(
    ec2: Any, hosts: Sequence[Host], say: Say, limit_seconds: float = LIMIT_SECONDS
) -> dict[Host, str]:
    """The states once none is on its way to another; each change is said. Raises HostNotSettled."""
    started, before = time.monotonic(), states(ec2, hosts)
    while moving := [host for host, state in before.items() if state in MOVING]:
        if time.monotonic() - started > limit_seconds:
            raise HostNotSettled(
                f"{', '.join(map(str, moving))}: still {before[moving[0]]} after {limit_seconds:.0f} s",
                "repeat the command: it goes on from there",
            )
        time.sleep(BETWEEN_LOOKS_SECONDS)
        now = states(ec2, hosts)
        for host in moving:
            if now[host] != before[host]:
                say(f"{host}: {now[host]}")
        before = now
    return before


def stop_protected(ec2: Any, hosts: Sequence[Host]) -> tuple[Host, ...]:
    """The hosts that somebody protected from being stopped."""
    asked = {
        host: ec2.describe_instance_attribute(InstanceId=host.instance_id, Attribute="disableApiStop")
        for host in hosts
    }
    return tuple(host for host, answer in asked.items() if answer["DisableApiStop"]["Value"])


def protect(ec2: Any, instance_ids: Sequence[str], on: bool) -> None:
    """Have AWS refuse to terminate the instances, or let it; nothing is asked where that is so already."""
    for instance_id in standing(ec2, instance_ids) if instance_ids else ():
        known = ec2.describe_instance_attribute(InstanceId=instance_id, Attribute="disableApiTermination")
        if known["DisableApiTermination"]["Value"] != on:
            ec2.modify_instance_attribute(InstanceId=instance_id, DisableApiTermination={"Value": on})


def standing(ec2: Any, instance_ids: Sequence[str]) -> list[str]:
    """Those of the instances that nobody has terminated."""
    wanted = [
        {"Name": "instance-id", "Values": list(instance_ids)},
        {"Name": "instance-state-name", "Values": list(STANDING)},
    ]
    return [
        str(instance["InstanceId"])
        for page in ec2.get_paginator("describe_instances").paginate(Filters=wanted)
        for reservation in page["Reservations"]
        for instance in reservation["Instances"]
    ]


def stop(ec2: Any, hosts: Sequence[Host]) -> None:
    """Have AWS begin to stop the hosts. Raises HostNotSettled with AWS's reason."""
    with_reason("stop", lambda: ec2.stop_instances(InstanceIds=[host.instance_id for host in hosts]))


def start(ec2: Any, hosts: Sequence[Host]) -> None:
    """Have AWS begin to start the hosts. Raises HostNotSettled with AWS's reason: it may have no room."""
    with_reason("start", lambda: ec2.start_instances(InstanceIds=[host.instance_id for host in hosts]))


def with_reason(verb: str, ask: Callable[[], object]) -> None:
    """Ask, or raise what AWS said."""
    try:
        ask()
    except ClientError as error:
        raise refusal(verb, error) from error


def refusal(verb: str, error: ClientError) -> LauncherError:
    """What AWS said about it."""
    said = error.response["Error"]
    return HostNotSettled(
        f"AWS does not {verb} the hosts: {said['Message']} ({said['Code']})",
        "nothing was changed; repeat the command later"
        if "Capacity" in said["Code"]
        else "python -m ec2 status",
    )
