"""The engine: the stacks of one account and region, and the threads that work on them."""

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from threading import Thread
from time import monotonic

from ec2.rehearsal.stacks import operations
from ec2.rehearsal.stacks.errors import ValidationError
from ec2.rehearsal.stacks.journal import Journal
from ec2.rehearsal.stacks.recovery import STOPPED, take_in_unknown
from ec2.rehearsal.stacks.resources.contract import Clients, ResourceType
from ec2.rehearsal.stacks.state import Cloud, Stack
from ec2.rehearsal.stacks.steps import Stopped
from ec2.rehearsal.stacks.work import Site, Work

LOG = logging.getLogger(__name__)
Act = Callable[[Work], None]


class Engine:
    """CloudFormation over other AWS services.

    `types` are the resource types it can make, `aws` gives the clients that make them. `cloud` is all
    that must outlive the process: pickle it while `lock` is held, hand it to the next engine and call
    `resume` once that engine's clients have something to talk to. The lock is never held while a client
    is asked, so whoever holds it may wait for requests that are under way.
    """

    def __init__(
        self,
        types: Mapping[str, ResourceType],
        aws: Clients,
        account: str,
        region: str,
        cloud: Cloud | None = None,
    ) -> None:
        self.cloud = cloud or Cloud()
        self.journal = Journal(self.cloud)
        self.lock = self.journal.lock
        self.site = Site(types, aws, region, account, self.journal)
        self.threads: dict[str, Thread] = {}

    def start(self, stack: Stack, act: Act) -> None:
        """Begin an operation, whose record the stack already carries, in a thread of its own."""
        thread = Thread(target=self.carry_out, args=(stack, act), name=f"stack-{stack.name}", daemon=True)
        with self.lock:
            self.threads = {name: other for name, other in self.threads.items() if other.is_alive()}
            self.threads[stack.id] = thread
            thread.start()

    def carry_out(self, stack: Stack, act: Act) -> None:
        """Do an operation to its end; a defect of ours shows in the stack and does not leave it hanging.

        When the process ends the operation stays as it is: the next engine resumes it.
        """
        if stack.operation is None:
            raise ValueError(f"stack {stack.name} has no operation to carry out")
        work = Work(self.site, stack, stack.operation.definition)
        try:
            act(work)
        except Stopped:
            LOG.info("operation on stack %s was cut short", stack.name)
        except Exception as error:
            LOG.exception("operation on stack %s", stack.name)
            failed = FAILED.get(stack.status, "UPDATE_ROLLBACK_FAILED")
            self.journal.stack(stack, failed, f"Internal Failure: {type(error).__name__}: {error}")

    def stop(self, patience_seconds: float) -> None:
        """Begin nothing more, and wait until what is being made or removed is in the records.

        What takes longer is taken in when the next engine resumes, as after a kill.
        """
        self.site.stopping.set()
        with suppress(TimeoutError):
            self.join(patience_seconds)

    def join(self, timeout_seconds: float = 60) -> None:
        """Wait until no operation is under way; TimeoutError names the stacks that still are."""
        deadline = monotonic() + timeout_seconds
        with self.lock:
            threads = list(self.threads.values())
        for thread in threads:
            thread.join(max(0, deadline - monotonic()))
        alive = [thread.name for thread in threads if thread.is_alive()]
        if alive:
            raise TimeoutError(f"still at work after {timeout_seconds} s: {', '.join(alive)}")

    def resume(self) -> None:
        """After a restart: what was begun and not finished is rolled back, deletions go on."""
        with self.lock:
            for detection in list(self.cloud.detections.values()):
                if detection.status == "DETECTION_IN_PROGRESS":
                    failed = replace(detection, status="DETECTION_FAILED", reason=STOPPED)
                    self.cloud.detections[detection.id] = failed
            for stack in list(self.cloud.stacks.values()):
                if stack.in_progress and stack.operation is not None:
                    self.fail_unfinished(stack)
                    self.start(stack, RESUMED[stack.status])

    def fail_unfinished(self, stack: Stack) -> None:
        """Resources that were being worked on have failed."""
        for held in list(stack.resources.values()):
            if held.status.endswith("_IN_PROGRESS"):
                self.journal.resource(stack, held, held.status.replace("_IN_PROGRESS", "_FAILED"), STOPPED)

    def find(self, name: str) -> Stack:
        """The stack of that name or id; ValidationError when there is none."""
        if name in self.cloud.stacks:
            return self.cloud.stacks[name]
        for stack in self.cloud.stacks.values():
            if stack.name == name and not stack.deleted:
                return stack
        raise ValidationError(f"Stack with id {name} does not exist")


def interrupted_create(work: Work) -> None:
    """A creation that the end of the process cut short."""
    if work.stack.operation:
        work.stack.operation = replace(work.stack.operation, on_failure="ROLLBACK")
    take_in_unknown(work)
    operations.create_failed(work, f"{STOPPED}. ")


def interrupted_update(work: Work) -> None:
    """An update that the end of the process cut short."""
    take_in_unknown(work)
    work.site.journal.stack(work.stack, "UPDATE_ROLLBACK_IN_PROGRESS", STOPPED)
    operations.roll_back_update(work)


def interrupted_clean_up(work: Work) -> None:
    """The end of an update that had succeeded."""
    operations.clean_up(work, "UPDATE_COMPLETE")


def interrupted_rollback(work: Work) -> None:
    """The end of a rollback that had succeeded."""
    operations.clean_up(work, "UPDATE_ROLLBACK_COMPLETE")


RESUMED: Mapping[str, Act] = {
    "CREATE_IN_PROGRESS": interrupted_create,
    "ROLLBACK_IN_PROGRESS": operations.roll_back_create,
    "DELETE_IN_PROGRESS": operations.delete,
    "UPDATE_IN_PROGRESS": interrupted_update,
    "UPDATE_ROLLBACK_IN_PROGRESS": operations.roll_back_update,
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": interrupted_clean_up,
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": interrupted_rollback,
}
FAILED: Mapping[str, str] = {
    "CREATE_IN_PROGRESS": "CREATE_FAILED",
    "ROLLBACK_IN_PROGRESS": "ROLLBACK_FAILED",
    "DELETE_IN_PROGRESS": "DELETE_FAILED",
}
