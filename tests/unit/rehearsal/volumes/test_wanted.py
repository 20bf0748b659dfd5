"""What is read out of the API's answers."""

from typing import Any

from ec2.rehearsal.volumes.wanted import GIB, Attachment, Volume, is_root, rivals, volume

DESCRIBED: dict[str, Any] = {
    "VolumeId": "vol-1",
    "Size": 8,
    "SnapshotId": "",
    "Attachments": [{"InstanceId": "i-1", "Device": "/dev/xvda", "State": "attached"}],
}


def test_a_volume_is_its_bytes_and_where_it_is_attached() -> None:
    assert volume(DESCRIBED) == Volume("vol-1", 8 * GIB, None, Attachment("i-1", "/dev/xvda"))


def test_a_volume_that_is_being_detached_is_leaving() -> None:
    for state in ("detaching", "busy"):
        there = volume({**DESCRIBED, "Attachments": [{**DESCRIBED["Attachments"][0], "State": state}]})
        assert there.attachment == Attachment("i-1", "/dev/xvda", leaving=True)


def test_a_volume_at_its_instances_root_device_is_a_root_volume() -> None:
    assert is_root(volume(DESCRIBED), {"i-1": "/dev/xvda"})
    assert not is_root(volume(DESCRIBED), {"i-1": "/dev/sda1"})
    assert not is_root(volume({**DESCRIBED, "Attachments": []}), {"i-1": "/dev/xvda"})


def test_of_two_volumes_under_one_name_the_first_has_it() -> None:
    first, second = (
        Volume("vol-1", 1, None, Attachment("i-1", "/dev/sdf")),
        Volume("vol-2", 1, None, Attachment("i-1", "sdf")),
    )
    elsewhere = Volume("vol-3", 1, None, Attachment("i-2", "sdf"))
    assert rivals([first, second, elsewhere]) == ("vol-2",)
