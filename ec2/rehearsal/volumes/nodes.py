"""Device nodes in a running container, with the links and the record that udev would have made.

A container's /dev is new at each start and nobody in it runs udev. So the node, its links and the record
for udev's database are made from outside; the record waits in MAILBOX until the host's
rehearsal-volumes.service takes it to /run/udev, from where systemd believes in the device.
"""

import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ec2.rehearsal.errors import RehearsalError

LOOP_MAJOR = 7
BY_ID = "disk/by-id/nvme-Amazon_Elastic_Block_Store_"
# Its existence tells the booting host that all its volumes are in place.
MAILBOX = ".rehearsal-volumes"
DEVICE = re.compile(r"(?:/dev/)?([a-z][a-z0-9]*)")


@dataclass(frozen=True)
class Node:
    """A volume's device in a container: the name under /dev and the number of the loop device."""

    name: str
    minor: int


def device_name(device: str) -> str:
    """The name under /dev of what AttachVolume calls /dev/sdf or sdf.

    Raises RehearsalError for anything else.
    """
    if not (match := DEVICE.fullmatch(device)):
        raise RehearsalError(f"{device!r} is no name for a device", "use one of /dev/sdf to /dev/sdp")
    return match[1]


def nodes(pid: int) -> Iterator[tuple[str, Node]]:
    """Every volume that has a node in the container of this process, with the node."""
    dev = dev_of(pid)
    with suppress(OSError):
        for link in sorted((dev / BY_ID).parent.glob(Path(BY_ID).name + "vol*")):
            # Ours alone: a link is read as text, never followed out of the container.
            name = link.readlink().name
            numbers = (dev / name).lstat()
            if stat.S_ISBLK(numbers.st_mode):
                yield volume_id(link.name), Node(name, os.minor(numbers.st_rdev))


def place(pid: int, volume: str, node: Node, properties: Mapping[str, str]) -> None:
    """Make the node, its links and its record; done twice it changes nothing.

    Raises RehearsalError when the name is taken by something else.
    """
    dev = dev_of(pid)
    make_node(dev / node.name, os.makedev(LOOP_MAJOR, node.minor))
    for link in (BY_ID + serial(volume), *content_links(properties)):
        make_link(dev / link, Path("../..") / node.name)
    (dev / MAILBOX / "data").mkdir(parents=True, exist_ok=True)
    for database in (dev / MAILBOX, dev.parent / "run/udev"):
        write_record(database, node.minor, record(volume, node, properties))


def described(pid: int, volume: str, node: Node, properties: Mapping[str, str]) -> bool:
    """Whether the record says what is on the volume now."""
    with suppress(OSError):
        kept = dev_of(pid) / MAILBOX / "data" / f"b{LOOP_MAJOR}:{node.minor}"
        return kept.read_text() == record(volume, node, properties)
    return False


def remove(pid: int, volume: str, node: Node) -> None:
    """Take node, links and record away again."""
    dev = dev_of(pid)
    for kind in ("by-id", "by-uuid", "by-label"):
        with suppress(OSError):
            for link in (dev / "disk" / kind).iterdir():
                if link.readlink() == Path("../..") / node.name:
                    link.unlink()
    (dev / (BY_ID + serial(volume))).unlink(missing_ok=True)
    (dev / node.name).unlink(missing_ok=True)
    for database in (dev / MAILBOX, dev.parent / "run/udev"):
        for kind in ("data", "tags/systemd"):
            with suppress(OSError):
                (database / kind / f"b{LOOP_MAJOR}:{node.minor}").unlink()


def announce(pid: int) -> None:
    """Tell the host that all its volumes are in place."""
    (dev_of(pid) / MAILBOX / "data").mkdir(parents=True, exist_ok=True)
    (dev_of(pid) / MAILBOX / "ready").touch()


def announced(pid: int) -> bool:
    """Whether that has been said since its start."""
    return (dev_of(pid) / MAILBOX / "ready").exists()


def make_node(path: Path, number: int) -> None:
    """A block device node; an older one of a loop device is replaced, anything else is in the way."""
    with suppress(FileNotFoundError):
        there = path.lstat()
        if not stat.S_ISBLK(there.st_mode) or os.major(there.st_rdev) != LOOP_MAJOR:
            raise RehearsalError(
                f"/dev/{path.name} is there already and no volume", "choose another device name"
            )
        if there.st_rdev == number:
            return
        path.unlink()
    os.mknod(path, stat.S_IFBLK | 0o660, number)


def make_link(path: Path, target: Path) -> None:
    """A symbolic link, whatever the name pointed to before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_symlink() and path.readlink() == target:
        return
    path.unlink(missing_ok=True)
    path.symlink_to(target)


def write_record(database: Path, minor: int, text: str) -> None:
    """Put a record into a database of udev's; a host that has not booted so far has none yet."""
    if not (database / "data").is_dir():
        return
    (database / "data" / f"b{LOOP_MAJOR}:{minor}").write_text(text)
    (database / "tags/systemd").mkdir(parents=True, exist_ok=True)
    (database / "tags/systemd" / f"b{LOOP_MAJOR}:{minor}").touch()


def record(volume: str, node: Node, properties: Mapping[str, str]) -> str:
    """One entry of /run/udev/data as systemd 257 reads it: links, properties, the tag it looks for."""
    names = [node.name, BY_ID + serial(volume), *content_links(properties)]
    known = {"ID_MODEL": "Amazon Elastic Block Store", "ID_SERIAL_SHORT": serial(volume), **properties}
    lines = [f"S:{name}" for name in names] + [f"E:{key}={value}" for key, value in known.items()]
    return "\n".join([*lines, "I:1", "G:systemd", "Q:systemd", "V:1", ""])


def content_links(properties: Mapping[str, str]) -> list[str]:
    """The links by which a file system is found."""
    found = (("by-uuid", "ID_FS_UUID_ENC"), ("by-label", "ID_FS_LABEL_ENC"))
    return [f"disk/{kind}/{properties[key]}" for kind, key in found if properties.get(key)]


def serial(volume: str) -> str:
    """A volume's id as a Nitro host's NVMe serial number: without the hyphen."""
    return volume.replace("-", "", 1)


def volume_id(link: str) -> str:
    """And back from the name of the link."""
    return link.removeprefix(Path(BY_ID).name).replace("vol", "vol-", 1)


def dev_of(pid: int) -> Path:
    """The container's /dev as seen from this machine."""
    return Path(f"/proc/{pid}/root/dev")
