"""Make the machine's volumes match the API: look, decide, act, until there is nothing left to do."""

import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from threading import RLock
from typing import Any

from ec2.rehearsal.errors import RehearsalError
from ec2.rehearsal.settings import Rehearsal
from ec2.rehearsal.volumes import filesystems, loops, places
from ec2.rehearsal.volumes.act import act, pull_out
from ec2.rehearsal.volumes.actions import Action
from ec2.rehearsal.volumes.decide import decide, impossible
from ec2.rehearsal.volumes.present import Present, instance_of, look
from ec2.rehearsal.volumes.wanted import Wanted, wanted

# A volume of a snapshot of a volume of …: each generation takes one round.
MOST_ROUNDS = 20
# Two passes at once would each make what both find missing.
one_at_a_time = RLock()


@dataclass(frozen=True)
class Report:
    """What was done, what stands in the way, and what is where now; pairs are (instance, volume).

    `busy` are to be detached and still mounted, `left` are to be detached and gone from this machine.
    """

    done: tuple[Action, ...]
    problems: tuple[RehearsalError, ...]
    attached: frozenset[tuple[str, str]]
    busy: frozenset[tuple[str, str]]
    left: frozenset[tuple[str, str]]


def reconcile(
    rehearsal: Rehearsal, ec2: Any, running: Mapping[str, int], forced: frozenset[str] = frozenset()
) -> Report:
    """One pass, safe to repeat at any time; also with only the instance that has just been started.

    `ec2` is a boto3 client; `running` gives the first process (State.Pid) of each running instance's
    container; `forced` are the volumes whose DetachVolume said Force.
    """
    with one_at_a_time:
        goal = wanted(ec2)
        done, problems, present = pursue(rehearsal, goal, running, forced)
    return report(goal, present, done, problems.values())


def report(
    goal: Wanted, present: Present, done: Iterable[Action], problems: Iterable[RehearsalError]
) -> Report:
    """What a pass has come to."""
    missing = [no_content(*each) for each in impossible(goal, present).items()]
    missing += [no_place(each) for each in goal.rivals]
    attached = {pair for pair in present.nodes if instance_of(pair[1], goal) == pair[0]}
    leaving = {
        (each.attachment.instance, each.id)
        for each in goal.volumes.values()
        if each.attachment and each.attachment.leaving
    }
    busy = {pair for pair in (present.nodes.keys() - attached) | leaving if pair[1] in present.busy}
    left = {pair for pair in leaving if pair[1] not in present.loops}
    return Report(tuple(done), (*problems, *missing), frozenset(attached), frozenset(busy), frozenset(left))


def start(rehearsal: Rehearsal) -> None:
    """Before the first pass: undo what a killed process has left half done."""
    with one_at_a_time:
        rehearsal.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        for each in places.files(rehearsal, places.UNFINISHED):
            each.unlink(missing_ok=True)
        for loop in loops.loops(rehearsal):
            filesystems.thaw(loop.minor)


def remove_all(rehearsal: Rehearsal) -> None:
    """Leave no loop device and no file of this cloud, also of one whose process was killed."""
    with one_at_a_time:
        for loop in loops.loops(rehearsal):
            filesystems.thaw(loop.minor)
            if loops.in_use(loop.path):
                with suppress(RehearsalError):
                    pull_out(loop)
            loops.detach(loop.path)
        for folder in ("volumes", "snapshots"):
            shutil.rmtree(rehearsal.state / folder, ignore_errors=True)


def pursue(
    rehearsal: Rehearsal, goal: Wanted, running: Mapping[str, int], forced: frozenset[str]
) -> tuple[list[Action], dict[Action, RehearsalError], Present]:
    """Rounds of look, decide, act; what fails is not tried again before the next pass."""
    done: list[Action] = []
    problems: dict[Action, RehearsalError] = {}
    present = look(rehearsal, running, goal)
    for _ in range(MOST_ROUNDS):
        actions = [each for each in decide(goal, present, forced) if each not in problems]
        if not actions:
            break
        for action in actions:
            try:
                act(rehearsal, running, action)
                done.append(action)
            except RehearsalError as error:
                problems[action] = error
        present = look(rehearsal, running, goal)
    return done, problems, present


def no_content(volume: str, snapshot: str) -> RehearsalError:
    """Why a volume will not be made."""
    return RehearsalError(
        f"{volume} cannot be made: {snapshot} has no content here",
        "a snapshot of a root volume is only recorded; make the volume without a snapshot",
    )


def no_place(volume: str) -> RehearsalError:
    """Why a volume will not appear in its instance."""
    return RehearsalError(
        f"{volume} has the device name of another volume", "detach it and attach it under a name of its own"
    )
