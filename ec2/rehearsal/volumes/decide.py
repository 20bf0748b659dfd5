"""What to do so that the machine has what the API wants: a pure function from both to actions."""

from collections.abc import Iterator

from ec2.rehearsal.volumes.actions import (
    Action,
    Announce,
    Connect,
    Copy,
    Delete,
    Disconnect,
    Forget,
    Grow,
    Make,
    NoContent,
    Place,
    PullOut,
    Remove,
)
from ec2.rehearsal.volumes.nodes import Node
from ec2.rehearsal.volumes.present import Present, instance_of
from ec2.rehearsal.volumes.wanted import Volume, Wanted

OF_A_ROOT = "it is of a root volume, and a host's own disk is not copied here"
TOO_LATE = "the volume was gone before it could be copied"
OF_NOTHING = "its volume was to be made of a snapshot without content"


def decide(wanted: Wanted, present: Present, forced: frozenset[str] = frozenset()) -> tuple[Action, ...]:
    """Whatever can be done now, in order; what depends on it comes when asked again.

    The order is what keeps content: a snapshot is copied before its volume changes or goes, a volume is
    restored before its snapshot goes.
    """
    return (
        *snapshots(wanted, present),
        *disks(wanted, present),
        *departures(wanted, present, forced),
        *connections(wanted, present),
        *arrivals(wanted, present),
        *announcements(wanted, present),
        *deletions(wanted, present),
    )


def snapshots(wanted: Wanted, present: Present) -> Iterator[Action]:
    """Copies of what is to be kept."""
    for snapshot, volume in without_copy(wanted, present):
        if volume in present.disks:
            yield Copy(snapshot, volume)
        elif volume in wanted.roots:
            yield NoContent(snapshot, OF_A_ROOT)
        elif volume not in wanted.volumes:
            yield NoContent(snapshot, TOO_LATE)
        elif volume in impossible(wanted, present):
            yield NoContent(snapshot, OF_NOTHING)


def without_copy(wanted: Wanted, present: Present) -> Iterator[tuple[str, str]]:
    """Snapshots whose content is still to be kept, each with its volume."""
    for snapshot, volume in wanted.snapshots.items():
        if snapshot not in present.copies | present.without_content:
            yield snapshot, volume


def disks(wanted: Wanted, present: Present) -> Iterator[Action]:
    """New disks, and old ones that are too small by now."""
    for each in wanted.volumes.values():
        if each.id not in present.disks:
            if each.snapshot is None or each.snapshot in present.copies:
                yield Make(each.id, each.bytes, each.snapshot)
        elif present.disks[each.id] < each.bytes or has_small_loop(each, present):
            yield Grow(each.id, each.bytes)


def has_small_loop(volume: Volume, present: Present) -> bool:
    """Whether a disk has grown and its loop device has not: somebody was killed in between."""
    loop = present.loops.get(volume.id)
    return loop is not None and loop.bytes < present.disks[volume.id]


def departures(wanted: Wanted, present: Present, forced: frozenset[str]) -> Iterator[Action]:
    """Volumes leave where they are not wanted, unless they are in use there."""
    for volume in sorted(present.busy & forced):
        yield PullOut(volume)
    for (instance, volume), node in present.nodes.items():
        if instance_of(volume, wanted) != instance and volume not in present.busy:
            yield Remove(instance, volume, node)
    for volume in present.loops:
        needed = instance_of(volume, wanted) is not None
        if not needed and volume not in present.busy:
            yield Disconnect(volume)


def connections(wanted: Wanted, present: Present) -> Iterator[Action]:
    """A loop device for each attached volume, also of a stopped instance: at its start it is at hand."""
    for volume in wanted.volumes:
        if instance_of(volume, wanted) and volume in present.disks and volume not in present.loops:
            yield Connect(volume)


def arrivals(wanted: Wanted, present: Present) -> Iterator[Action]:
    """Nodes in running instances; never while another instance still has the volume."""
    for instance, volume, device in to_arrive(wanted, present):
        if volume in present.loops and volume not in present.busy:
            yield Place(instance, volume, device)


def to_arrive(wanted: Wanted, present: Present) -> Iterator[tuple[str, str, str]]:
    """Instance, volume and device name of each node that is missing, wrong or outdated."""
    for each in wanted.volumes.values():
        where = each.attachment
        if where is None or where.leaving or where.instance not in present.running:
            continue
        pair = (where.instance, each.id)
        node, loop = present.nodes.get(pair), present.loops.get(each.id)
        right = node and loop and Node(where.device.removeprefix("/dev/"), loop.minor) == node
        if not right or pair in present.outdated:
            yield where.instance, each.id, where.device


def announcements(wanted: Wanted, present: Present) -> Iterator[Action]:
    """An instance that has all its volumes is told so, once per start."""
    waiting = {instance for instance, _, _ in to_arrive(wanted, present)}
    for instance in sorted(present.running - present.announced - waiting):
        yield Announce(instance)


def deletions(wanted: Wanted, present: Present) -> Iterator[Action]:
    """What the API has forgotten, once nothing needs it any more."""
    to_copy = {volume for _, volume in without_copy(wanted, present)}
    for volume in present.disks:
        if volume not in wanted.volumes and volume not in present.loops and volume not in to_copy:
            yield Delete(volume)
    to_restore = {each.snapshot for each in wanted.volumes.values() if each.id not in present.disks}
    for snapshot in sorted(present.copies | present.without_content):
        if snapshot not in wanted.snapshots and snapshot not in to_restore:
            yield Forget(snapshot)


def impossible(wanted: Wanted, present: Present) -> dict[str, str]:
    """Volumes that cannot be made, each with the snapshot that has no content."""
    return {
        each.id: each.snapshot
        for each in wanted.volumes.values()
        if each.id not in present.disks
        and each.snapshot is not None
        and each.snapshot not in present.copies
        and (each.snapshot not in wanted.snapshots or each.snapshot in present.without_content)
    }
