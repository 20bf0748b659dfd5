"""The hands: each action of decide.py done on the machine."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from ec2.rehearsal.errors import RehearsalError
from ec2.rehearsal.settings import Rehearsal
from ec2.rehearsal.volumes import disks, filesystems, loops, nodes, places
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
from ec2.rehearsal.volumes.loops import Loop
from ec2.rehearsal.volumes.nodes import Node


def act(rehearsal: Rehearsal, running: Mapping[str, int], action: Action) -> None:
    """Do one thing; `running` gives the first process of each running instance.

    Raises RehearsalError when it cannot be done. An instance that has ended meanwhile needs nothing.
    """
    match action:
        case Place() | Announce() | Remove():
            act_inside(rehearsal, running[action.instance], action)
        case Connect() | Disconnect() | PullOut() | Grow():
            act_on_device(rehearsal, action)
        case _:
            act_on_files(rehearsal, action)


def act_on_files(rehearsal: Rehearsal, action: Copy | NoContent | Make | Delete | Forget) -> None:
    """Disks and copies come and go."""
    match action:
        case Copy(snapshot, volume):
            keep(rehearsal, snapshot, volume)
        case NoContent(snapshot, why):
            places.no_content(rehearsal, snapshot).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            places.no_content(rehearsal, snapshot).write_text(why + "\n")
        case Make(volume, size, None):
            disks.make(places.disk(rehearsal, volume), size)
        case Make(volume, size, str(snapshot)):
            disks.copy(places.copy(rehearsal, snapshot), places.disk(rehearsal, volume), size)
        case Delete(volume):
            places.disk(rehearsal, volume).unlink(missing_ok=True)
        case Forget(snapshot):
            places.copy(rehearsal, snapshot).unlink(missing_ok=True)
            places.no_content(rehearsal, snapshot).unlink(missing_ok=True)


def keep(rehearsal: Rehearsal, snapshot: str, volume: str) -> None:
    """Copy a volume as it is at one moment, held still for as long as it is read."""
    loop = loop_of(rehearsal, volume)
    still = held_still(loop) if loop else None
    disks.copy(places.disk(rehearsal, volume), places.copy(rehearsal, snapshot), still=still)


@contextmanager
def held_still(loop: Loop) -> Iterator[None]:
    """While all that was written to the device is in its file, and no mounted file system writes more."""
    with filesystems.frozen(loop.minor):
        loops.flush(loop.path)
        yield


def act_on_device(rehearsal: Rehearsal, action: Connect | Disconnect | PullOut | Grow) -> None:
    """Loop devices come, go and grow."""
    loop = loop_of(rehearsal, action.volume)
    match action, loop:
        case Connect(volume), None:
            loops.attach(places.disk(rehearsal, volume))
        case Disconnect(), Loop():
            loops.detach(loop.path)
        case PullOut(), Loop():
            pull_out(loop)
        case Grow(volume, size), _:
            disks.grow(places.disk(rehearsal, volume), size)
            if loop:
                loops.refresh_size(loop.path)


def pull_out(loop: Loop) -> None:
    """Take the device from under its mounted file system, so that nothing of it reaches the disk any more.

    Raises RehearsalError when its kind of file system cannot be shut down.
    """
    if not filesystems.shut_down(loop.minor):
        raise RehearsalError(
            f"{loop.volume} is in use and cannot be taken away by force",
            "unmount it, turn off swap on it, or stop the instance",
        )
    loops.detach(loop.path)


def act_inside(rehearsal: Rehearsal, pid: int, action: Place | Announce | Remove) -> None:
    """Nodes in one container."""
    try:
        match action:
            case Place(_, volume, device):
                loop = loop_of(rehearsal, volume)
                if loop:
                    node = Node(nodes.device_name(device), loop.minor)
                    nodes.place(pid, volume, node, filesystems.properties(loop.path))
            case Announce():
                nodes.announce(pid)
            case Remove(_, volume, node):
                nodes.remove(pid, volume, node)
    except (FileNotFoundError, FileExistsError, ProcessLookupError):
        # The container has ended: its root is a link to nowhere, which mkdir takes for something in the way.
        return


def loop_of(rehearsal: Rehearsal, volume: str) -> Loop | None:
    """The volume's loop device as it is now."""
    return next((each for each in loops.loops(rehearsal) if each.volume == volume and not each.going), None)
