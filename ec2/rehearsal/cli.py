"""What a person says to the local EC2, and the only place where errors become lines on the terminal."""

import json
import logging
import sys
from contextlib import suppress
from ipaddress import IPv4Network

import click
from rich.console import Console
from rich.markup import escape

from ec2.rehearsal import process
from ec2.rehearsal.errors import RehearsalError
from ec2.rehearsal.removal import remove_everything
from ec2.rehearsal.settings import POOL, Rehearsal
from ec2.rehearsal.status import describe, environment, print_status
from ec2.rehearsal.trial import try_out

# Progress and errors; what was asked for goes to stdout.
talk = Console(stderr=True, emoji=False, highlight=False)
page = Console(emoji=False, highlight=False)


class Pool(click.ParamType[IPv4Network]):
    """A range of addresses."""

    name = "range"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> IPv4Network:
        """An IPv4 network of at least 32 addresses, or a usage error."""
        try:
            network = IPv4Network(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)
        if network.prefixlen > 27:
            self.fail(f"{network} is too small: at least 32 addresses, a /27", param, ctx)
        return network


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--name", default="rehearsal", show_default=True, help="Which local EC2; several run side by side."
)
@click.option(
    "--port", type=click.IntRange(1024, 65535), help="Where its API listens on 127.0.0.1.  [default: 4566]"
)
@click.option("--pool", type=Pool(), help=f"Its public addresses.  [default: {POOL}]")
@click.option("--bare", is_flag=True, default=None, help="Debian's image comes without Docker, as on AWS.")
@click.pass_context
def commands(context: click.Context, /, name: str, **choices: object) -> None:
    """A local EC2: AWS's API on loopback, with real Debian hosts behind it.

    Without a COMMAND it is served in the foreground. Point AWS_ENDPOINT_URL at it, with any credentials.
    """
    context.obj = Rehearsal.remembered(name).with_choices(**choices)
    if context.invoked_subcommand is None:
        context.invoke(serve)


@commands.command()
@click.pass_obj
def serve(rehearsal: Rehearsal) -> None:
    """Serve it until Ctrl-C; its hosts go on, and the next start has the same cloud."""
    # All of AWS takes seconds to import; the other commands only ask for it.
    from ec2.rehearsal.cloud import serve_until_told

    logging.basicConfig(format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    logging.getLogger("ec2.rehearsal").setLevel(logging.WARNING)
    serve_until_told(rehearsal, say)


@commands.command()
@click.pass_obj
def start(rehearsal: Rehearsal) -> None:
    """Serve it behind, and return when it answers; one that runs already is left alone."""
    if process.running(rehearsal):
        talk.print(f"the cloud '{rehearsal.name}' runs already at {rehearsal.endpoint}")
        return
    process.start(rehearsal, rehearsal.words(), say)


@commands.command()
@click.pass_obj
def stop(rehearsal: Rehearsal) -> None:
    """End its process; the hosts go on, and start has the same cloud again."""
    talk.print("stopped; its hosts go on" if process.stop(rehearsal) else "it was not running")


@commands.command("try")
@click.pass_obj
def try_(rehearsal: Rehearsal) -> None:
    """Launch a stack with one host, and reach it by SSH: proof that this machine can rehearse."""
    page.print(escape(try_out(rehearsal, say)), soft_wrap=True)


@commands.command()
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_obj
def status(rehearsal: Rehearsal, as_json: bool) -> None:
    """Show its hosts, stacks, groups and addresses."""
    known = describe(rehearsal)
    if as_json:
        click.echo(json.dumps(known, indent=2))
    else:
        print_status(page, rehearsal, known)


@commands.command("environment")
@click.pass_obj
def environment_(rehearsal: Rehearsal) -> None:
    """Print the variables that point AWS's clients at it: export $(python -m ec2.rehearsal environment)"""
    click.echo(" ".join(f"{name}={value}" for name, value in environment(rehearsal).items()))


@commands.command()
@click.pass_obj
def down(rehearsal: Rehearsal) -> None:
    """Remove it: process, hosts, disks, networks, rules and state. Nothing of it is left."""
    with talk.status("removing"):
        process.stop(rehearsal)
        gone = remove_everything(rehearsal)
    page.print(gone)


def say(sentence: str) -> None:
    """Say something, unless the disk that it would go to is full."""
    with suppress(OSError):
        talk.print(escape(sentence), soft_wrap=True)


def main() -> None:
    """Run a command; a RehearsalError is one red account and exit 1, wrong usage exit 2."""
    try:
        commands()
    except RehearsalError as error:
        talk.print(f"[red]{escape(error.message)}", soft_wrap=True)
        for hint in error.hint.splitlines():
            talk.print(f"try: {escape(hint)}", soft_wrap=True)
        sys.exit(1)
