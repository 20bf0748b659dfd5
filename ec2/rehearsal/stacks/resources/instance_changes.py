"""What AWS changes of an instance in place: running where it can, stopped where it must."""

from collections.abc import Mapping
from typing import Any

from ec2.rehearsal.stacks.resources.contract import Clients
from ec2.rehearsal.stacks.resources.instance_requests import credits_request
from ec2.rehearsal.stacks.resources.looking import first
from ec2.rehearsal.stacks.resources.waiting import wait

Properties = Mapping[str, Any]

# What the API takes of a stopped instance only.
STOPPED = ("InstanceType", "UserData", "EbsOptimized")


def change_instance(aws: Clients, instance_id: str, old: Properties, new: Properties) -> None:
    """Bring the instance from the old properties to the new ones."""
    change_running(aws, instance_id, old, new)
    change_profile(aws, instance_id, old.get("IamInstanceProfile"), new.get("IamInstanceProfile"))
    give_volumes(aws, instance_id, old.get("Volumes", []), new.get("Volumes", []))
    set_routing(aws, instance_id, old, new)
    if any(old.get(name) != new.get(name) for name in STOPPED):
        change_stopped(aws, instance_id, old, new)


def change_running(aws: Clients, instance_id: str, old: Properties, new: Properties) -> None:
    """Groups, protection, monitoring, metadata and credits."""
    ec2 = aws("ec2")
    if differs("SecurityGroupIds", old, new) and new.get("SecurityGroupIds"):
        ec2.modify_instance_attribute(InstanceId=instance_id, Groups=new["SecurityGroupIds"])
    if differs("DisableApiTermination", old, new):
        protected = {"Value": new.get("DisableApiTermination", False)}
        ec2.modify_instance_attribute(InstanceId=instance_id, DisableApiTermination=protected)
    if differs("InstanceInitiatedShutdownBehavior", old, new):
        behavior = new.get("InstanceInitiatedShutdownBehavior", "stop")
        name = "instanceInitiatedShutdownBehavior"
        ec2.modify_instance_attribute(InstanceId=instance_id, Attribute=name, Value=behavior)
    if differs("Monitoring", old, new):
        change = ec2.monitor_instances if new.get("Monitoring") else ec2.unmonitor_instances
        change(InstanceIds=[instance_id])
    if differs("MetadataOptions", old, new) and new.get("MetadataOptions"):
        ec2.modify_instance_metadata_options(InstanceId=instance_id, **new["MetadataOptions"])
    if differs("CreditSpecification", old, new) and new.get("CreditSpecification"):
        asked = {"InstanceId": instance_id, **credits_request(new)}
        ec2.modify_instance_credit_specification(InstanceCreditSpecifications=[asked])


def change_stopped(aws: Clients, instance_id: str, old: Properties, new: Properties) -> None:
    """Stop, modify, start: type, user-data and EBS optimization."""
    ec2 = aws("ec2")
    ec2.stop_instances(InstanceIds=[instance_id])
    wait(ec2, "instance_stopped", InstanceIds=[instance_id])
    try:
        if differs("InstanceType", old, new) and "InstanceType" in new:
            ec2.modify_instance_attribute(InstanceId=instance_id, InstanceType={"Value": new["InstanceType"]})
        if differs("UserData", old, new):
            text = new.get("UserData", "")
            ec2.modify_instance_attribute(InstanceId=instance_id, Attribute="userData", Value=text)
        if differs("EbsOptimized", old, new):
            optimized = {"Value": new.get("EbsOptimized", False)}
            ec2.modify_instance_attribute(InstanceId=instance_id, EbsOptimized=optimized)
    finally:
        ec2.start_instances(InstanceIds=[instance_id])
        wait(ec2, "instance_running", InstanceIds=[instance_id])


def differs(name: str, old: Properties, new: Properties) -> bool:
    """Whether an update changes the property."""
    return bool(old.get(name) != new.get(name))


def set_routing(aws: Clients, instance_id: str, old: Properties, new: Properties) -> None:
    """Whether packets must be the instance's own; they must unless said."""
    wanted = new.get("SourceDestCheck", True)
    if wanted != old.get("SourceDestCheck", True):
        aws("ec2").modify_instance_attribute(InstanceId=instance_id, SourceDestCheck={"Value": wanted})


def change_profile(aws: Clients, instance_id: str, old: str | None, new: str | None) -> None:
    """Another instance profile, a first one, or none."""
    if old == new:
        return
    ec2 = aws("ec2")
    here = [{"Name": "instance-id", "Values": [instance_id]}]
    held = ec2.describe_iam_instance_profile_associations(Filters=here)["IamInstanceProfileAssociations"]
    if held and new:
        association = held[0]["AssociationId"]
        ec2.replace_iam_instance_profile_association(
            AssociationId=association, IamInstanceProfile={"Name": new}
        )
    elif new:
        ec2.associate_iam_instance_profile(InstanceId=instance_id, IamInstanceProfile={"Name": new})
    elif held:
        ec2.disassociate_iam_instance_profile(AssociationId=held[0]["AssociationId"])


def give_volumes(
    aws: Clients, instance_id: str, old: list[dict[str, str]], new: list[dict[str, str]]
) -> None:
    """Attach and detach what the instance's own list of volumes says, where that is not so already."""
    ec2 = aws("ec2")
    for volume in [entry for entry in old if entry not in new and attached(aws, instance_id, entry)]:
        ec2.detach_volume(InstanceId=instance_id, VolumeId=volume["VolumeId"])
        wait(ec2, "volume_available", VolumeIds=[volume["VolumeId"]])
    for volume in [entry for entry in new if entry not in old and not attached(aws, instance_id, entry)]:
        ec2.attach_volume(InstanceId=instance_id, **volume)
        wait(ec2, "volume_in_use", VolumeIds=[volume["VolumeId"]])


def attached(aws: Clients, instance_id: str, volume: dict[str, str]) -> bool:
    """Whether the instance has the volume: an update that failed may have come only so far."""
    found = first(aws("ec2").describe_volumes, "Volumes", VolumeIds=[volume["VolumeId"]]) or {}
    return instance_id in [entry["InstanceId"] for entry in found.get("Attachments", ())]
