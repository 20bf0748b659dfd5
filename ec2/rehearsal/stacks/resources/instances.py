"""AWS::EC2::Instance: run, changed in place where AWS does, terminated."""

from typing import Any, ClassVar

from botocore.exceptions import ClientError

from ec2.rehearsal.stacks.resources.contract import Clients, Place
from ec2.rehearsal.stacks.resources.instance_changes import change_instance, give_volumes, set_routing
from ec2.rehearsal.stacks.resources.instance_requests import (
    AS_ASKED,
    IN_OTHER_WORDS,
    monitoring_on,
    run_request,
)
from ec2.rehearsal.stacks.resources.kind import Ec2Kind
from ec2.rehearsal.stacks.resources.looking import answer, picked, refusal, wholly
from ec2.rehearsal.stacks.resources.tags import all_tags, own_tags
from ec2.rehearsal.stacks.resources.waiting import wait

# What AWS tells of only when asked for each: the name in the template, and in DescribeInstanceAttribute.
ASKED_SINGLY = {
    "DisableApiTermination": "disableApiTermination",
    "InstanceInitiatedShutdownBehavior": "instanceInitiatedShutdownBehavior",
    "UserData": "userData",
}


class Instance(Ec2Kind):
    """AWS::EC2::Instance."""

    name = "AWS::EC2::Instance"
    tagged_as = "instance"
    carried_out = frozenset({*AS_ASKED, *IN_OTHER_WORDS})
    replaced_on = frozenset({"BlockDeviceMappings"})
    attributes: ClassVar = {
        "InstanceId": "InstanceId",
        "AvailabilityZone": "zone",
        "PrivateDnsName": "PrivateDnsName",
        "PrivateIp": "PrivateIpAddress",
        "PublicDnsName": "PublicDnsName",
        "PublicIp": "PublicIpAddress",
        "VpcId": "VpcId",
    }

    def create(self, aws: Clients, properties: dict[str, Any], place: Place) -> str:
        """Run it and wait until it runs; AWS takes a few settings only then."""
        asked = run_request(properties, all_tags(properties, place))
        made: str = aws("ec2").run_instances(**asked)["Instances"][0]["InstanceId"]
        with wholly(lambda: discard(aws, made)):
            self.wait_until_running(aws, made)
            set_routing(aws, made, {}, properties)
            give_volumes(aws, made, [], properties.get("Volumes", []))
        return made

    def update(
        self, aws: Clients, physical_id: str, old: dict[str, Any], new: dict[str, Any], place: Place
    ) -> None:
        """Every change that needs no other instance, then the tags."""
        change_instance(aws, physical_id, old, new)
        super().update(aws, physical_id, old, new, place)

    def delete(self, aws: Clients, physical_id: str, properties: dict[str, Any], place: Place) -> None:
        """Terminate it and wait until it is; AWS refuses while termination is disabled."""
        if self.look(aws, physical_id) is not None:
            aws("ec2").terminate_instances(InstanceIds=[physical_id])
            wait(aws("ec2"), "instance_terminated", InstanceIds=[physical_id])

    def wait_until_running(self, aws: Clients, instance_id: str) -> None:
        """An instance that ends instead is refused with AWS's own reason."""
        try:
            wait(aws("ec2"), "instance_running", InstanceIds=[instance_id])
        except ClientError as error:
            reason = (described(aws, instance_id) or {}).get("StateReason", {}).get("Message")
            if not reason:
                raise
            raise refusal("NotStabilized", f"{instance_id}: {reason}", "RunInstances") from error

    def look(self, aws: Clients, physical_id: str) -> dict[str, Any] | None:
        """The instance; AWS goes on listing a terminated one for an hour."""
        found = described(aws, physical_id)
        if found is None or found["State"]["Name"] == "terminated":
            return None
        return {**found, "zone": found["Placement"]["AvailabilityZone"]}

    def shape(self, aws: Clients, live: dict[str, Any]) -> dict[str, Any]:
        """What the API tells in one description, and what it must be asked for singly."""
        same = picked(live, "ImageId", "InstanceType", "KeyName", "SubnetId", "EbsOptimized")
        profile = live.get("IamInstanceProfile", {}).get("Arn", "").rsplit("/", 1)[-1]
        return {
            **same,
            **picked(live, "PrivateIpAddress", "SourceDestCheck"),
            **{name: single(aws, live["InstanceId"], asked) for name, asked in ASKED_SINGLY.items()},
            "AvailabilityZone": live["zone"],
            "IamInstanceProfile": profile,
            "MetadataOptions": {key: to for key, to in live["MetadataOptions"].items() if key != "State"},
            "Monitoring": monitoring_on(live),
            "SecurityGroupIds": sorted(group["GroupId"] for group in live["SecurityGroups"]),
            "Tags": own_tags(live.get("Tags")),
        }


def discard(aws: Clients, instance_id: str) -> None:
    """Terminate an instance that came to nothing, though the template protects it."""
    aws("ec2").modify_instance_attribute(InstanceId=instance_id, DisableApiTermination={"Value": False})
    aws("ec2").terminate_instances(InstanceIds=[instance_id])


def described(aws: Clients, instance_id: str) -> dict[str, Any] | None:
    """The instance in any state, or None when AWS does not list it any more."""
    reservations = answer(aws("ec2").describe_instances, InstanceIds=[instance_id]).get("Reservations")
    return next(iter(reservations[0]["Instances"]), None) if reservations else None


def single(aws: Clients, instance_id: str, attribute: str) -> Any:
    """One of the attributes of which AWS tells one at a time."""
    told = aws("ec2").describe_instance_attribute(InstanceId=instance_id, Attribute=attribute)
    return told.get(attribute[0].upper() + attribute[1:], {}).get("Value", "")
