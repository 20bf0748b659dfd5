"""What a scan came to: clean, found, or not scanned; the last is never taken for the first."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from compose.errors import StackError

ROOT = Path(__file__).parents[1]
REPORTS = ROOT / "reports/scans"

CLEAN = "clean"
FOUND = "found"
NOT_SCANNED = "not scanned"


class NotScanned(Exception):
    """The scan could not be made; says what was not there."""


@dataclass(frozen=True)
class Outcome:
    """What one scan saw, what it found there, and what it could not look at, each as a line for a person."""

    scan: str
    scanned: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    unscanned: tuple[str, ...] = ()

    @property
    def state(self) -> str:
        """CLEAN only where all was looked at; where nothing was, nothing is known."""
        if self.findings:
            return FOUND
        return NOT_SCANNED if self.unscanned or not self.scanned else CLEAN


def attempted(scan: str, look: Callable[[], Outcome]) -> Outcome:
    """The outcome of looking; a source or a tool that is not there is one."""
    try:
        return look()
    except (NotScanned, StackError, OSError, subprocess.SubprocessError) as reason:
        return Outcome(scan, unscanned=(" ".join(str(reason).split()),))


def keep(outcome: Outcome, folder: Path) -> None:
    """Write the outcome where it is archived from."""
    folder.mkdir(parents=True, exist_ok=True)
    told = {"state": outcome.state, **asdict(outcome)}
    (folder / f"{outcome.scan}.json").write_text(json.dumps(told, indent=2) + "\n")


def kept(folder: Path) -> list[Outcome]:
    """The outcomes that were written there, by name."""
    return [read(json.loads(file.read_text())) for file in sorted(folder.glob("*.json"))]


def read(told: dict[str, Any]) -> Outcome:
    """An outcome as it was written."""
    return Outcome(told["scan"], tuple(told["scanned"]), tuple(told["findings"]), tuple(told["unscanned"]))
