"""What somebody accepted for a reason and for a time, findings and gaps; then it stops a pipeline again."""

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import MISSING, Field, dataclass, fields
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from scans.outcome import ROOT, NotScanned

FILE = ROOT / "scans/accepted.toml"
# The longest that a known vulnerability may stay (jenkins/README.md).
QUARTER = timedelta(days=90)
KINDS: dict[Any, str] = {str: "a text in quotes", date: "a day without quotes and time, such as 2027-01-31"}


@dataclass(frozen=True)
class Accepted:
    """One advisory of one package."""

    id: str
    package: str
    reason: str
    until: date


@dataclass(frozen=True)
class AcceptedUpdate:
    """One package of one service's image, whichever update of it is pending."""

    image: str
    package: str
    reason: str
    until: date


@dataclass(frozen=True)
class AcceptedGap:
    """What one scan need not look at: lines that begin so, or with "" whatever it says of itself."""

    scan: str
    reason: str
    until: date
    about: str = ""


def accepted(file: Path = FILE, today: date | None = None) -> tuple[Accepted, ...]:
    """The findings that are accepted today."""
    today = today or this_day()
    return tuple(each for each in read(file, today) if each.until >= today)


def accepted_updates(file: Path = FILE, today: date | None = None) -> tuple[AcceptedUpdate, ...]:
    """The pending updates that are accepted today."""
    today = today or this_day()
    return tuple(each for each in read_updates(file, today) if each.until >= today)


def accepted_gaps(file: Path = FILE, today: date | None = None) -> tuple[AcceptedGap, ...]:
    """The gaps that are accepted today."""
    return tuple(each for each in read_gaps(file) if each.until >= (today or this_day()))


def this_day() -> date:
    """Today, where the world's clocks agree."""
    return datetime.now(UTC).date()


def read(file: Path, today: date | None = None) -> tuple[Accepted, ...]:
    """What the file says of findings, whether or not its time is over. Raises NotScanned."""
    return tuple(Accepted(**entry) for entry in soon_over(file, "accepted", fields(Accepted), today))


def read_updates(file: Path, today: date | None = None) -> tuple[AcceptedUpdate, ...]:
    """What the file says of pending updates, whether or not its time is over. Raises NotScanned."""
    found = soon_over(file, "pending", fields(AcceptedUpdate), today)
    return tuple(AcceptedUpdate(**entry) for entry in found)


def read_gaps(file: Path) -> tuple[AcceptedGap, ...]:
    """What the file says of gaps, whether or not its time is over. Raises NotScanned."""
    return tuple(AcceptedGap(**entry) for entry in entries(file, "unscanned", fields(AcceptedGap)))


def entries(file: Path, table: str, keys: Iterable[Field[Any]]) -> list[dict[str, Any]]:
    """The entries of a table. Raises NotScanned, which names the first that has a mistake."""
    try:
        written = tomllib.loads(file.read_text()).get(table, [])
    except (OSError, ValueError) as error:
        raise NotScanned(f"{file.name} cannot be read: {error}") from error
    if not isinstance(written, list) or not all(isinstance(entry, dict) for entry in written):
        raise NotScanned(f"{file.name}: an entry begins with [[{table}]]")
    for number, entry in enumerate(written, 1):
        if wrong := ", ".join(mistakes(entry, {key.name: key for key in keys})):
            raise NotScanned(f"{file.name}: [[{table}]], entry {number}: {wrong}")
    return written


def soon_over(file: Path, table: str, keys: Iterable[Field[Any]], today: date | None) -> list[dict[str, Any]]:
    """The entries of a table, none of which is for longer than a quarter. Raises NotScanned."""
    found, last = entries(file, table, keys), (today or this_day()) + QUARTER
    for number, entry in enumerate(found, 1):
        if entry["until"] > last:
            wrong = f"until is after {last}, in {QUARTER.days} days"
            raise NotScanned(f"{file.name}: [[{table}]], entry {number}: {wrong}")
    return found


def mistakes(entry: dict[str, Any], keys: dict[str, Field[Any]]) -> Iterator[str]:
    """What an entry lacks, and what it has that is not as it should be."""
    for name, key in keys.items():
        if name not in entry and key.default is MISSING:
            yield f"{name} is missing"
        # A moment is a day, too, to isinstance.
        elif name in entry and type(entry[name]) is not key.type:
            yield f"{name} is not {KINDS[key.type]}"
    yield from (f"nobody knows {name}" for name in entry if name not in keys)


def is_accepted(package: str, names: Iterable[str], entries: Iterable[Accepted]) -> bool:
    """Whether an advisory that has these names is accepted for the package."""
    wanted = set(names)
    return any(entry.package == package and entry.id in wanted for entry in entries)
