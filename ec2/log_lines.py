"""Lines of logs as ec2/host/logs.py prints them, and their merging over hosts; pure."""

import heapq
import re
from dataclasses import dataclass, field

# Docker's times have nine decimals, all in UTC, so they are in order as they are in the alphabet.
LINE = re.compile(r"(?P<service>\S+)-(?P<number>\d+) (?P<at>\d{4}-\d\d-\d\dT\S+Z) ?(?P<text>.*)")
# Whatever else a line holds, it does not move the cursor or change the title of the window: strangers write
# into logs, too.
CODES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)?|[\x00-\x08\x0b-\x1f\x7f-\x9f]"
)
# Lines of the same moment come over several connections.
HOLD_SECONDS = 0.5


@dataclass(frozen=True, order=True)
class Line:
    """A line of a service's log."""

    at: str
    host: str
    service: str
    text: str

    @property
    def source(self) -> str:
        """Who said it: app/nginx."""
        return f"{self.host}/{self.service}"


def read_line(host: str, printed: str) -> Line | None:
    """The line that a host printed; nothing for one that is only a sign of life."""
    match = LINE.fullmatch(printed)
    if match is None:
        return None
    number = "" if match["number"] == "1" else f"-{match['number']}"
    return Line(match["at"], host, match["service"] + number, CODES.sub("", match["text"]).expandtabs())


@dataclass
class Merger:
    """Lines of several hosts in order: each is held for a moment, since one before it may still come."""

    hold_seconds: float = HOLD_SECONDS
    held: list[tuple[Line, float]] = field(default_factory=list)

    def add(self, line: Line, now: float) -> None:
        """Take a line that came now, by a clock that never goes back."""
        heapq.heappush(self.held, (line, now))

    def ripe(self, now: float) -> list[Line]:
        """The lines that need to wait no longer, with those before them."""
        due = [line for line, came in self.held if now - came >= self.hold_seconds]
        return self.until(max(due)) if due else []

    def until(self, last: Line) -> list[Line]:
        """The lines up to that one."""
        lines = []
        while self.held and self.held[0][0] <= last:
            lines.append(heapq.heappop(self.held)[0])
        return lines

    def rest(self) -> list[Line]:
        """All that is held."""
        return self.until(max(line for line, _ in self.held)) if self.held else []
