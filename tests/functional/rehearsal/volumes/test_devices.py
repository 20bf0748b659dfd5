"""A volume is a disk in its host: of its size, under its name, with its content wherever it goes."""

import os

import pytest

from tests.functional.rehearsal.volumes.conftest import Cloud

MIB, GIB = 1024**2, 1024**3


def test_a_volume_has_its_size_its_name_and_the_link_by_which_a_nitro_host_finds_it(cloud: Cloud) -> None:
    host, volume = cloud.host(), cloud.volume(1)
    cloud.attach(volume, host)
    cloud.step()
    link = "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_" + volume.replace("-", "")
    assert host.run(f"blockdev --getsize64 /dev/sdf; readlink -f {link}").split() == [str(GIB), "/dev/sdf"]
    assert cloud.disk(volume).stat().st_size == GIB
    assert cloud.disk(volume).stat().st_blocks == 0


def test_one_gib_and_not_a_byte_more_can_be_written(cloud: Cloud) -> None:
    host, volume = cloud.host(), cloud.volume(1)
    cloud.attach(volume, host, "xvdf")
    cloud.step()
    said = host.fails("dd if=/dev/zero of=/dev/xvdf bs=1M seek=1020 count=8")
    assert "No space left on device" in said
    assert f"{4 * MIB} bytes" in said
    assert cloud.disk(volume).stat().st_size == GIB


def test_a_second_pass_finds_nothing_to_do(cloud: Cloud) -> None:
    host, volume = cloud.host(), cloud.volume()
    cloud.attach(volume, host)
    assert cloud.step().done
    host.run("mkfs.ext4 -q /dev/sdf")
    cloud.step()
    again = cloud.step()
    assert again.done == ()
    assert again.attached == {(host.id, volume)}


def test_what_one_host_wrote_another_reads(cloud: Cloud) -> None:
    first, second, volume = cloud.host(), cloud.host(), cloud.volume()
    cloud.attach(volume, first)
    cloud.step()
    first.run("mkfs.ext4 -q /dev/sdf; mount /dev/sdf /mnt; echo hello >/mnt/greeting; umount /mnt")
    cloud.detach(volume)
    cloud.step()
    assert first.run("ls /dev/sdf /dev/disk/by-*/* 2>/dev/null || true") == ""
    assert cloud.loop(volume) == ""
    cloud.attach(volume, second, "/dev/sdg")
    cloud.step()
    assert second.run("mount /dev/sdg /mnt; cat /mnt/greeting") == "hello"


def test_a_grown_volume_is_larger_under_its_mounted_file_system(cloud: Cloud) -> None:
    host, volume = cloud.host(), cloud.volume(1)
    cloud.attach(volume, host)
    cloud.step()
    host.run("mkfs.ext4 -q /dev/sdf; mount /dev/sdf /mnt; echo kept >/mnt/file")
    cloud.ec2.modify_volume(VolumeId=volume, Size=2)
    cloud.step()
    assert host.run("blockdev --getsize64 /dev/sdf; cat /mnt/file").split() == [str(2 * GIB), "kept"]
    # resize2fs could do it mounted, where root has CAP_SYS_RESOURCE: not on every virtual machine.
    host.run("umount /mnt; e2fsck -fp /dev/sdf; resize2fs /dev/sdf; mount /dev/sdf /mnt")
    assert int(host.run("stat -f -c %b /mnt")) * int(host.run("stat -f -c %S /mnt")) > 1.9 * GIB
    assert host.run("cat /mnt/file") == "kept"


def test_a_mounted_volume_stays_until_it_is_unmounted(cloud: Cloud) -> None:
    first, second, volume = cloud.host(), cloud.host(), cloud.volume()
    cloud.attach(volume, first)
    cloud.step()
    first.run("mkfs.ext4 -q /dev/sdf; mount /dev/sdf /mnt")
    cloud.detach(volume)
    assert cloud.state(volume) == "detaching"
    assert cloud.step().busy == {(first.id, volume)}
    assert cloud.state(volume) == "busy"
    first.run("echo still >/mnt/here; umount /mnt")
    assert cloud.step().left == {(first.id, volume)}
    assert cloud.state(volume) == "available"
    cloud.attach(volume, second)
    assert cloud.step().attached == {(second.id, volume)}
    assert second.run("mount /dev/sdf /mnt; cat /mnt/here") == "still"


def test_force_takes_a_mounted_volume_away_and_what_was_synced_goes_with_it(cloud: Cloud) -> None:
    first, second, volume = cloud.host(), cloud.host(), cloud.volume()
    cloud.attach(volume, first)
    cloud.step()
    first.run("mkfs.ext4 -q /dev/sdf; mount /dev/sdf /mnt; echo synced >/mnt/file; sync -f /mnt/file")
    cloud.detach(volume, force=True)
    cloud.step()
    assert cloud.state(volume) == "available"
    assert "Input/output error" in first.fails("echo lost >/mnt/another")
    cloud.attach(volume, second)
    cloud.step()
    assert second.run("mount /dev/sdf /mnt; cat /mnt/file; ls /mnt").split() == [
        "synced",
        "file",
        "lost+found",
    ]


def test_a_root_volume_is_no_disk_here_and_its_snapshot_has_no_content(cloud: Cloud) -> None:
    host = cloud.host()
    root = cloud.ec2.describe_volumes()["Volumes"][0]["VolumeId"]
    snapshot = cloud.ec2.create_snapshot(VolumeId=root)["SnapshotId"]
    restored = cloud.volume(20, SnapshotId=snapshot)
    said = cloud.tried().problems
    assert [str(each) for each in said] == [f"{restored} cannot be made: {snapshot} has no content here"]
    assert not cloud.disk(root).exists()
    assert host.run("ls /dev/disk 2>/dev/null || true") == ""


def test_termination_deletes_the_volumes_that_say_so(cloud: Cloud) -> None:
    disk = {"VolumeSize": 1, "DeleteOnTermination": True}
    kept = {"VolumeSize": 1, "DeleteOnTermination": False}
    root = {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 8, "DeleteOnTermination": True}}
    mappings = [{"DeviceName": "/dev/sdf", "Ebs": disk}, {"DeviceName": "/dev/sdg", "Ebs": kept}, root]
    host = cloud.host(BlockDeviceMappings=mappings)
    cloud.step()
    host.run("test -b /dev/sdf; test -b /dev/sdg")
    cloud.ec2.terminate_instances(InstanceIds=[host.id])
    host.container.kill()
    cloud.step()
    left = [each["VolumeId"] for each in cloud.ec2.describe_volumes()["Volumes"]]
    assert [each.name for each in cloud.disk("vol-").parent.iterdir()] == [f"{each}.img" for each in left]
    assert len(left) == 1


@pytest.mark.parametrize("name", ["/dev/null", "/dev/../etc/passwd"])
def test_a_name_that_is_no_disks_is_refused_and_the_rest_is_done(cloud: Cloud, name: str) -> None:
    host, bad, good = cloud.host(), cloud.volume(), cloud.volume()
    cloud.attach(bad, host, name)
    cloud.attach(good, host)
    report = cloud.tried()
    assert len(report.problems) == 1
    assert name.removeprefix("/dev/") in str(report.problems[0])
    assert report.attached == {(host.id, good)}
    host.run("echo >/dev/null; test -f /etc/passwd; test -c /dev/null")


def test_only_root_reads_the_disks(cloud: Cloud) -> None:
    volume = cloud.volume()
    cloud.step()
    assert cloud.disk(volume).parent.stat().st_mode & 0o777 == 0o700
    assert cloud.disk(volume).stat().st_uid == os.getuid()
