"""The ledger: a line on each host for every deployment that began there, and one for how it ended; pure."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Self

from ec2.this_process import whose

BEGUN, DONE, FAILED = "begun", "done", "failed"
# Of an account of what failed; the whole of it was on the terminal.
MESSAGE_LENGTH = 400


@dataclass(frozen=True)
class Entry:
    """One deployment or rollback: which release, from which commit, who, when, and what came of it.

    `at` is UTC in ISO 8601; durations are seconds per stage; `uplink_bytes` is what left the deployer.
    """

    action: str
    release: str
    commit: str
    at: str
    who: str
    images: Mapping[str, str] = field(default_factory=dict)
    outcome: str = BEGUN
    message: str = ""
    seconds: Mapping[str, float] = field(default_factory=dict)
    uplink_bytes: int = 0

    @classmethod
    def begin(cls, action: str, release: str, commit: str, images: Mapping[str, str]) -> Self:
        """One that begins now, by whoever runs this."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        return cls(action, release, commit, now, whose(), images)

    def done(self, seconds: Mapping[str, float], uplink_bytes: int) -> "Entry":
        """The same once it serves."""
        rounded = {stage: round(spent, 1) for stage, spent in seconds.items()}
        return replace(self, outcome=DONE, seconds=rounded, uplink_bytes=uplink_bytes)

    def failed(self, message: str) -> "Entry":
        """The same once everything is as it was."""
        return replace(self, outcome=FAILED, message=message[:MESSAGE_LENGTH])

    def line(self) -> str:
        """As the ledger has it."""
        return json.dumps(asdict(self))

    @property
    def key(self) -> tuple[str, str]:
        """What the lines about one deployment share."""
        return self.at, self.release


def read_entries(lines: Iterable[str]) -> list[Entry]:
    """Every deployment once, as its last line tells it, the oldest first; what is no line is passed over."""
    entries: dict[tuple[str, str], Entry] = {}
    for line in lines:
        if entry := read_entry(line):
            entries[entry.key] = entry
    return sorted(entries.values(), key=lambda entry: entry.key)


def read_entry(line: str) -> Entry | None:
    """One line; None when a full disk or another version of the launcher made something else of it."""
    try:
        found: dict[str, Any] = json.loads(line)
        return Entry(**found)
    except (ValueError, TypeError):
        return None
