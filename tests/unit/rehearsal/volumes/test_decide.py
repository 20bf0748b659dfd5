"""What is decided, in examples; and that whatever was asked for, it ends and loses nothing."""

from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as some

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
from ec2.rehearsal.volumes.decide import decide, impossible
from ec2.rehearsal.volumes.loops import Loop
from ec2.rehearsal.volumes.nodes import Node
from ec2.rehearsal.volumes.present import Present
from ec2.rehearsal.volumes.wanted import Attachment, Volume, Wanted

ONE, TWO = "vol-1", "vol-2"
KEPT = "snap-1"
LOOP = Loop(Path("/dev/loop9"), ONE, 9, 100)
SDF = Node("sdf", 9)


def wanted(*volumes: Volume, snapshots: dict[str, str] | None = None) -> Wanted:
    return Wanted({each.id: each for each in volumes}, snapshots or {})


def test_a_new_attached_volume_is_made_first_and_the_rest_follows() -> None:
    goal = wanted(Volume(ONE, 100, None, Attachment("i-1", "/dev/sdf")))
    assert decide(goal, Present(running=frozenset({"i-1"}))) == (Make(ONE, 100),)
    assert decide(goal, Present({ONE: 100}, running=frozenset({"i-1"}))) == (Connect(ONE),)
    connected = Present({ONE: 100}, loops={ONE: LOOP}, running=frozenset({"i-1"}))
    assert decide(goal, connected) == (Place("i-1", ONE, "/dev/sdf"),)
    assert decide(goal, replace(connected, nodes={("i-1", ONE): SDF})) == (Announce("i-1"),)


def test_a_stopped_instances_volume_keeps_its_loop_device_and_needs_nothing_else() -> None:
    goal = wanted(Volume(ONE, 100, None, Attachment("i-1", "/dev/sdf")))
    assert decide(goal, Present({ONE: 100}, loops={ONE: LOOP})) == ()


def test_a_device_under_another_name_or_number_is_placed_again() -> None:
    goal = wanted(Volume(ONE, 100, None, Attachment("i-1", "/dev/sdf")))
    for wrong in (Node("sdg", 9), Node("sdf", 8)):
        present = Present(
            {ONE: 100}, loops={ONE: LOOP}, nodes={("i-1", ONE): wrong}, running=frozenset({"i-1"})
        )
        assert decide(goal, present) == (Place("i-1", ONE, "/dev/sdf"),)


def test_a_snapshot_is_copied_before_its_volume_is_deleted() -> None:
    goal = wanted(snapshots={KEPT: ONE})
    assert decide(goal, Present({ONE: 100})) == (Copy(KEPT, ONE),)
    assert decide(goal, Present({ONE: 100}, frozenset({KEPT}))) == (Delete(ONE),)


def test_a_volume_is_restored_before_its_snapshot_is_forgotten() -> None:
    goal = wanted(Volume(TWO, 200, KEPT))
    assert decide(goal, Present(copies=frozenset({KEPT}))) == (Make(TWO, 200, KEPT),)
    assert decide(goal, Present({TWO: 200}, frozenset({KEPT}))) == (Forget(KEPT),)


def test_a_root_volumes_snapshot_has_no_content_and_a_volume_of_it_cannot_be_made() -> None:
    goal = Wanted({TWO: Volume(TWO, 100, KEPT)}, {KEPT: "vol-root"}, frozenset({"vol-root"}))
    (action,) = decide(goal, Present())
    assert isinstance(action, NoContent)
    assert decide(goal, Present(without_content=frozenset({KEPT}))) == ()
    assert impossible(goal, Present(without_content=frozenset({KEPT}))) == {TWO: KEPT}


def test_a_snapshot_of_a_volume_that_cannot_be_made_has_no_content_either() -> None:
    goal = wanted(Volume(TWO, 100, KEPT), snapshots={KEPT: ONE, "snap-2": TWO})
    present = Present(without_content=frozenset({KEPT}))
    (action,) = decide(goal, present)
    assert isinstance(action, NoContent)
    assert action.snapshot == "snap-2"


def test_a_busy_volume_stays_unless_forced() -> None:
    goal = wanted(Volume(ONE, 100, None, Attachment("i-1", "/dev/sdf", leaving=True)))
    present = Present(
        {ONE: 100},
        loops={ONE: LOOP},
        nodes={("i-1", ONE): SDF},
        busy=frozenset({ONE}),
        running=frozenset({"i-1"}),
        announced=frozenset({"i-1"}),
    )
    assert decide(goal, present) == ()
    assert decide(goal, present, frozenset({ONE})) == (PullOut(ONE),)
    assert decide(goal, replace(present, busy=frozenset())) == (Remove("i-1", ONE, SDF), Disconnect(ONE))


def test_a_larger_size_grows_and_a_smaller_one_never_shrinks() -> None:
    assert decide(wanted(Volume(ONE, 200)), Present({ONE: 100})) == (Grow(ONE, 200),)
    assert decide(wanted(Volume(ONE, 50)), Present({ONE: 100})) == ()


def test_a_disk_that_grew_without_its_loop_device_is_seen() -> None:
    goal = wanted(Volume(ONE, 200, None, Attachment("i-1", "/dev/sdf")))
    assert decide(goal, Present({ONE: 200}, loops={ONE: LOOP})) == (Grow(ONE, 200),)


VOLUMES = ["vol-1", "vol-2", "vol-3"]
SNAPSHOTS = ["snap-1", "snap-2"]
INSTANCES = ["i-1", "i-2"]


@some.composite
def goals(draw: some.DrawFn) -> Wanted:
    """Anything that an API could say."""
    volumes = {}
    for each in draw(some.sets(some.sampled_from(VOLUMES))):
        where = some.builds(
            Attachment, some.sampled_from(INSTANCES), some.just(f"/dev/{each}"), some.booleans()
        )
        source = some.sampled_from([None, *SNAPSHOTS])
        volumes[each] = Volume(each, draw(some.integers(1, 9)), draw(source), draw(some.none() | where))
    return Wanted(volumes, draw(some.dictionaries(some.sampled_from(SNAPSHOTS), some.sampled_from(VOLUMES))))


def after(present: Present, action: Action) -> Present:
    """The machine when the action is done, in the terms of Present."""
    match action:
        case Copy() | NoContent() | Forget():
            return after_snapshot(present, action)
        case Place() | Remove() | Announce():
            return after_inside(present, action)
        case _:
            return after_disk(present, action)


def after_snapshot(present: Present, action: Copy | NoContent | Forget) -> Present:
    match action:
        case Copy(snapshot, _):
            return replace(present, copies=present.copies | {snapshot})
        case NoContent(snapshot, _):
            return replace(present, without_content=present.without_content | {snapshot})
    gone = {action.snapshot}
    return replace(present, copies=present.copies - gone, without_content=present.without_content - gone)


def after_inside(present: Present, action: Place | Remove | Announce) -> Present:
    match action:
        case Place(instance, volume, device):
            node = Node(device.removeprefix("/dev/"), present.loops[volume].minor)
            return replace(present, nodes={**present.nodes, (instance, volume): node})
        case Remove(instance, volume, _):
            left = {pair: node for pair, node in present.nodes.items() if pair != (instance, volume)}
            return replace(present, nodes=left)
    return replace(present, announced=present.announced | {action.instance})


def after_disk(present: Present, action: Make | Grow | Delete | Connect | Disconnect | PullOut) -> Present:
    disks, loops, volume = dict(present.disks), dict(present.loops), action.volume
    match action:
        case Make() | Grow():
            disks[volume] = max(action.bytes, disks.get(volume, 0))
            if volume in loops:
                loops[volume] = replace(loops[volume], bytes=disks[volume])
        case Connect():
            loops[volume] = Loop(Path("/dev/loop9"), volume, VOLUMES.index(volume), disks[volume])
        case Delete():
            del disks[volume]
        case _:
            del loops[volume]
    return replace(present, disks=disks, loops=loops)


def settle(goal: Wanted, present: Present) -> tuple[Present, list[Action]]:
    """Decide and do until nothing is left; fails when that never comes."""
    did: list[Action] = []
    for _ in range(20):
        actions = decide(goal, present)
        if not actions:
            return present, did
        for action in actions:
            present = after(present, action)
            did.append(action)
    raise AssertionError(f"no end to {actions}")


@given(some.lists(goals(), min_size=1, max_size=4))
def test_whatever_the_api_says_it_ends_with_what_is_wanted_and_nothing_else(history: list[Wanted]) -> None:
    present = Present(running=frozenset(INSTANCES))
    for goal in history:
        present, did = settle(goal, present)
        without_source = {
            each.id for each in goal.volumes.values() if each.snapshot and each.snapshot not in present.copies
        }
        assert present.disks.keys() <= goal.volumes.keys() <= present.disks.keys() | without_source
        placed = {
            (each.attachment.instance, each.id)
            for each in goal.volumes.values()
            if each.attachment and not each.attachment.leaving and each.id in present.disks
        }
        assert present.nodes.keys() == placed
        assert present.loops.keys() == {volume for _, volume in placed}
        assert present.announced <= present.running
        assert all(did.index(copy) < at for copy, at in deleted_after_copy(did))


def deleted_after_copy(did: list[Action]) -> list[tuple[Copy, int]]:
    """Each copy whose volume was deleted, with the place of that deletion."""
    deleted = {each.volume: at for at, each in enumerate(did) if isinstance(each, Delete)}
    return [(each, deleted[each.volume]) for each in did if isinstance(each, Copy) and each.volume in deleted]
