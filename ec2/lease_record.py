"""What is written down about a lease, and who may take the next one; pure.

Every lease has a number, and its own parameter of that name: to make the next number is what AWS lets only
one of several do. The highest number is the one that counts, so it never goes down.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

LASTS_SECONDS = 30.0


@dataclass(frozen=True)
class Record:
    """Who holds a lease and since when, by the holder's clock: for people, nothing is decided by it."""

    owner: str
    pid: int
    commit: str
    since: str
    lasts_seconds: float = LASTS_SECONDS
    released: bool = False
    # Whose lease had run out when this one was taken.
    taken_from: str = ""
    # The process, for others on its machine: see this_process.
    process: str = ""

    def __str__(self) -> str:
        return f"{self.owner} (process {self.pid}, commit {self.commit})"

    def text(self) -> str:
        """As it is kept."""
        return json.dumps(asdict(self))


@dataclass(frozen=True)
class Seen:
    """A lease as AWS shows it: when it was written last, and the moment of the look, both by AWS's clock."""

    number: int
    record: Record
    renewed: datetime
    looked: datetime

    @property
    def silent_seconds(self) -> float:
        """For how long nobody renewed it."""
        return (self.looked - self.renewed).total_seconds()

    @property
    def stale(self) -> bool:
        """Whether its holder has been silent for longer than it lasts."""
        return not self.record.released and self.silent_seconds > self.record.lasts_seconds

    @property
    def held(self) -> bool:
        """Whether somebody is at work."""
        return not self.record.released and not self.stale

    @property
    def expires(self) -> datetime:
        """When it is stale unless it is renewed."""
        return self.renewed + timedelta(seconds=self.record.lasts_seconds)


def read(text: str) -> Record:
    """A record as it is kept. Raises ValueError when it is none of ours."""
    try:
        return Record(**json.loads(text))
    except TypeError as error:
        raise ValueError(f"not a lease: {text!r}") from error


def current(seen: Iterable[Seen]) -> Seen | None:
    """The lease that counts, held or not."""
    return max(seen, key=lambda each: each.number, default=None)


def next_number(last: Seen | None) -> int:
    """The number to try for; whoever makes it has the lease."""
    return last.number + 1 if last else 1


def taken_from(last: Seen | None) -> str:
    """What is recorded about a lease that nobody gave back; nothing about one that was."""
    if last is None or last.record.released:
        return ""
    return f"{last.record}, since {last.record.since}, silent for {last.silent_seconds:.0f} s"


def held_message(stack: str, seen: Seen) -> tuple[str, str]:
    """Who is at work, since when and until when; and what to do."""
    until = seen.expires.astimezone(UTC)
    return (
        f"{seen.record} has been at work on '{stack}' since {seen.record.since}; the lease was renewed "
        f"{seen.silent_seconds:.0f} s ago and ends at {until:%H:%M:%S} UTC unless it is renewed",
        "repeat the command when they are done; a lease that nobody renews ends by itself",
    )
