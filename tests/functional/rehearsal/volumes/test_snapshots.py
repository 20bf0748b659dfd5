"""A snapshot is the volume as it was when it was asked for, and a volume made of it begins with that."""

import subprocess
from pathlib import Path

from tests.functional.rehearsal.volumes.conftest import Cloud, Host
from tests.waiting import wait_until

MIB = 1024**2


def with_file_system(cloud: Cloud, gib: int = 1) -> tuple[Host, str]:
    """A host with a volume mounted on /mnt."""
    host, volume = cloud.host(), cloud.volume(gib)
    cloud.attach(volume, host)
    cloud.step()
    host.run("mkfs.ext4 -q /dev/sdf; mount /dev/sdf /mnt")
    return host, volume


def snapshot(cloud: Cloud, volume: str) -> str:
    return str(cloud.ec2.create_snapshot(VolumeId=volume)["SnapshotId"])


def taken(path: Path) -> int:
    """Bytes that the file really takes."""
    return path.stat().st_blocks * 512


def test_a_restored_volume_has_the_content_of_that_moment_and_may_be_larger(cloud: Cloud) -> None:
    host, volume = with_file_system(cloud)
    host.run("echo before >/mnt/file")
    kept = snapshot(cloud, volume)
    cloud.step()
    host.run("echo after >/mnt/file; sync")
    restored = cloud.volume(2, SnapshotId=kept)
    cloud.attach(restored, host, "/dev/sdg")
    cloud.step()
    host.run("mkdir /restored; mount /dev/sdg /restored")
    assert host.run("cat /mnt/file /restored/file").split() == ["after", "before"]
    assert int(host.run("blockdev --getsize64 /dev/sdg")) == 2 * 1024 * MIB


def test_a_copy_takes_only_the_room_of_what_was_written(cloud: Cloud) -> None:
    host, volume = with_file_system(cloud, gib=50)
    host.run("head -c 20M /dev/urandom >/mnt/file")
    kept = snapshot(cloud, volume)
    cloud.step()
    assert cloud.copy(kept).stat().st_size == 50 * 1024 * MIB
    assert 20 * MIB < taken(cloud.copy(kept)) <= taken(cloud.disk(volume)) + MIB


def test_a_snapshot_taken_while_its_host_writes_is_a_sound_file_system(cloud: Cloud) -> None:
    host, volume = with_file_system(cloud)
    host.run("head -c 100M /dev/urandom >/mnt/large")
    write = "i=0; while :; do i=$((i+1)); echo $i >/mnt/$i; mv /mnt/$i /mnt/last; done"
    host.container.exec_run(["sh", "-c", write], detach=True)
    wait_until(lambda: host.container.exec_run(["test", "-e", "/mnt/last"])[0] == 0, 5, "a first file")
    kept = snapshot(cloud, volume)
    cloud.step()
    check = subprocess.run(["e2fsck", "-fn", cloud.copy(kept)], capture_output=True, text=True, check=False)
    assert check.returncode == 0, check.stdout
    before = host.run("cat /mnt/last")
    wait_until(lambda: host.run("cat /mnt/last") != before, 5, "it writes on")


def test_a_snapshot_outlives_its_volume_and_ends_with_its_deletion(cloud: Cloud) -> None:
    host, volume = with_file_system(cloud)
    host.run("echo kept >/mnt/file; umount /mnt")
    cloud.detach(volume)
    cloud.step()
    kept = snapshot(cloud, volume)
    cloud.ec2.delete_volume(VolumeId=volume)
    cloud.step()
    assert not cloud.disk(volume).exists()
    restored = cloud.volume(SnapshotId=kept)
    cloud.ec2.delete_snapshot(SnapshotId=kept)
    cloud.attach(restored, host)
    cloud.step()
    assert host.run("mount /dev/sdf /mnt; cat /mnt/file") == "kept"
    assert not cloud.copy(kept).exists()


def test_a_snapshot_of_a_restored_volume_asked_for_at_once_has_its_content_too(cloud: Cloud) -> None:
    host, volume = with_file_system(cloud)
    host.run("echo first >/mnt/file")
    second = cloud.volume(SnapshotId=snapshot(cloud, volume))
    third = cloud.volume(SnapshotId=snapshot(cloud, second))
    cloud.attach(third, host, "/dev/sdh")
    cloud.step()
    assert host.run("mkdir /third; mount /dev/sdh /third; cat /third/file") == "first"


def test_a_snapshot_of_a_volume_that_was_gone_before_anyone_looked_has_no_content(cloud: Cloud) -> None:
    volume = cloud.volume()
    kept = snapshot(cloud, volume)
    cloud.ec2.delete_volume(VolumeId=volume)
    cloud.step()
    restored = cloud.volume(SnapshotId=kept)
    assert [str(each) for each in cloud.tried().problems] == [
        f"{restored} cannot be made: {kept} has no content here"
    ]
