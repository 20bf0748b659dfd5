"""EBS volumes in hosts: set up by cloud-init or a script, kept, carried, copied, grown, and gone or not."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ec2.rehearsal.volumes import places
from tests.e2e.rehearsal.conftest import QUICKLY, Cloud, Host
from tests.e2e.rehearsal.templates import SSH_IN, group, host, network, ref, resource, template
from tests.waiting import PATIENCE, wait_until

GIB = 2**30
BY_ID = "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_"
# The device's own name differs from one instance type to the next; this link of AWS's does not.
DEVICE = BY_ID + "${Serial}"
# A template attaches a volume once its instance runs, so the boot is there first and waits.
BY_CLOUD_INIT = """#cloud-config
bootcmd:
  - [sh, -c, 'for i in $(seq 600); do test -b ${Device} && break; sleep 0.1; done']
fs_setup:
  - {device: ${Device}, filesystem: ext4, label: data, overwrite: false}
mounts:
  - [${Device}, /data, ext4, 'defaults,nofail', '0', '2']
runcmd:
  - [sh, -c, 'findmnt /data && echo made by cloud-init >> /data/file']
"""
BY_SCRIPT = """#!/bin/sh -eu
for i in $(seq 600); do test -b ${Device} && break; sleep 0.1; done
blkid ${Device} || mkfs.ext4 -q ${Device}
mkdir -p /library
echo "UUID=$(blkid -s UUID -o value ${Device}) /library ext4 defaults,nofail 0 2" >> /etc/fstab
mount /library
echo made by a script >> /library/file
"""


def with_device(text: str, volume: str) -> dict[str, Any]:
    """User-data that names the volume as the host sees it: its id without the hyphen."""
    serial = {"Fn::Join": ["", {"Fn::Split": ["-", ref(volume)]}]}
    device = {"Fn::Sub": [DEVICE, {"Serial": serial}]}
    return {"Fn::Base64": {"Fn::Sub": [text, {"Device": device}]}}


def volume(**more: Any) -> dict[str, Any]:
    made = resource("AWS::EC2::Volume", Size=1, VolumeType="gp3", AvailabilityZone="us-east-1a")
    return made | more


def attached(name: str, to: str, device: str) -> dict[str, Any]:
    return resource("AWS::EC2::VolumeAttachment", VolumeId=ref(name), InstanceId=ref(to), Device=device)


def of_the_instance(device: str, *, goes: bool) -> dict[str, Any]:
    return {"DeviceName": device, "Ebs": {"VolumeSize": 1, "DeleteOnTermination": goes}}


def whole(admin: dict[str, Any]) -> dict[str, Any]:
    """Two hosts: one set up by cloud-init's modules, the other by a script and with volumes of its own."""
    own = [of_the_instance("/dev/sdm", goes=True), of_the_instance("/dev/sdn", goes=False)]
    return template(
        network(230)
        | {"Group": group(admin)}
        | host("One", [ref("Group")], UserData=with_device(BY_CLOUD_INIT, "Data"))
        | host("Two", [ref("Group")], UserData=with_device(BY_SCRIPT, "Library"), BlockDeviceMappings=own)
        | {
            "Data": volume(DeletionPolicy="Snapshot"),
            "DataAttached": attached("Data", "One", "/dev/sdf"),
            "Library": volume(DeletionPolicy="Retain"),
            "LibraryAttached": attached("Library", "Two", "/dev/sdf"),
        },
        "One",
        "Two",
        Data=ref("Data"),
        Library=ref("Library"),
    )


@pytest.fixture(scope="module")
def outputs(cloud: Cloud) -> Iterator[dict[str, str]]:
    admin = {**SSH_IN, "CidrIp": f"{cloud.rehearsal.gateway}/32"}
    made = cloud.launch("disks", whole(admin), PublicKey=cloud.public_key)
    yield made
    # A volume that a host has mounted would keep the stack; after the last test both are gone already.
    cloud.aws("ec2").terminate_instances(InstanceIds=[made["One"], made["Two"]])
    cloud.delete("disks")


@pytest.fixture(scope="module")
def one(cloud: Cloud, outputs: dict[str, str]) -> Host:
    """Set up by cloud-init's own modules."""
    return cloud.reach(outputs["One"], outputs["OneAddress"])


@pytest.fixture(scope="module")
def two(cloud: Cloud, outputs: dict[str, str]) -> Host:
    """Set up by a script."""
    return cloud.reach(outputs["Two"], outputs["TwoAddress"])


@pytest.fixture
def ec2(cloud: Cloud) -> Any:
    return cloud.aws("ec2")


def link(volume_id: str) -> str:
    return BY_ID + volume_id.replace("-", "")


def attach(ec2: Any, volume_id: str, to: Host, device: str) -> None:
    """Have the volume there, once it is."""
    ec2.attach_volume(VolumeId=volume_id, InstanceId=to.instance, Device=device)
    ec2.get_waiter("volume_in_use").wait(VolumeIds=[volume_id], WaiterConfig=QUICKLY)
    to.run(f"timeout {10 * PATIENCE} sh -c 'until test -b {device}; do sleep 0.1; done'")


def detach(ec2: Any, volume_id: str) -> None:
    ec2.detach_volume(VolumeId=volume_id)
    ec2.get_waiter("volume_available").wait(VolumeIds=[volume_id], WaiterConfig=QUICKLY)


def snapshot_of(ec2: Any, volume_id: str) -> str:
    made: str = ec2.create_snapshot(VolumeId=volume_id)["SnapshotId"]
    ec2.get_waiter("snapshot_completed").wait(SnapshotIds=[made], WaiterConfig=QUICKLY)
    return made


def content(disk: Path, file: str) -> str:
    """A file of the ext4 file system in a disk, without mounting it."""
    words = ["debugfs", "-R", f"cat {file}", str(disk)]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()


def test_a_volume_is_in_its_host_by_name_and_by_id_with_its_real_size(
    one: Host, outputs: dict[str, str]
) -> None:
    assert one.run(f"readlink -f {link(outputs['Data'])}") == "/dev/sdf"
    assert one.run("sudo blockdev --getsize64 /dev/sdf") == str(GIB)


def test_cloud_init_makes_and_mounts_a_file_system_at_the_first_boot(one: Host) -> None:
    assert one.run("cloud-init status --wait --long").startswith("status: done")
    assert one.run("cat /data/file") == "made by cloud-init"
    assert one.run("findmnt -no SOURCE,FSTYPE /data").split() == ["/dev/sdf", "ext4"]


def test_a_script_makes_and_mounts_a_file_system_by_its_uuid(two: Host) -> None:
    assert two.run("cloud-init status --wait") == "status: done"
    assert two.run("cat /library/file") == "made by a script"
    assert two.run("findmnt -no SOURCE /library") == "/dev/sdf"


def test_after_stop_and_start_the_volumes_are_mounted_again(
    cloud: Cloud, ec2: Any, one: Host, two: Host
) -> None:
    both = [one.instance, two.instance]
    ec2.stop_instances(InstanceIds=both)
    cloud.wait_for("instance_stopped", *both)
    ec2.start_instances(InstanceIds=both)
    cloud.wait_for("instance_status_ok", *both)
    for each, folder, maker in ((one, "/data", "cloud-init"), (two, "/library", "a script")):
        wait_until(each.reachable, 30, each.address)
        assert each.run("cloud-init status --wait") == "status: done"
        assert each.run(f"cat {folder}/file") == f"made by {maker}", "once, at the first boot"
        assert each.run(f"findmnt -no SOURCE {folder}") == "/dev/sdf"


def test_a_modified_volume_grows_in_its_host(ec2: Any, one: Host, outputs: dict[str, str]) -> None:
    ec2.modify_volume(VolumeId=outputs["Data"], Size=2)
    wait_until(lambda: one.run("sudo blockdev --getsize64 /dev/sdf") == str(2 * GIB), 10, "2 GiB")
    # resize2fs could do it mounted, where root has CAP_SYS_RESOURCE: not on every virtual machine.
    one.run("sudo umount /data && sudo e2fsck -fp /dev/sdf && sudo resize2fs /dev/sdf && sudo mount /data")
    assert int(one.run("df --output=size --block-size=1M /data | tail -1")) > 1900


def test_a_snapshot_holds_the_volume_as_it_was_and_becomes_another(
    ec2: Any, one: Host, two: Host, outputs: dict[str, str]
) -> None:
    one.run("echo before | sudo tee /data/state && sync")
    snapshot = snapshot_of(ec2, outputs["Data"])
    one.run("echo after | sudo tee /data/state && sync")
    made = ec2.create_volume(SnapshotId=snapshot, AvailabilityZone="us-east-1a")
    ec2.get_waiter("volume_available").wait(VolumeIds=[made["VolumeId"]], WaiterConfig=QUICKLY)
    attach(ec2, made["VolumeId"], two, "/dev/sdh")
    assert made["Size"] == 2
    two.run("sudo mkdir -p /restored && sudo mount /dev/sdh /restored")
    assert two.run("cat /restored/state; sudo umount /restored") == "before"
    detach(ec2, made["VolumeId"])
    ec2.delete_volume(VolumeId=made["VolumeId"])
    ec2.delete_snapshot(SnapshotId=snapshot)


def test_a_volume_is_carried_to_another_instance(
    ec2: Any, one: Host, two: Host, outputs: dict[str, str]
) -> None:
    one.run("sudo umount /data")
    detach(ec2, outputs["Data"])
    assert one.run(f"ls /dev/sdf {link(outputs['Data'])} 2>/dev/null || echo gone") == "gone"
    attach(ec2, outputs["Data"], two, "/dev/sdg")
    two.run("sudo mkdir -p /carried && sudo mount /dev/sdg /carried")
    assert two.run("cat /carried/file") == "made by cloud-init"


def test_a_mounted_volume_is_not_taken_away(ec2: Any, two: Host, outputs: dict[str, str]) -> None:
    ec2.detach_volume(VolumeId=outputs["Data"])

    def state() -> str:
        (described,) = ec2.describe_volumes(VolumeIds=[outputs["Data"]])["Volumes"]
        return str(described["Attachments"][0]["State"]) if described["Attachments"] else "detached"

    wait_until(lambda: state() == "busy", 10, "busy")
    assert two.run("cat /carried/file") == "made by cloud-init"
    two.run("sudo umount /carried")
    wait_until(lambda: state() == "detached", 10, "detached")


def test_a_deleted_stack_leaves_what_its_template_says(
    cloud: Cloud, ec2: Any, two: Host, outputs: dict[str, str]
) -> None:
    own = {
        each["DeviceName"]: each["Ebs"]["VolumeId"]
        for each in ec2.describe_instances(InstanceIds=[two.instance])["Reservations"][0]["Instances"][0][
            "BlockDeviceMappings"
        ]
    }
    two.run("sudo umount /library")
    cloud.delete("disks")
    left = {each["VolumeId"]: each["State"] for each in ec2.describe_volumes()["Volumes"]}
    assert own["/dev/sdm"] not in left, "DeleteOnTermination"
    assert left[own["/dev/sdn"]] == "available"
    assert left[outputs["Library"]] == "available", "Retain"
    assert outputs["Data"] not in left
    (snapshot,) = ec2.describe_snapshots(Filters=[{"Name": "volume-id", "Values": [outputs["Data"]]}])[
        "Snapshots"
    ]
    copy = places.copy(cloud.rehearsal, snapshot["SnapshotId"])
    wait_until(lambda: content(copy, "/state") == "after", 20, "the content of the snapshot")
    assert content(places.disk(cloud.rehearsal, outputs["Library"]), "/file") == "made by a script"
    for each in (own["/dev/sdn"], outputs["Library"]):
        ec2.delete_volume(VolumeId=each)
    ec2.delete_snapshot(SnapshotId=snapshot["SnapshotId"])
    disks = [
        places.disk(cloud.rehearsal, each) for each in (own["/dev/sdn"], outputs["Library"], outputs["Data"])
    ]
    wait_until(lambda: not any(disk.exists() for disk in disks), 30, "no disk left")
