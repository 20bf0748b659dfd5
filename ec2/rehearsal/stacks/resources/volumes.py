"""EBS volumes, where they are attached, and the snapshot that is taken of one before it goes."""

import time
from typing import Any, ClassVar

from ec2.rehearsal.stacks.resources.contract import Clients, Place
from ec2.rehearsal.stacks.resources.kind import Ec2Kind, Kind
from ec2.rehearsal.stacks.resources.looking import first, picked, refusal, unless_gone, wholly
from ec2.rehearsal.stacks.resources.tags import own_tags, specified
from ec2.rehearsal.stacks.resources.waiting import LIMIT_SECONDS, STEP_SECONDS, wait

# What ModifyVolume changes of a volume, attached or not.
MODIFIABLE = ("Size", "VolumeType", "Iops", "Throughput", "MultiAttachEnabled")
FIXED = ("AvailabilityZone", "Encrypted", "KmsKeyId", "SnapshotId")


class Volume(Ec2Kind):
    """AWS::EC2::Volume."""

    name = "AWS::EC2::Volume"
    tagged_as = "volume"
    carried_out = frozenset({*MODIFIABLE, *FIXED, "Tags"})
    attributes: ClassVar = {"VolumeId": "VolumeId"}

    def create(self, aws: Clients, properties: dict[str, Any], place: Place) -> str:
        """The volume, once it is available."""
        ec2 = aws("ec2")
        asked = picked(properties, *MODIFIABLE, *FIXED)
        made: str = ec2.create_volume(**asked, **self.tags(properties, place))["VolumeId"]
        with wholly(lambda: self.delete(aws, made, properties, place)):
            wait(ec2, "volume_available", VolumeIds=[made])
        return made

    def update(
        self, aws: Clients, physical_id: str, old: dict[str, Any], new: dict[str, Any], place: Place
    ) -> None:
        """Larger, faster, of another type; whatever else makes it another volume AWS refuses."""
        if any(old.get(name) != new.get(name) for name in FIXED):
            raise refusal(
                "NotUpdatable", f"Volume {physical_id}: {', '.join(FIXED)} cannot be changed", "ModifyVolume"
            )
        if any(old.get(name) != new.get(name) for name in MODIFIABLE):
            modify(aws, physical_id, picked(new, *MODIFIABLE))
        super().update(aws, physical_id, old, new, place)

    def delete(self, aws: Clients, physical_id: str, properties: dict[str, Any], place: Place) -> None:
        """AWS refuses while it is attached."""
        with unless_gone():
            aws("ec2").delete_volume(VolumeId=physical_id)

    def snapshot(self, aws: Clients, physical_id: str, place: Place) -> str:
        """A snapshot of it, once that is complete."""
        ec2 = aws("ec2")
        described = f"Snapshot of {physical_id} of stack {place.stack_name}"
        tags = specified("snapshot", place.tags)
        made: str = ec2.create_snapshot(VolumeId=physical_id, Description=described, **tags)["SnapshotId"]
        wait(ec2, "snapshot_completed", SnapshotIds=[made])
        return made

    def look(self, aws: Clients, physical_id: str) -> dict[str, Any] | None:
        """The volume."""
        return first(aws("ec2").describe_volumes, "Volumes", VolumeIds=[physical_id])

    def shape(self, aws: Clients, live: dict[str, Any]) -> dict[str, Any]:
        """Everything has the template's name already."""
        return {**picked(live, *MODIFIABLE, *FIXED), "Tags": own_tags(live.get("Tags"))}


def modify(aws: Clients, volume_id: str, wanted: dict[str, Any]) -> None:
    """Modify and wait until AWS only optimizes; a volume never shrinks."""
    ec2 = aws("ec2")
    size = ec2.describe_volumes(VolumeIds=[volume_id])["Volumes"][0]["Size"]
    if wanted.get("Size", size) < size:
        message = f"New size cannot be smaller than existing size ({size} GiB)"
        raise refusal("InvalidParameterValue", message, "ModifyVolume")
    ec2.modify_volume(VolumeId=volume_id, **wanted)
    limit = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < limit:
        done = ec2.describe_volumes_modifications(VolumeIds=[volume_id])["VolumesModifications"]
        state = done[-1]["ModificationState"]
        if state in ("optimizing", "completed"):
            return
        if state == "failed":
            break
        time.sleep(STEP_SECONDS)
    raise refusal("NotStabilized", f"Volume {volume_id} has not been modified", "ModifyVolume")


class VolumeAttachment(Kind):
    """AWS::EC2::VolumeAttachment; its id is AWS's own: vol-…|i-…."""

    name = "AWS::EC2::VolumeAttachment"
    carried_out = frozenset({"VolumeId", "InstanceId", "Device"})

    def create(self, aws: Clients, properties: dict[str, Any], place: Place) -> str:
        """Attach and wait until it is."""
        ec2 = aws("ec2")
        ec2.attach_volume(**properties)
        wait(ec2, "volume_in_use", VolumeIds=[properties["VolumeId"]])
        return f"{properties['VolumeId']}|{properties['InstanceId']}"

    def delete(self, aws: Clients, physical_id: str, properties: dict[str, Any], place: Place) -> None:
        """Detach and wait until it is; termination of the instance has done so, too."""
        live = self.look(aws, physical_id)
        if live is not None:
            if live["State"] != "detaching":
                aws("ec2").detach_volume(**picked(live, "VolumeId", "InstanceId"))
            wait(aws("ec2"), "volume_available", VolumeIds=[live["VolumeId"]])

    def look(self, aws: Clients, physical_id: str) -> dict[str, Any] | None:
        """The attachment, which AWS lists under its volume."""
        volume_id, instance_id = physical_id.split("|")
        volume = first(aws("ec2").describe_volumes, "Volumes", VolumeIds=[volume_id]) or {}
        by_instance = {entry["InstanceId"]: entry for entry in volume.get("Attachments", ())}
        return by_instance.get(instance_id)

    def made_for(self, aws: Clients, properties: dict[str, Any], place: Place) -> frozenset[str]:
        """The attachment of that volume to that instance."""
        physical_id = f"{properties['VolumeId']}|{properties['InstanceId']}"
        return frozenset({physical_id} if self.look(aws, physical_id) else ())

    def shape(self, aws: Clients, live: dict[str, Any]) -> dict[str, Any]:
        """Which volume is where."""
        return picked(live, "VolumeId", "InstanceId", "Device")
