"""What EC2 refuses is refused here, by EC2's own codes; each of these fails when moto or a patch changes."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ec2.rehearsal.settings import REGION
from tests.functional.rehearsal.volumes.conftest import AN_IMAGE, Cloud


def instance(cloud: Cloud, **choices: Any) -> str:
    """An instance in the API alone."""
    made = cloud.ec2.run_instances(ImageId=AN_IMAGE, MinCount=1, MaxCount=1, **choices)
    return str(made["Instances"][0]["InstanceId"])


def refusal(ask: Callable[..., Any], **choices: Any) -> str:
    with pytest.raises(ClientError) as caught:
        ask(**choices)
    return str(caught.value.response["Error"]["Code"])


def test_a_volume_is_attached_to_one_instance_in_its_zone_under_a_free_name(cloud: Cloud) -> None:
    one, two, volume, other = instance(cloud), instance(cloud), cloud.volume(), cloud.volume()
    attach = cloud.ec2.attach_volume
    attach(VolumeId=volume, InstanceId=one, Device="/dev/sdf")
    assert refusal(attach, VolumeId=volume, InstanceId=two, Device="/dev/sdf") == "VolumeInUse"
    assert refusal(attach, VolumeId=other, InstanceId=one, Device="/dev/sdf") == "InvalidParameterValue"
    far = cloud.ec2.create_volume(AvailabilityZone=f"{REGION}b", Size=1)["VolumeId"]
    assert refusal(attach, VolumeId=far, InstanceId=one, Device="/dev/sdg") == "InvalidVolume.ZoneMismatch"
    cloud.ec2.terminate_instances(InstanceIds=[two])
    assert refusal(attach, VolumeId=other, InstanceId=two, Device="/dev/sdf") == "IncorrectState"


def test_only_what_is_attached_is_detached_and_never_a_running_hosts_root(cloud: Cloud) -> None:
    one, two, volume = instance(cloud), instance(cloud), cloud.volume()
    detach = cloud.ec2.detach_volume
    assert refusal(detach, VolumeId=volume) == "IncorrectState"
    cloud.ec2.attach_volume(VolumeId=volume, InstanceId=one, Device="/dev/sdf")
    assert refusal(detach, VolumeId=volume, InstanceId=two) == "InvalidAttachment.NotFound"
    assert refusal(detach, VolumeId=volume, Device="/dev/sdg") == "InvalidAttachment.NotFound"
    root = next(
        each
        for each in cloud.ec2.describe_volumes()["Volumes"]
        if each["Attachments"][0]["Device"] != "/dev/sdf"
    )
    assert refusal(detach, VolumeId=root["VolumeId"]) == "OperationNotPermitted"
    assert detach(VolumeId=volume)["State"] == "detaching"
    assert refusal(cloud.ec2.delete_volume, VolumeId=volume) == "VolumeInUse"


def test_a_volume_of_a_stopped_instance_is_free_at_the_next_pass(cloud: Cloud) -> None:
    one, volume = instance(cloud), cloud.volume()
    cloud.ec2.attach_volume(VolumeId=volume, InstanceId=one, Device="/dev/sdf")
    cloud.step()
    cloud.ec2.stop_instances(InstanceIds=[one])
    cloud.detach(volume)
    cloud.step()
    assert cloud.state(volume) == "available"
    assert cloud.loop(volume) == ""


def test_a_snapshot_keeps_its_size_and_no_volume_of_it_is_smaller(cloud: Cloud) -> None:
    volume = cloud.volume(2)
    kept = cloud.ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    modify = cloud.ec2.modify_volume
    assert refusal(modify, VolumeId=volume, Size=1) == "InvalidParameterValue"
    modify(VolumeId=volume, Size=5)
    (there,) = cloud.ec2.describe_snapshots(SnapshotIds=[kept])["Snapshots"]
    assert there["VolumeSize"] == 2
    zone = f"{REGION}a"
    create = cloud.ec2.create_volume
    assert refusal(create, AvailabilityZone=zone, Size=1, SnapshotId=kept) == "InvalidParameterValue"
    assert create(AvailabilityZone=zone, SnapshotId=kept)["Size"] == 2


def test_an_attachment_says_whether_it_ends_with_its_instance(cloud: Cloud) -> None:
    ending = {"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 1, "DeleteOnTermination": True}}
    staying = {"DeviceName": "/dev/sdg", "Ebs": {"VolumeSize": 1, "DeleteOnTermination": False}}
    instance(cloud, BlockDeviceMappings=[ending, staying])
    attached = [each["Attachments"][0] for each in cloud.ec2.describe_volumes()["Volumes"]]
    assert {each["Device"]: each["DeleteOnTermination"] for each in attached} == {
        "/dev/sdf": True,
        "/dev/sdg": False,
    }
