"""Findings that somebody accepted for a reason and for a time; afterwards they are findings again."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from scans.outcome import ROOT

FILE = ROOT / "scans/accepted.toml"


@dataclass(frozen=True)
class Accepted:
    """One advisory of one package."""

    id: str
    package: str
    reason: str
    until: date


def accepted(file: Path = FILE, today: date | None = None) -> tuple[Accepted, ...]:
    """What is accepted today."""
    today = today or datetime.now(UTC).date()
    return tuple(each for each in read(file) if each.until >= today)


def read(file: Path) -> tuple[Accepted, ...]:
    """What the file says, whether or not its time is over."""
    return tuple(Accepted(**entry) for entry in tomllib.loads(file.read_text()).get("accepted", []))


def is_accepted(package: str, names: Iterable[str], entries: Iterable[Accepted]) -> bool:
    """Whether an advisory that has these names is accepted for the package."""
    wanted = set(names)
    return any(entry.package == package and entry.id in wanted for entry in entries)
