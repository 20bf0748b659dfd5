"""What a person says about releases: which there were, how two differ, and back to one."""

import json
import subprocess
from dataclasses import asdict

import click
from rich.console import Console
from rich.markup import escape

from ec2 import aws
from ec2.cli import Wish, as_said, commands, require_terminal
from ec2.comparison import Comparison, read_comparison
from ec2.errors import NotWanted
from ec2.everywhere import everywhere
from ec2.history import History, read_history
from ec2.history_table import print_history
from ec2.ledger import Entry
from ec2.progress import Working, say
from ec2.reach import standing
from ec2.rollback import roll_back


@commands.command()
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="How many.")
@click.option("--json", "in_json", is_flag=True, help="For scripts.")
@click.pass_obj
def releases(wish: Wish, limit: int, in_json: bool) -> None:
    """List the deployments, the newest first.

    Who deployed what when, what came of it, how long it took and what was sent; the release that serves, and
    those that a rollback can return to.
    """
    with standing(wish.settings, aws.connect(wish.settings.region)) as sessions:
        history = read_history(sessions)
    if in_json:
        rows = [asdict(entry) for entry in history.entries[-limit:]]
        plain = {"serving": dict(history.serving), "kept": sorted(history.kept), "entries": rows}
        click.echo(json.dumps(plain, indent=2))
    else:
        print_history(Console(emoji=False, highlight=False), history, limit, as_said)


@commands.command()
@click.argument("release", default="")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def rollback(wish: Wish, release: str, yes: bool) -> None:
    """Return to an earlier RELEASE.

    To the one before what serves, unless another is named by its id or commit. Its images, configuration and
    secrets are still on the hosts, so nothing is built or sent, and nobody notices. The database keeps its
    schema.
    """
    with Working("rolling back") as working:

        def agreed(history: History, entry: Entry) -> None:
            with working.asking():
                agree(history, entry, yes)

        done = roll_back(wish.settings, release, agreed, working.say)
    click.echo(f"every host runs {done.to_release}, healthy, after {done.seconds:.1f} s")


@commands.command()
@click.argument("before", default="")
@click.argument("after", default="")
@click.pass_obj
def diff(wish: Wish, before: str, after: str) -> None:
    """Show how two releases differ.

    BEFORE and AFTER are ids or commits; unless given, the release before what serves, and what serves.
    """
    with standing(wish.settings, aws.connect(wish.settings.region)) as sessions:
        history = read_history(sessions)
        new = history.require_kept(history.find(after or history.serves()))
        old = history.require_kept(history.find(before) if before else history.before_current())
        found = everywhere(sessions, lambda one: read_comparison(one, old.release, new.release))
    page = Console(emoji=False, highlight=False)
    page.print(f"from {old.release} to {new.release}", soft_wrap=True)
    for line in commits(old.commit, new.commit):
        page.print(f"  {escape(line)}", soft_wrap=True)
    for session, comparison in zip(sessions, found, strict=True):
        print_comparison(page, session.host.name, comparison)


def print_comparison(page: Console, host: str, comparison: Comparison) -> None:
    """What differs on one host."""
    page.print(f"[bold]{host}[/]{': the same' if comparison.same else ''}")
    for service, (old, new) in comparison.images.items():
        page.print(f"  image of {service}: {old or 'none'} → {new or 'none'}", soft_wrap=True)
    for name, (old, new) in comparison.variables.items():
        page.print(f"  {name}: {escape(repr(old))} → {escape(repr(new))}", soft_wrap=True)
    for name, lines in comparison.files.items():
        page.print(f"  {name}")
        for line in lines:
            colour = {"+": "green", "-": "red"}.get(line[:1], "default")
            page.print(f"    [{colour}]{escape(line)}[/]", soft_wrap=True)


def commits(old: str, new: str) -> list[str]:
    """The commits between two, as far as this repository has them."""
    between = f"{old.removesuffix('-dirty')}..{new.removesuffix('-dirty')}"
    words = ["git", "log", "--oneline", "--no-decorate", between]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return done.stdout.splitlines() if done.returncode == 0 else []


def agree(history: History, target: Entry, yes: bool) -> None:
    """Say where it goes and ask; raises NotWanted."""
    say(f"from {history.current or 'different releases'} back to {target.release}")
    if yes:
        return
    require_terminal("nobody is here to agree")
    if not click.confirm("Do that?", err=True):
        raise NotWanted("nothing was changed")
