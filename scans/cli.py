"""What a person or a pipeline says to the scans."""

import os
import sys

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from compose.errors import StackError
from scans import dependency_check
from scans.accepted import accepted_gaps
from scans.engine import built_images
from scans.every import SCANS, Gap, acceptance, gaps, scan_all
from scans.outcome import CLEAN, FOUND, NOT_SCANNED, REPORTS, ROOT, NotScanned, Outcome
from scans.sbom import write_boms

COLOURS = {CLEAN: "green", FOUND: "red", NOT_SCANNED: "yellow"}
# A log of Jenkins has no width, and whoever closes the output has none at all.
on_terminal = sys.stdout is not None and sys.stdout.isatty()
page = Console(emoji=False, highlight=False, soft_wrap=True, width=None if on_terminal else 160)

talk = Console(stderr=True, emoji=False, highlight=False, soft_wrap=True)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def commands() -> None:
    """Look for known vulnerabilities, pending updates, mistakes and secrets."""


@commands.command()
@click.argument("names", nargs=-1, type=click.Choice(list(SCANS)))
def run(names: tuple[str, ...]) -> None:
    """Make the scans, all without NAMES; exit 1 where one found something."""
    outcomes = scan_all(names or SCANS, REPORTS)
    page.print(table(outcomes))
    for outcome in outcomes:
        for line in outcome.findings:
            page.print(f"[red]found[/] {outcome.scan}: {escape(line)}")
        for line in outcome.unscanned:
            page.print(f"[yellow]not scanned[/] {outcome.scan}: {escape(line)}")
    sys.exit(any(outcome.findings for outcome in outcomes))


@commands.command()
@click.argument("names", nargs=-1, type=click.Choice(list(SCANS)))
def complete(names: tuple[str, ...]) -> None:
    """Exit 1 where the last run could not look at something: no news is no good news.

    Asks about all scans without NAMES. What scans/accepted.toml accepts is told and does not count.
    """
    missing = gaps(REPORTS, accepted_gaps(), names or SCANS)
    for gap in missing:
        page.print(f"[yellow]not scanned[/] {escape(str(gap))}")
    sys.exit(any(not gap.accepted for gap in missing))


@commands.command()
def advisories() -> None:
    """Fetch Dependency-Check's data, with the key in $NVD_API_KEY; exit 1 where that was not possible.

    Where scans/accepted.toml has Dependency-Check look at nothing, that is told and no failure.
    """
    try:
        page.print(escape(dependency_check.fetch(os.environ.get("NVD_API_KEY", ""))))
    except NotScanned as reason:
        name, why = dependency_check.SCAN, str(reason)
        accepted = acceptance(name, why, accepted_gaps())
        if accepted is None:
            raise
        page.print(f"[yellow]not fetched[/] {escape(str(Gap(name, why, accepted)))}")


@commands.command()
def sbom() -> None:
    """Write a bill of materials (CycloneDX) for each image into reports/sbom."""
    images = built_images()
    files = write_boms(images, ROOT / "reports/sbom")
    page.print(f"wrote {len(files)} bills of materials to reports/sbom")
    for image in images:
        if not image.id:
            page.print(f"[yellow]none[/] for {image.service}: {escape(image.name)} is not on this machine")


def table(outcomes: list[Outcome]) -> Table:
    """A row per scan."""
    made = Table("scan", "outcome", "looked at", "found", "not looked at", box=None, pad_edge=False)
    for outcome in outcomes:
        colour = COLOURS[outcome.state]
        made.add_row(
            outcome.scan,
            f"[{colour}]{outcome.state}[/]",
            escape(seen(outcome)),
            str(len(outcome.findings)),
            str(len(outcome.unscanned)),
        )
    return made


def seen(outcome: Outcome) -> str:
    """What was looked at: the thing itself where it is one, else how many."""
    return outcome.scanned[0] if len(outcome.scanned) == 1 else str(len(outcome.scanned))


def main() -> None:
    """Run a command; what could not be looked at is one line and exit 1."""
    try:
        commands(prog_name="python -m scans")
    except NotScanned as reason:
        talk.print(f"[yellow]not scanned[/]: {escape(str(reason))}")
        sys.exit(1)
    except StackError as error:
        talk.print(f"[yellow]not scanned[/]: {escape(error.message)}")
        for hint in error.hint.splitlines():
            talk.print(f"try: {escape(hint)}")
        sys.exit(1)
