"""What a person says to the local stack, and the only place where errors become lines on the terminal."""

import os
import sys
import time

import click
from rich.console import Console
from rich.markup import escape
from rich.status import Status
from rich.text import Text

from compose.engine import Engine
from compose.errors import StackError
from compose.project import ROLES, Project
from compose.secret_files import check_removable, remove_all
from compose.table import service_table
from compose.up import Outcome, bring_up, prepare_images

# Progress and errors; the table goes to stdout.
talk = Console(stderr=True, emoji=False, highlight=False)
page = Console(emoji=False, highlight=False)

roles_argument = click.argument("roles", nargs=-1, type=click.Choice(ROLES))


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def commands() -> None:
    """The whole stack on this machine, as one compose project.

    ROLES are app, database, jenkins and monitoring; without any, all of them.
    """


@commands.command()
@roles_argument
def up(roles: tuple[str, ...]) -> None:
    """Build what is missing, start what does not run, wait until all is healthy."""
    started = time.monotonic()
    with talk.status("looking at this machine") as status:
        outcome = bring_up(project(roles), lambda sentence: show(status, sentence))
    page.print(service_table(outcome.services, outcome.containers, outcome.left_out))
    conclude(outcome, time.monotonic() - started)


@commands.command()
@roles_argument
@click.option("--fresh", is_flag=True, help="Make every layer anew, with the packages of today.")
def build(roles: tuple[str, ...], fresh: bool) -> None:
    """Build every image, start nothing."""
    chosen = project(roles)
    with talk.status("looking at this machine") as status:
        left_out = prepare_images(Engine(), chosen, lambda sentence: show(status, sentence), fresh)
    page.print(f"built {len(chosen.chosen) - len(left_out)} images")
    name_left_out(left_out)


@commands.command()
def down() -> None:
    """Stop and remove every container; all data stays."""
    Engine()
    with talk.status("stopping; the database writes what it holds in memory"):
        project().run("down", "--remove-orphans")
    page.print("stopped; the data is kept in volumes, make up goes on with it")


@commands.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
def clean(yes: bool) -> None:
    """Remove every container, every volume and the secrets, after asking."""
    Engine()
    whole = project()
    check_removable(whole.secrets_folder)
    if not yes:
        if not sys.stdin.isatty():
            raise StackError(
                "clean removes all data and nobody is here to ask", "python -m compose clean --yes"
            )
        click.confirm(f"Remove all data of the project '{whole.name}'?", abort=True)
    whole.run("down", "--volumes", "--remove-orphans")
    remove_all(whole.secrets_folder)
    page.print("removed: containers, volumes, secrets; the images are kept")


@commands.command()
def ps() -> None:
    """Show every service, its state and its address."""
    Engine()
    whole = project()
    page.print(service_table(whole.services.values(), whole.containers(), {}))


@commands.command()
@click.option("--follow", "-f", is_flag=True, help="Go on with what comes.")
@click.argument("services", nargs=-1)
def logs(follow: bool, services: tuple[str, ...]) -> None:
    """Show the last lines of the services' logs, of all without SERVICES."""
    Engine()
    whole = project()
    if unknown := sorted(set(services) - set(whole.services)):
        raise StackError(f"no service is called {', '.join(unknown)}", f"one of {', '.join(whole.services)}")
    sys.exit(whole.hand_over("logs", "--tail", "50", *(["--follow"] if follow else []), *services))


def project(roles: tuple[str, ...] = ()) -> Project:
    """The project that the environment names, with the given roles or all."""
    return Project(os.environ.get("COMPOSE_PROJECT_NAME", "microblog"), roles or ROLES)


def show(status: Status, sentence: str) -> None:
    """Replace the moving line on a terminal; elsewhere print what is not a mere build step."""
    if talk.is_terminal:
        status.update(Text(sentence))
    elif not sentence.startswith("building, "):
        talk.print(escape(sentence))


def conclude(outcome: Outcome, seconds: float) -> None:
    """The last lines: what changed, what was left out, and where the passwords are."""
    name_left_out(outcome.left_out)
    running = len(outcome.services) - len(outcome.left_out)
    if outcome.started:
        names = "" if len(outcome.started) == running else f" ({', '.join(outcome.started)})"
        page.print(
            f"\n{len(outcome.started)} of {running} services started{names}, all healthy, in {seconds:.0f} s",
            soft_wrap=True,
        )
    else:
        page.print(f"\nnothing changed: {running} services were healthy already ({seconds:.1f} s)")


def name_left_out(left_out: dict[str, str]) -> None:
    """One line per service that is not there, with what to do."""
    for name, reason in left_out.items():
        talk.print(f"[yellow]{name} was left out[/]: {escape(reason)}", soft_wrap=True)


def main() -> None:
    """Run a command; a StackError is one red account and exit 1, wrong usage exit 2."""
    try:
        commands()
    except StackError as error:
        talk.print(f"[red]{escape(error.message)}", soft_wrap=True)
        for hint in error.hint.splitlines():
            talk.print(f"try: {escape(hint)}", soft_wrap=True)
        sys.exit(1)
