"""Nothing is left of a removed cloud, nothing hangs after a kill, nobody else's device is touched."""

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ec2.rehearsal.volumes.reconcile import remove_all, start
from tests.functional.rehearsal.volumes.conftest import Cloud
from tests.waiting import wait_until


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 MiB: far less than the margin."""
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", folder], check=True)
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture
def strange_loop(tmp_path: Path) -> Iterator[str]:
    """A loop device of somebody else."""
    file = tmp_path / "vol-0123.img"
    file.touch()
    file.write_bytes(bytes(1024**2))
    words = ["losetup", "--find", "--show", str(file)]
    name = subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()
    yield name
    subprocess.run(["losetup", "--detach", name], check=True)


def backing_files() -> str:
    words = ["losetup", "--list", "--output", "NAME,BACK-FILE", "--noheadings"]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def test_nothing_is_left_even_of_a_mounted_volume_and_others_stay(cloud: Cloud, strange_loop: str) -> None:
    host, volume, spare = cloud.host(), cloud.volume(), cloud.volume()
    cloud.attach(volume, host)
    cloud.attach(spare, host, "/dev/sdg")
    cloud.step()
    host.run("mkfs.ext4 -q /dev/sdf; mount /dev/sdf /mnt")
    remove_all(cloud.rehearsal)
    remove_all(cloud.rehearsal)
    host.container.kill()
    cloud.hosts.clear()
    wait_until(lambda: str(cloud.rehearsal.state) not in backing_files(), 5, "the last close")
    assert list(cloud.rehearsal.state.iterdir()) == []
    assert strange_loop in backing_files()


def test_a_killed_process_leaves_no_half_disk_and_no_held_file_system(cloud: Cloud) -> None:
    host, volume = cloud.host(), cloud.volume()
    cloud.attach(volume, host)
    cloud.step()
    host.run("mkfs.ext4 -q /dev/sdf; mount /dev/sdf /mnt; fsfreeze --freeze /mnt")
    half = cloud.disk("vol-half").with_suffix(".img.part")
    half.write_bytes(b"half")
    start(cloud.rehearsal)
    host.run("timeout 5 touch /mnt/written")
    assert not half.exists()


def test_a_full_machine_is_said_with_the_volume_the_need_and_what_is_free(
    cloud: Cloud, small_disk: Path
) -> None:
    cloud.rehearsal = replace(cloud.rehearsal, folder=small_disk)
    volume = cloud.volume(1)
    (problem,) = cloud.tried().problems
    assert str(problem) == (f"{volume} needs 1.0 GiB in {cloud.rehearsal.state}/volumes, 0.1 GiB are free")
    assert problem.hint
    assert not cloud.disk(volume).exists()
