"""Instances to ask for in a test of moto's faults, and what the API says of them."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from ec2.rehearsal.control import seeds

Run = Callable[..., str]
Make = Callable[[], str]


def runner(ec2: Any, subnet: str) -> Run:
    """Asks for one instance; gives its id."""

    def ask(**choices: Any) -> str:
        wanted: dict[str, Any] = {"MinCount": 1, "MaxCount": 1}
        if "LaunchTemplate" not in choices:
            wanted |= {"ImageId": seeds.BARE, "InstanceType": "t3.micro"}
            wanted |= {} if "NetworkInterfaces" in choices else {"SubnetId": subnet}
        (row,) = ec2.run_instances(**wanted | choices)["Instances"]
        return str(row["InstanceId"])

    return ask


def group_maker(ec2: Any, vpc: str) -> Make:
    """Makes a security group; gives its id."""

    def make() -> str:
        name = f"group-{uuid4().hex[:8]}"
        return str(ec2.create_security_group(GroupName=name, Description="a group", VpcId=vpc)["GroupId"])

    return make


def about(ec2: Any, instance: str) -> dict[str, Any]:
    (reservation,) = ec2.describe_instances(InstanceIds=[instance])["Reservations"]
    return dict(reservation["Instances"][0])


def groups(ec2: Any, instance: str) -> tuple[list[str], list[str]]:
    """The instance's groups and its primary interface's."""
    row = about(ec2, instance)
    lists = row["SecurityGroups"], row["NetworkInterfaces"][0]["Groups"]
    own, interfaces = ([one["GroupId"] for one in each] for each in lists)
    return own, interfaces


def volumes(ec2: Any, instance: str) -> dict[str, dict[str, Any]]:
    here = [{"Name": "attachment.instance-id", "Values": [instance]}]
    return {row["Attachments"][0]["Device"]: row for row in ec2.describe_volumes(Filters=here)["Volumes"]}
