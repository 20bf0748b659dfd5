"""Volumes, their attachments and their last snapshot."""

import pytest
from botocore.exceptions import ClientError

from ec2.rehearsal.stacks.resources.contract import Clients
from ec2.rehearsal.stacks.resources.volumes import Volume
from tests.functional.rehearsal.resources.moto_stack import Stack, place, tags

VOLUME, ATTACHMENT = "AWS::EC2::Volume", "AWS::EC2::VolumeAttachment"
ZONE = "us-east-1a"
FAST = {"AvailabilityZone": ZONE, "Size": 10, "VolumeType": "gp3", "Iops": 4000, "Throughput": 200}


def test_a_volume_is_as_large_and_as_fast_as_asked(stack: Stack) -> None:
    volume = stack.create(VOLUME, Encrypted=True, Tags=tags(Name="data"), **FAST)
    found = stack.read(VOLUME, volume) or {}
    assert found.pop("KmsKeyId").startswith("arn:aws:kms:")
    assert found == {**FAST, "Encrypted": True, "Tags": tags(Name="data", Owner="team")}
    assert stack.attribute(VOLUME, volume, "VolumeId") == volume
    stack.delete(VOLUME, volume)
    assert stack.read(VOLUME, volume) is None


def test_a_volume_grows_in_place_and_never_shrinks(stack: Stack) -> None:
    volume = stack.create(VOLUME, **FAST)
    stack.update(VOLUME, volume, Size=20, Iops=5000, Throughput=300, Tags=tags(Name="larger"))
    found = stack.read(VOLUME, volume) or {}
    assert (found["Size"], found["Iops"], found["Throughput"]) == (20, 5000, 300)
    assert found["Tags"] == tags(Name="larger", Owner="team")
    with pytest.raises(ClientError, match=r"cannot be smaller than existing size \(20 GiB\)"):
        stack.update(VOLUME, volume, Size=5)


def test_a_volume_does_not_change_its_zone(stack: Stack) -> None:
    volume = stack.create(VOLUME, AvailabilityZone=ZONE, Size=1)
    with pytest.raises(ClientError, match="NotUpdatable"):
        stack.update(VOLUME, volume, AvailabilityZone="us-east-1b")


def test_a_volume_comes_back_from_its_last_snapshot(aws: Clients, stack: Stack) -> None:
    volume = stack.create(VOLUME, AvailabilityZone=ZONE, Size=7)
    snapshot = Volume().snapshot(aws, volume, place("Data"))
    stack.delete(VOLUME, volume)
    restored = stack.create(VOLUME, AvailabilityZone=ZONE, SnapshotId=snapshot)
    found = stack.read(VOLUME, restored) or {}
    assert (found["Size"], found["SnapshotId"]) == (7, snapshot)


def test_a_volume_is_attached_and_detached(stack: Stack, subnet: str, image_id: str) -> None:
    instance = stack.create("AWS::EC2::Instance", ImageId=image_id, SubnetId=subnet)
    volume = stack.create(VOLUME, AvailabilityZone=ZONE, Size=1)
    where = {"VolumeId": volume, "InstanceId": instance, "Device": "/dev/sdf"}
    attachment = stack.create(ATTACHMENT, **where)
    assert attachment == f"{volume}|{instance}"
    assert stack.read(ATTACHMENT, attachment) == where
    with pytest.raises(ClientError, match="VolumeInUse"):
        stack.delete(VOLUME, volume)
    stack.delete(ATTACHMENT, attachment)
    assert stack.read(ATTACHMENT, attachment) is None
    stack.delete(VOLUME, volume)
