"""All scans side by side; none waits for another, and none that cannot be made stops the rest."""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from scans import (
    debian_updates,
    dependency_check,
    lock_files,
    official_images,
    repository_secrets,
    source_code,
)
from scans.accepted import AcceptedGap
from scans.outcome import NOT_SCANNED, Outcome, attempted, keep, kept

SCANS: Mapping[str, Callable[[], Outcome]] = {
    scan.SCAN: scan.scan
    for scan in (
        lock_files,
        debian_updates,
        official_images,
        repository_secrets,
        source_code,
        dependency_check,
    )
}


def scan_all(names: Iterable[str], folder: Path) -> list[Outcome]:
    """Make the scans and write down what each came to; what an earlier run came to is forgotten."""
    names = list(names)
    for old in folder.glob("*.json"):
        old.unlink()
    with ThreadPoolExecutor(len(names)) as pool:
        outcomes = list(pool.map(lambda name: attempted(name, SCANS[name]), names))
    for outcome in outcomes:
        keep(outcome, folder)
    return outcomes


@dataclass(frozen=True)
class Gap:
    """What a scan has not looked at, and until when somebody accepts that."""

    scan: str
    what: str
    accepted: AcceptedGap | None

    def __str__(self) -> str:
        known = f" (accepted until {self.accepted.until}: {self.accepted.reason})" if self.accepted else ""
        return f"{self.scan}: {self.what}{known}"


def gaps(folder: Path, entries: Iterable[AcceptedGap], names: Iterable[str] = SCANS) -> list[Gap]:
    """What the scans have not looked at; a scan that was not made at all is one, and never accepted."""
    outcomes, entries = {outcome.scan: outcome for outcome in kept(folder)}, list(entries)
    return [
        Gap(name, what, acceptance(name, what, entries) if name in outcomes else None)
        for name in names
        for what in unscanned(outcomes.get(name))
    ]


def acceptance(scan: str, what: str, entries: Iterable[AcceptedGap]) -> AcceptedGap | None:
    """The entry by which the gap is accepted."""
    return next((one for one in entries if one.scan == scan and what.startswith(one.about)), None)


def unscanned(outcome: Outcome | None) -> tuple[str, ...]:
    """What one scan has not looked at."""
    if outcome is None:
        return ("not made",)
    if outcome.unscanned:
        return outcome.unscanned
    return ("it looked at nothing",) if outcome.state == NOT_SCANNED else ()
