"""All scans side by side; none waits for another, and none that cannot be made stops the rest."""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from scans import debian_updates, dependency_check, lock_files, repository_secrets, source_code
from scans.outcome import NOT_SCANNED, Outcome, attempted, keep, kept

SCANS: Mapping[str, Callable[[], Outcome]] = {
    scan.SCAN: scan.scan
    for scan in (lock_files, debian_updates, repository_secrets, source_code, dependency_check)
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


def gaps(folder: Path) -> list[str]:
    """What no scan has looked at, a line each; a scan that was not made at all is one."""
    outcomes = {outcome.scan: outcome for outcome in kept(folder)}
    return [f"{name}: {reason}" for name in SCANS for reason in unscanned(outcomes.get(name))]


def unscanned(outcome: Outcome | None) -> tuple[str, ...]:
    """What one scan has not looked at."""
    if outcome is None:
        return ("not made",)
    if outcome.unscanned:
        return outcome.unscanned
    return ("it looked at nothing",) if outcome.state == NOT_SCANNED else ()
