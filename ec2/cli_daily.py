"""What a person asks a stack that stands: how it is, and what it logs."""

import json
import re
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime, timedelta

import click
from rich.console import Console
from rich.text import Text

from ec2 import aws
from ec2.cli import Wish, as_said, commands
from ec2.host_state import HostState
from ec2.host_state import services as there
from ec2.log_lines import Line
from ec2.logs import Wanted, read_logs
from ec2.look import look_around
from ec2.progress import say
from ec2.reach import met, standing_hosts
from ec2.service_places import check_services
from ec2.status import read_status
from ec2.status_table import print_status

DURATION = re.compile(r"(?:(?P<days>\d+)d)?(?:(?P<hours>\d+)h)?(?:(?P<minutes>\d+)m)?(?:(?P<seconds>\d+)s)?")
EPOCH = datetime.fromtimestamp(0, UTC)
TAIL = "100"
# Read on dark and on light.
COLOURS = ("cyan", "green", "yellow", "blue", "magenta", "bright_cyan", "bright_green", "bright_blue")


@commands.command()
@click.option("--json", "in_json", is_flag=True, help="For scripts.")
@click.pass_context
def status(context: click.Context, in_json: bool) -> None:
    """Show how every host and service is.

    Exits with 0 when every service is healthy and all hosts are on one release, with 1 when anything is not
    so. A host that is stopped or does not answer is shown as that.
    """
    found = read_status(context.obj.settings)
    if in_json:
        click.echo(json.dumps(found.plain(), indent=2))
    else:
        print_status(Console(emoji=False, highlight=False), found, as_said)
    context.exit(1 if found.problems else 0)


def read_since(_: click.Context, __: click.Parameter, given: str) -> str:
    """A time as host/logs.py takes it, from 10m, 2h30m, 3d or 2026-01-31T12:00:00, in UTC as the logs are."""
    if not given:
        return ""
    try:
        if match := DURATION.fullmatch(given):
            ago = timedelta(**{unit: int(number) for unit, number in match.groupdict(default="0").items()})
            return f"-{ago.total_seconds():.0f}"
        moment = datetime.fromisoformat(given)
    except (ValueError, OverflowError):
        raise click.BadParameter(f"'{given}' is no duration such as 10m or 2h, nor a time") from None
    return f"{max(moment if moment.tzinfo else moment.replace(tzinfo=UTC), EPOCH).timestamp():.0f}"


def read_tail(_: click.Context, __: click.Parameter, given: str) -> str:
    """How many lines, or all."""
    if given and given != "all" and not given.isdecimal():
        raise click.BadParameter(f"'{given}' is no number of lines, nor 'all'")
    return given


@commands.command()
@click.option("-f", "--follow", is_flag=True, help="Go on until Ctrl-C.")
@click.option(
    "--since", metavar="TIME", default="", callback=read_since, help="From then on: 10m, 2h, 3d, 2026-01-31."
)
@click.option(
    "--tail",
    metavar="N",
    default="",
    callback=read_tail,
    help="The last N lines of each service; 100 unless a time is given.",
)
@click.argument("services", nargs=-1, metavar="[SERVICE]...")
@click.pass_obj
def logs(wish: Wish, follow: bool, since: str, tail: str, services: tuple[str, ...]) -> None:
    """Show what services log, over all hosts in order of time.

    Of every service unless some are named. A host that does not answer is named, and the others are shown.
    """
    settings = wish.settings
    cloud = aws.connect(settings.region)
    with met(settings, cloud, standing_hosts(settings, cloud)) as found:
        looks = look_around(found, say)
        check_services(services, looks.values())
        wanted = {session: names for session, state in looks.items() if (names := chosen(state, services))}
        sources = [f"{session.host}/{name}" for session, names in wanted.items() for name in names]
        lines = read_logs(Wanted(follow, since, tail or ("all" if since else TAIL)), wanted, say)
        try:
            # Closed before the sessions are, whatever ends the printing.
            with closing(lines):
                print_lines(Console(emoji=False, highlight=False), lines, sources)
        except KeyboardInterrupt:
            if not follow:
                raise


def chosen(state: HostState, services: tuple[str, ...]) -> tuple[str, ...]:
    """The services of a host that are wanted: all of them where none is named."""
    return tuple(name for name in there([state]) if not services or name in services)


def print_lines(page: Console, lines: Iterable[Line], sources: list[str]) -> None:
    """Each line after the name of its source, in the source's colour."""
    width = max(map(len, sources), default=0)
    colours = {source: COLOURS[place % len(COLOURS)] for place, source in enumerate(sources)}
    for line in lines:
        name = Text(line.source.ljust(width), colours.get(line.source, COLOURS[0]))
        page.print(Text.assemble(name, (" | ", "dim"), line.text), soft_wrap=True)
