"""The releases as a person reads them."""

from collections.abc import Callable
from datetime import datetime

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ec2.history import History
from ec2.ledger import BEGUN, DONE, Entry

OUTCOMES = {DONE: "done", BEGUN: "[yellow]broken off[/]"}

# With a release of a commit, all of it has room in 80 columns.
WIDTHS = {"": 1, "release": 28, "what": 14, "outcome": 7, "time": 5, "sent": 7, "who": 4}


def print_history(page: Console, history: History, limit: int, as_said: Callable[[str], str] = str) -> None:
    """The last deployments, the newest first; what serves and what can be rolled back to is marked."""
    shown = Table(box=None, header_style="bold", pad_edge=False)
    for column, least in WIDTHS.items():
        numbers = column in ("time", "sent")
        shown.add_column(column, no_wrap=True, justify="right" if numbers else "left", min_width=least)
    marked: set[str] = set()
    for entry in reversed(history.entries[-limit:]):
        shown.add_row(*row(entry, "" if entry.release in marked else mark(entry, history)))
        marked.add(entry.release)
    page.print(shown)
    page.print(f"\n* serves   + kept: {escape(as_said('python -m ec2 rollback RELEASE'))}", soft_wrap=True)
    if history.entries and history.entries[-1].message:
        page.print(f"the last one failed: {escape(history.entries[-1].message)}", soft_wrap=True)


def mark(entry: Entry, history: History) -> str:
    """Whether the release serves or can."""
    if entry.release in history.serving.values():
        return "*"
    return "+" if entry.release in history.kept else ""


def row(entry: Entry, marked: str) -> tuple[str, ...]:
    """One line of the table; when a release was made its id tells."""
    at = datetime.fromisoformat(entry.at).strftime(" %H:%M") if entry.action != "deploy" else ""
    spent = f"{sum(entry.seconds.values()):.0f} s" if entry.seconds else ""
    sent = f"{entry.uplink_bytes / 1e6:.1f} MB" if entry.uplink_bytes else ""
    outcome = OUTCOMES.get(entry.outcome, f"[red]{entry.outcome}[/]")
    return marked, entry.release, entry.action + at, outcome, spent, sent, entry.who
