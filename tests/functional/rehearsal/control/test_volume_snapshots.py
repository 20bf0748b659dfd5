"""A snapshot is completed once its content lies where snapshots lie, and not before."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ec2.rehearsal.control import seeds
from ec2.rehearsal.settings import REGION, Rehearsal
from ec2.rehearsal.volumes import places
from ec2.rehearsal.volumes.attachments import patch_volumes

Place = Callable[[Rehearsal, str], Path]


@pytest.fixture
def rehearsal(ec2: Any, tmp_path: Path) -> Rehearsal:
    cloud = Rehearsal(folder=tmp_path)
    patch_volumes(cloud)
    return cloud


def state(ec2: Any, **asked: Any) -> tuple[str, str]:
    (told,) = ec2.describe_snapshots(**asked)["Snapshots"]
    return told["State"], told["Progress"]


@pytest.mark.parametrize("place", [places.copy, places.no_content])
def test_it_is_pending_until_its_content_is_known(ec2: Any, rehearsal: Rehearsal, place: Place) -> None:
    volume = ec2.create_volume(AvailabilityZone=f"{REGION}a", Size=1)["VolumeId"]
    made = ec2.create_snapshot(VolumeId=volume)
    snapshot = made["SnapshotId"]
    assert made["State"] == "pending"
    assert state(ec2, SnapshotIds=[snapshot]) == ("pending", "0%")
    place(rehearsal, snapshot).parent.mkdir(parents=True)
    place(rehearsal, snapshot).touch()
    assert state(ec2, SnapshotIds=[snapshot]) == ("completed", "100%")
    done = [{"Name": "status", "Values": ["completed"]}, {"Name": "volume-id", "Values": [volume]}]
    assert state(ec2, Filters=done) == ("completed", "100%")


def test_one_of_a_machine_image_is_only_recorded(ec2: Any, rehearsal: Rehearsal) -> None:
    vpc = ec2.create_vpc(CidrBlock="10.98.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.98.0.0/24")["Subnet"]["SubnetId"]
    asked = {"ImageId": seeds.BARE, "InstanceType": "t3.micro", "SubnetId": subnet}
    (one,) = ec2.run_instances(**asked, MinCount=1, MaxCount=1)["Instances"]
    image = ec2.create_image(InstanceId=one["InstanceId"], Name="mine")["ImageId"]
    (told,) = ec2.describe_images(ImageIds=[image])["Images"]
    snapshot = told["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    assert state(ec2, SnapshotIds=[snapshot]) == ("completed", "100%")
