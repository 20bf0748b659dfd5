"""What the API says there shall be: volumes, where each is attached, and snapshots."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ec2.rehearsal.settings import ACCOUNT

GIB = 1024**3
LEAVING = {"detaching", "detached", "busy"}
# How the API describes the snapshots that CreateImage makes.
OF_AN_IMAGE = "Created by CreateImage("


@dataclass(frozen=True)
class Attachment:
    """Where a volume is attached; `leaving` while a detach waits for its file system to be unmounted."""

    instance: str
    device: str
    leaving: bool = False


@dataclass(frozen=True)
class Volume:
    """A volume that is no instance's root; `snapshot` is where its first content comes from."""

    id: str
    bytes: int
    snapshot: str | None = None
    attachment: Attachment | None = None


@dataclass(frozen=True)
class Wanted:
    """All of it at one moment; `snapshots` gives the volume that each snapshot is of.

    `rivals` are volumes that the API says are attached where another one has the same device name.
    """

    volumes: Mapping[str, Volume] = field(default_factory=dict)
    snapshots: Mapping[str, str] = field(default_factory=dict)
    roots: frozenset[str] = frozenset()
    rivals: tuple[str, ...] = ()


def wanted(ec2: Any) -> Wanted:
    """Ask the API, `ec2` being a boto3 client.

    Snapshots are read before volumes and those before instances: whatever an answer names was there when
    the next question was asked.
    """
    snapshots = {
        each["SnapshotId"]: each["VolumeId"]
        for each in pages(
            ec2, "describe_snapshots", "Snapshots", Filters=[{"Name": "owner-id", "Values": [ACCOUNT]}]
        )
        if not (each.get("Description") or "").startswith(OF_AN_IMAGE)
    }
    described = list(pages(ec2, "describe_volumes", "Volumes"))
    root_devices = {
        instance["InstanceId"]: instance.get("RootDeviceName")
        for reservation in pages(ec2, "describe_instances", "Reservations")
        for instance in reservation["Instances"]
    }
    volumes = [volume(each) for each in described]
    roots = frozenset(each.id for each in volumes if is_root(each, root_devices))
    others = [each for each in volumes if each.id not in roots]
    late = rivals(others)
    placed = {each.id: replace(each, attachment=None) if each.id in late else each for each in others}
    return Wanted(placed, snapshots, roots, late)


def pages(ec2: Any, question: str, key: str, **choices: Any) -> Iterator[dict[str, Any]]:
    """Every entry of an answer that may come in pages."""
    for page in ec2.get_paginator(question).paginate(**choices):
        yield from page[key]


def volume(described: Mapping[str, Any]) -> Volume:
    """One entry of DescribeVolumes."""
    where = next(iter(described["Attachments"]), None)
    return Volume(
        described["VolumeId"],
        described["Size"] * GIB,
        described.get("SnapshotId") or None,
        Attachment(where["InstanceId"], where["Device"], where["State"] in LEAVING) if where else None,
    )


def is_root(each: Volume, root_devices: Mapping[str, str | None]) -> bool:
    """A root volume is the container's own writable layer and no block device here."""
    where = each.attachment
    return where is not None and where.device == root_devices.get(where.instance)


def rivals(volumes: Iterable[Volume]) -> tuple[str, ...]:
    """Volumes whose device name in their instance an earlier one has; EC2 would not have attached them."""
    taken: set[tuple[str, str]] = set()
    late = []
    for each in volumes:
        if where := each.attachment:
            place = (where.instance, where.device.removeprefix("/dev/"))
            if place in taken:
                late.append(each.id)
            taken.add(place)
    return tuple(late)
