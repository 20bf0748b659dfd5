"""The whole stack off and on again, to save money overnight."""

from collections.abc import Sequence

import click

from ec2 import power
from ec2.cli import Wish, as_said, commands, require_terminal
from ec2.errors import NotWanted
from ec2.inventory import Host
from ec2.progress import Working, say


@commands.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def stop(wish: Wish, yes: bool) -> None:
    """Stop every host; the data and the addresses stay.

    Elastic IPs and volumes go on costing. A host that is protected from being stopped stays on, and so do all
    others. Safe to run twice.
    """
    name = wish.settings.name
    stopped = power.stop(wish.settings, lambda hosts: agree(name, hosts, yes), say)
    if stopped:
        again = as_said("python -m ec2 start")
        click.echo(f"{', '.join(map(str, stopped))} stopped; start again with: {again}")
    else:
        click.echo(f"every host of '{name}' is stopped already")


def agree(name: str, hosts: Sequence[Host], yes: bool) -> None:
    """Say what it means and ask; raises NotWanted."""
    until = as_said("until 'python -m ec2 start'")
    say(f"to stop {', '.join(map(str, hosts))}: nobody reaches the microblog {until}")
    say(as_said("Elastic IPs and volumes go on costing; 'python -m ec2 destroy' ends that"))
    if yes:
        return
    require_terminal("nobody is here to agree")
    if not click.confirm(f"Stop the stack '{name}'?", err=True):
        raise NotWanted("nothing was changed")


@commands.command()
@click.pass_obj
def start(wish: Wish) -> None:
    """Start every host, and wait until all is healthy.

    Services come back by themselves; nothing is deployed. Safe to run twice.
    """
    with Working("starting every host") as working:
        hosts = power.start(wish.settings, working.say)
    address = next((host.address for host in hosts if "app" in host.roles), "")
    click.echo(f"every service is healthy; the microblog is at http://{address}/")
