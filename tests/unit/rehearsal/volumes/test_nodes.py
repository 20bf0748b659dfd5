"""Names, links and the record that systemd reads."""

import pytest

from ec2.rehearsal.errors import RehearsalError
from ec2.rehearsal.volumes.nodes import Node, device_name, record, serial, volume_id


@pytest.mark.parametrize(
    ("asked", "name"), [("/dev/sdf", "sdf"), ("xvdf", "xvdf"), ("/dev/nvme1n1", "nvme1n1")]
)
def test_a_device_may_be_named_with_or_without_dev(asked: str, name: str) -> None:
    assert device_name(asked) == name


@pytest.mark.parametrize("asked", ["", "/dev/", "/dev/../etc/passwd", "/etc/sdf", "sd f", "/dev/mapper/x"])
def test_anything_else_is_refused_by_name(asked: str) -> None:
    with pytest.raises(RehearsalError) as refused:
        device_name(asked)
    assert repr(asked) in str(refused.value)


def test_a_volumes_serial_number_has_no_hyphen() -> None:
    assert serial("vol-0123abc") == "vol0123abc"
    assert volume_id("nvme-Amazon_Elastic_Block_Store_vol0123abc") == "vol-0123abc"


def test_a_record_has_the_links_the_file_system_and_the_tag_that_systemd_looks_for() -> None:
    content = {"ID_FS_TYPE": "ext4", "ID_FS_UUID": "12-34", "ID_FS_UUID_ENC": "12-34"}
    assert record("vol-0123", Node("sdf", 7), content).splitlines() == [
        "S:sdf",
        "S:disk/by-id/nvme-Amazon_Elastic_Block_Store_vol0123",
        "S:disk/by-uuid/12-34",
        "E:ID_MODEL=Amazon Elastic Block Store",
        "E:ID_SERIAL_SHORT=vol0123",
        "E:ID_FS_TYPE=ext4",
        "E:ID_FS_UUID=12-34",
        "E:ID_FS_UUID_ENC=12-34",
        "I:1",
        "G:systemd",
        "Q:systemd",
        "V:1",
    ]
