"""What there is on this machine of a cloud's volumes: files, loop devices, nodes in containers."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ec2.rehearsal.settings import Rehearsal
from ec2.rehearsal.volumes import filesystems, loops, nodes, places
from ec2.rehearsal.volumes.loops import Loop
from ec2.rehearsal.volumes.nodes import Node
from ec2.rehearsal.volumes.wanted import Wanted

# Instance and volume.
Pair = tuple[str, str]


@dataclass(frozen=True)
class Present:
    """All of it at one moment; `disks` in bytes, `busy` the volumes that leave but are in use.

    `outdated` are the nodes whose host does not know yet what is on the volume.
    """

    disks: Mapping[str, int] = field(default_factory=dict)
    copies: frozenset[str] = frozenset()
    without_content: frozenset[str] = frozenset()
    loops: Mapping[str, Loop] = field(default_factory=dict)
    nodes: Mapping[Pair, Node] = field(default_factory=dict)
    outdated: frozenset[Pair] = frozenset()
    busy: frozenset[str] = frozenset()
    running: frozenset[str] = frozenset()
    announced: frozenset[str] = frozenset()


def look(rehearsal: Rehearsal, running: Mapping[str, int], wanted: Wanted) -> Present:
    """Look at the machine and into the running containers, given the first process of each instance."""
    ours = {each.volume: each for each in loops.loops(rehearsal) if not each.going}
    placed = {
        (instance, volume): node for instance, pid in running.items() for volume, node in nodes.nodes(pid)
    }
    return Present(
        disks={
            each.stem: each.stat().st_size
            for each in places.files(rehearsal, places.DISK)
            if is_volume(each.stem)
        },
        copies=frozenset(
            each.stem for each in places.files(rehearsal, places.DISK) if not is_volume(each.stem)
        ),
        without_content=frozenset(each.stem for each in places.files(rehearsal, places.EMPTY)),
        loops=ours,
        nodes=placed,
        outdated=frozenset(
            (instance, volume)
            for (instance, volume), node in placed.items()
            if is_outdated(running[instance], volume, node, ours.get(volume))
        ),
        busy=frozenset(
            each.volume for each in ours.values() if is_busy_elsewhere(each, wanted, placed, running)
        ),
        running=frozenset(running),
        announced=frozenset(instance for instance, pid in running.items() if nodes.announced(pid)),
    )


def is_busy_elsewhere(
    loop: Loop, wanted: Wanted, placed: Mapping[Pair, Node], running: Mapping[str, int]
) -> bool:
    """Whether a volume is in use where it is not wanted.

    Where it is placed and wanted, or wanted on a host that is not looked at, nobody asks: the question claims
    the device, and its host may be about to mount it.
    """
    goal = instance_of(loop.volume, wanted)
    elsewhere = any(volume == loop.volume and instance != goal for instance, volume in placed)
    at_home = goal is not None and ((goal, loop.volume) in placed or goal not in running)
    settled = at_home and not elsewhere
    if settled or not loops.in_use(loop.path):
        return False
    # A privileged container finds each loop device under its own name too.
    return goal is None or goal not in running or not filesystems.mounted_in(running[goal], loop.minor)


def instance_of(volume: str, wanted: Wanted) -> str | None:
    """The instance that a volume is to be attached to."""
    each = wanted.volumes.get(volume)
    where = each.attachment if each else None
    return where.instance if where and not where.leaving else None


def is_volume(name: str) -> bool:
    """Whether a file is a volume's and not a snapshot's."""
    return name.startswith("vol-")


def is_outdated(pid: int, volume: str, node: Node, loop: Loop | None) -> bool:
    """Whether a placed volume's record lacks what is on it by now: its host made a file system, say."""
    return loop is not None and not nodes.described(pid, volume, node, filesystems.properties(loop.path))
