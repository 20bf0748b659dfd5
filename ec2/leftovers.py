"""The proof that a stack is gone: whatever still has its tag is asked for by itself, and named.

AWS lists what is gone for a while, by tag for up to hours; so a hit counts only when the service that owns
the thing still has it. What stays on purpose are the snapshots of the data volumes.
"""

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from ec2 import aws
from ec2.errors import SomethingLeft
from ec2.stack import GONE, Stack

TAG = "Stack"
# An instance takes minutes to end; the volumes and interfaces that end with it, a little longer.
LIMIT_SECONDS = 180.0
BETWEEN_LOOKS_SECONDS = 2.0

# By the beginning of an id: what the thing is called; the call, what it is given, and where the answer is.
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Operations.html
EC2_THINGS = {
    "acl": ("network ACL", "describe_network_acls", "NetworkAclIds", "NetworkAcls"),
    "eipalloc": ("Elastic IP", "describe_addresses", "AllocationIds", "Addresses"),
    "eni": ("network interface", "describe_network_interfaces", "NetworkInterfaceIds", "NetworkInterfaces"),
    "i": ("instance", "describe_instances", "InstanceIds", "Reservations"),
    "igw": ("internet gateway", "describe_internet_gateways", "InternetGatewayIds", "InternetGateways"),
    "key": ("key pair", "describe_key_pairs", "KeyPairIds", "KeyPairs"),
    "rtb": ("route table", "describe_route_tables", "RouteTableIds", "RouteTables"),
    "sg": ("security group", "describe_security_groups", "GroupIds", "SecurityGroups"),
    "sgr": ("rule", "describe_security_group_rules", "SecurityGroupRuleIds", "SecurityGroupRules"),
    "subnet": ("subnet", "describe_subnets", "SubnetIds", "Subnets"),
    "vol": ("volume", "describe_volumes", "VolumeIds", "Volumes"),
    "vpc": ("VPC", "describe_vpcs", "VpcIds", "Vpcs"),
}

Say = Callable[[str], None]


@dataclass(frozen=True)
class Kept:
    """A snapshot that outlives its volume; the size is the volume's."""

    id: str
    size_gib: int
    role: str
    host: str
    moment: datetime
    complete: bool


def data_volumes(ec2: Any, stack: str) -> dict[str, tuple[str, str]]:
    """Host and role of each volume of the stack that keeps data, by its id; ask before it is destroyed."""
    return {
        volume["VolumeId"]: (tag(volume, "Host"), tag(volume, "Role"))
        for page in ec2.get_paginator("describe_volumes").paginate(Filters=with_tag(stack))
        for volume in page["Volumes"]
    }


def prove_gone(cloud: aws.Clients, stack: str, say: Say, limit_seconds: float = LIMIT_SECONDS) -> None:
    """Return when nothing with the stack's tag is there but snapshots. Raises SomethingLeft with a list."""
    deadline, said = time.monotonic() + limit_seconds, False
    while left := leftovers(cloud, stack):
        if time.monotonic() > deadline:
            listed = "".join(f"\n    {each}" for each in left)
            raise SomethingLeft(
                f"of the stack '{stack}' this is left {limit_seconds:.0f} s after it was deleted:{listed}",
                "look at each in the AWS console; it may cost money until it is deleted",
            )
        if not said:
            say(f"waiting until AWS has removed {', '.join(left[:3])}{' and more' if len(left) > 3 else ''}")
            said = True
        time.sleep(BETWEEN_LOOKS_SECONDS)


def leftovers(cloud: aws.Clients, stack: str) -> list[str]:
    """All that has the stack's tag or name and is there, in words."""
    tagged = {*tagged_things(cloud("ec2"), stack), *listed_things(cloud("resourcegroupstaggingapi"), stack)}
    return sorted([*filter(None, (found(cloud, id) for id in tagged)), *parameters(cloud("ssm"), stack)])


def tagged_things(ec2: Any, stack: str) -> Iterable[str]:
    """The ids of what EC2 itself knows by the tag."""
    wanted = [{"Name": "key", "Values": [TAG]}, {"Name": "value", "Values": [stack]}]
    for page in ec2.get_paginator("describe_tags").paginate(Filters=wanted):
        for row in page["Tags"]:
            yield str(row["ResourceId"])


def listed_things(tagging: Any, stack: str) -> Iterable[str]:
    """The ids of EC2's things, and the ARNs of all others, that AWS lists under the tag."""
    pages = tagging.get_paginator("get_resources").paginate(TagFilters=[{"Key": TAG, "Values": [stack]}])
    for page in pages:
        for row in page["ResourceTagMappingList"]:
            yield short_id(row["ResourceARN"])


def short_id(arn: str) -> str:
    """EC2's own id where the ARN is one of EC2's."""
    return arn.rpartition("/")[2] if arn.split(":")[2] == "ec2" else arn


def found(cloud: aws.Clients, id: str) -> str:
    """The thing in words when it is there; nothing when it is gone, or a snapshot."""
    kind = id.partition("-")[0]
    if kind == "snap":
        return ""
    if kind in EC2_THINGS:
        return f"{EC2_THINGS[kind][0]} {id}" if there(cloud("ec2"), kind, id) else ""
    if ":cloudformation:" in id:
        return f"stack {id}" if stack_there(cloud("cloudformation"), id) else ""
    return id


def there(ec2: Any, kind: str, id: str) -> bool:
    """Whether EC2 has the thing; an instance that has ended is shown for another hour."""
    _, call, ids, answer = EC2_THINGS[kind]
    try:
        rows = getattr(ec2, call)(**{ids: [id]})[answer]
    except ClientError as error:
        if error.response["Error"]["Code"].endswith(".NotFound"):
            return False
        raise
    if kind == "i":
        return any(one["State"]["Name"] != "terminated" for row in rows for one in row["Instances"])
    return bool(rows)


def stack_there(cloudformation: Any, arn: str) -> bool:
    """Whether the stack has not been deleted; AWS tells of a deleted one for 90 days."""
    return Stack(arn, cloudformation, lambda _: None).status() not in ("", GONE)


def parameters(ssm: Any, stack: str) -> Iterable[str]:
    """The stack's secrets that are still kept."""
    for page in ssm.get_paginator("get_parameters_by_path").paginate(Path=f"/{stack}/", Recursive=True):
        for row in page["Parameters"]:
            yield f"parameter {row['Name']}"


def kept(ec2: Any, stack: str, volumes: dict[str, tuple[str, str]]) -> list[Kept]:
    """The snapshots that stay: those with the stack's tag, and those of its volumes; the newest first.

    Those that do not tell whose data they have are given tags that do, for the day when the data is wanted.
    """
    of_volumes = [{"Name": "volume-id", "Values": list(volumes)}]
    rows = {
        row["SnapshotId"]: row
        for filters in (with_tag(stack), *([of_volumes] if volumes else []))
        for page in ec2.get_paginator("describe_snapshots").paginate(Filters=filters, OwnerIds=["self"])
        for row in page["Snapshots"]
    }
    for row in rows.values():
        if row["VolumeId"] in volumes and not tag(row, "Role"):
            inscribe(ec2, row["SnapshotId"], *volumes[row["VolumeId"]])
    snapshots = [snapshot(row, *volumes.get(row["VolumeId"], ("", ""))) for row in rows.values()]
    return sorted(snapshots, key=lambda each: each.moment, reverse=True)


def inscribe(ec2: Any, id: str, host: str, role: str) -> None:
    """Tag a snapshot with whose data it has; where that is not allowed, it is told this once only."""
    with suppress(ClientError):
        ec2.create_tags(Resources=[id], Tags=[{"Key": "Host", "Value": host}, {"Key": "Role", "Value": role}])


def snapshot(row: Any, host: str, role: str) -> Kept:
    """A row of DescribeSnapshots; its own tags know best."""
    return Kept(
        id=row["SnapshotId"],
        size_gib=row["VolumeSize"],
        role=tag(row, "Role") or role,
        host=tag(row, "Host") or host,
        moment=row["StartTime"],
        complete=row["State"] == "completed",
    )


def with_tag(stack: str) -> list[dict[str, Any]]:
    """The filter for what has the stack's tag."""
    return [{"Name": f"tag:{TAG}", "Values": [stack]}]


def tag(row: Any, key: str) -> str:
    """A tag of something; "" where it has none."""
    return next((str(each["Value"]) for each in row.get("Tags", []) if each["Key"] == key), "")
