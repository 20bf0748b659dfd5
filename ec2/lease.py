"""A lease on the stack in SSM's Parameter Store: one deployment at a time, and none that blocks for ever.

Whoever holds it renews it, and gives it back however the work ends. One that is renewed no longer is waited
for and taken. Its age is told by AWS's own clock, so it does not matter what time deployers think it is.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from ec2 import this_process
from ec2.errors import LeaseHeld, LeaseLost
from ec2.lease_record import (
    LASTS_SECONDS,
    Record,
    Seen,
    current,
    held_message,
    next_number,
    read,
    taken_from,
)
from ec2.signals import signals_as_exceptions

# Three renewals may fail before anybody else may come.
RENEWALS_PER_LEASE = 4
PAUSE_SECONDS = 0.5
# How long what the Parameter Store has just taken may be missing from what it reads out.
SEEN_WITHIN_SECONDS = 3.0


@dataclass
class Lease:
    """A lease that is held; its number is higher than any before it."""

    ssm: Any
    stack: str
    number: int
    record: Record
    taken: float = field(default_factory=time.monotonic)
    ending: threading.Event = field(default_factory=threading.Event)
    renewing: threading.Thread | None = None

    def start(self) -> None:
        """Renew it from now on, behind the work."""
        self.renewing = threading.Thread(target=self.renew, name="lease", daemon=True)
        self.renewing.start()

    def stop(self) -> None:
        """Renew it no longer."""
        self.ending.set()
        if self.renewing:
            self.renewing.join()

    def check(self) -> None:
        """Raises LeaseLost when somebody else has it by now; ask before each step that changes a host."""
        last = current(look(self.ssm, self.stack))
        while self.may_be_unseen(last):
            time.sleep(PAUSE_SECONDS)
            last = current(look(self.ssm, self.stack))
        # Numbers begin anew once a stack was destroyed.
        if last is None or (last.number, last.record) != (self.number, self.record):
            raise LeaseLost(
                f"the lease on '{self.stack}' ran out here and is "
                + (f"held by {last.record} now" if last else "gone"),
                "nothing more is changed; repeat the command when they are done",
            )

    def may_be_unseen(self, last: Seen | None) -> bool:
        """Whether it was taken so shortly ago that AWS may answer as if it were not yet."""
        behind = last is None or last.number < self.number
        return behind and time.monotonic() - self.taken < SEEN_WITHIN_SECONDS

    def renew(self) -> None:
        """Renew it again and again until the work ends; what is lost is not renewed."""
        while not self.ending.wait(self.record.lasts_seconds / RENEWALS_PER_LEASE):
            try:
                self.check()
                self.write(self.record)
            except LeaseLost:
                return
            except (BotoCoreError, ClientError):
                # AWS may answer next time; whether it was too late then, check() tells.
                continue

    def write(self, record: Record) -> None:
        """Write the record in the place of the last one."""
        self.ssm.put_parameter(
            Name=name(self.stack, self.number), Value=record.text(), Type="String", Overwrite=True
        )

    def release(self) -> None:
        """Give it back; one that is lost, or removed with the stack, is left alone."""
        self.stop()
        # Where AWS does not answer, it ends by itself.
        with suppress(LeaseLost, BotoCoreError, ClientError):
            self.check()
            self.write(replace(self.record, released=True))

    @property
    def folder(self) -> str:
        """Below which it is kept, with all others of the stack."""
        return folder(self.stack)

    def end_with_stack(self) -> None:
        """Leave nothing of it, nor of the leases before it: the stack is destroyed.

        Raises LeaseLost when it is somebody else's by now.
        """
        self.stop()
        self.check()
        forget(self.ssm, self.stack, below=self.number + 1)


@contextmanager
def lease(
    ssm: Any,
    stack: str,
    commit: str,
    say: Callable[[str], None],
    *,
    lasts_seconds: float = LASTS_SECONDS,
) -> Iterator[Lease]:
    """Hold the lease on the stack during the work; `ssm` is a boto3 client.

    Given back at the end, after an error, Ctrl-C, SIGTERM and SIGHUP. Raises LeaseHeld when somebody else is
    at work; whether they are, or were killed, is waited for as long as their lease lasts.
    """
    with signals_as_exceptions():
        held = take(ssm, stack, own_record(commit, lasts_seconds), say)
        try:
            held.start()
            yield held
        finally:
            held.release()


def own_record(commit: str, lasts_seconds: float) -> Record:
    """Who we are."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Record(
        this_process.whose(),
        os.getpid(),
        commit,
        now,
        lasts_seconds,
        process=this_process.said(),
    )


def ended_here(record: Record) -> bool:
    """Whether the holder was a process of this machine, and is no more."""
    return bool(record.process) and this_process.is_gone(record.process)


def take(ssm: Any, stack: str, record: Record, say: Callable[[str], None]) -> Lease:
    """The lease, at once where it is free, otherwise once it is stale. Raises LeaseHeld."""
    taken = claim(ssm, stack, record, wait_for_silence(ssm, stack, say))
    if taken.record.taken_from:
        say(f"the lease was taken from {taken.record.taken_from}")
    forget(ssm, stack, below=taken.number)
    return taken


def claim(ssm: Any, stack: str, record: Record, last: Seen | None) -> Lease:
    """The lease after the last one. Raises LeaseHeld when somebody was quicker by a moment."""
    number = next_number(last)
    record = replace(record, taken_from=taken_from(last))
    try:
        ssm.put_parameter(Name=name(stack, number), Value=record.text(), Type="String", Overwrite=False)
    except ssm.exceptions.ParameterAlreadyExists:
        raise LeaseHeld(*busy(ssm, stack)) from None
    return Lease(ssm, stack, number, record)


def wait_for_silence(ssm: Any, stack: str, say: Callable[[str], None]) -> Seen | None:
    """The last lease, once nobody holds it. Raises LeaseHeld as soon as its holder shows to be alive."""
    first = last = current(look(ssm, stack))
    if first and first.held and ended_here(first.record):
        return first
    if first and first.held:
        say(f"{first.record} has the lease; waiting until {first.expires:%H:%M:%S} UTC for a sign of life")
    while first and last and last.held:
        if (last.number, last.renewed) != (first.number, first.renewed):
            raise LeaseHeld(*held_message(stack, last))
        time.sleep(PAUSE_SECONDS)
        last = current(look(ssm, stack))
    return last


def busy(ssm: Any, stack: str) -> tuple[str, str]:
    """Who was quicker, as far as they can be seen."""
    last = current(look(ssm, stack))
    return held_message(stack, last) if last else (f"somebody else just began to work on '{stack}'", "")


def look(ssm: Any, stack: str) -> list[Seen]:
    """Every lease of the stack that is written down."""
    seen = []
    for page in ssm.get_paginator("get_parameters_by_path").paginate(Path=folder(stack)):
        now = parsedate_to_datetime(page["ResponseMetadata"]["HTTPHeaders"]["date"])
        for found in page["Parameters"]:
            number = int(found["Name"].rpartition("/")[2])
            seen.append(Seen(number, read(found["Value"]), found["LastModifiedDate"], now))
    return seen


def forget(ssm: Any, stack: str, below: int) -> None:
    """Remove what is written down about leases with lower numbers."""
    names = [name(stack, each.number) for each in look(ssm, stack) if each.number < below]
    for start in range(0, len(names), 10):
        # AWS takes ten at a time.
        ssm.delete_parameters(Names=names[start : start + 10])


def folder(stack: str) -> str:
    """Below which the leases of a stack are kept; no host may read there."""
    return f"/{stack}/lease"


def name(stack: str, number: int) -> str:
    """The parameter of one lease."""
    return f"{folder(stack)}/{number}"
