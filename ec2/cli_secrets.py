"""The secrets that only a person can give, from a terminal or a pipe: in no argument, no log, no answer."""

import sys

import click
from rich.console import Console
from rich.table import Table

from ec2 import aws
from ec2.cli import Wish, as_said, commands
from ec2.given_secrets import GIVEN, give, given_secrets, take_back


@commands.command()
@click.argument("name", type=click.Choice(tuple(GIVEN)), required=False)
@click.option("--list", "wants_list", is_flag=True, help="Which there are and since when, never what.")
@click.option("--remove", is_flag=True, help="Forget it.")
@click.pass_obj
def secret(wish: Wish, name: str | None, wants_list: bool, remove: bool) -> None:
    """Give the stack a secret that only you know.

    The value is asked for without being shown, or read from standard input where that is no terminal. It is
    kept encrypted in the Parameter Store, in reach of the hosts that need it alone; the next deployment
    brings it there.
    """
    if wants_list == bool(name) or (remove and wants_list):
        raise click.UsageError("name a secret, or ask for the --list")
    settings = wish.settings
    ssm = aws.connect(settings.region)("ssm")
    if name is None:
        print_given(Console(emoji=False, highlight=False), ssm, settings.name)
    elif remove:
        there = take_back(ssm, settings.name, name)
        click.echo(f"{name} is forgotten" if there else f"nobody has given {name}")
    else:
        give(ssm, settings.name, name, read_value(name))
        click.echo(as_said(f"{name} is kept; python -m ec2 deploy brings it to its hosts"))


def read_value(name: str) -> str:
    """What a person types unseen, or the text of a pipe without the end of its line."""
    if sys.stdin.isatty():
        return str(click.prompt(name, hide_input=True, confirmation_prompt=True, err=True))
    # What is no UTF-8 is refused where every value is.
    given = sys.stdin.buffer.read().decode(errors="surrogateescape")
    return given.removesuffix("\n").removesuffix("\r")


def print_given(page: Console, ssm: object, stack: str) -> None:
    """A line for each."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("secret", "given"):
        table.add_column(heading, no_wrap=True)
    for each in given_secrets(ssm, stack):
        table.add_row(each.name, f"{each.since:%Y-%m-%d %H:%M}" if each.since else "no")
    page.print(table)
