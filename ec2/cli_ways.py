"""The ways into a stack that stands: a shell on a host, a command in a service, a tunnel to its pages."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import click

from ec2 import aws
from ec2.cli import Wish, commands
from ec2.errors import NotThere
from ec2.host_state import HostState
from ec2.look import look_around
from ec2.progress import say
from ec2.reach import met, standing_hosts
from ec2.service_places import Place, named_host, place_of
from ec2.settings import Settings
from ec2.ssh import Session, has_terminal
from ec2.ssh_words import root_words
from ec2.tunnel import TUNNELS, Tunnel, free_port, how_to_read, stored_password

# What follows the name of a host or a service is somebody else's command line.
AS_IT_IS = {"ignore_unknown_options": True, "allow_interspersed_args": False}
BETWEEN_LOOKS_SECONDS = 2.0


@commands.command(context_settings=AS_IT_IS)
@click.argument("host")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def ssh(context: click.Context, host: str, command: tuple[str, ...]) -> None:
    """Open a shell on a host, or run a command there.

    Several words are run as they are; a single one is a line for the host's shell: "df -h | sort". Exits with
    the command's exit status.
    """
    settings = context.obj.settings
    cloud = aws.connect(settings.region)
    wanted = named_host(host, standing_hosts(settings, cloud))
    with met(settings, cloud, [wanted]) as (found,):
        words = ["sh", "-c", *command] if len(command) == 1 else command
        ended = found.reached.shell(words)
    context.exit(ended)


@commands.command("exec", context_settings=AS_IT_IS)
@click.option("--host", metavar="NAME", default="", help="Where several hosts have the service.")
@click.argument("service")
@click.argument("command", nargs=-1, type=click.UNPROCESSED, required=True)
@click.pass_context
def execute(context: click.Context, host: str, service: str, command: tuple[str, ...]) -> None:
    """Run a command in a service's container.

    For example: exec mariadb mariadb microblog. Exits with the command's exit status.
    """
    settings = context.obj.settings
    cloud = aws.connect(settings.region)
    hosts = standing_hosts(settings, cloud)
    with met(settings, cloud, [named_host(host, hosts)] if host else hosts) as found:
        session, place = find(service, look_around(found, say), host)
        terminal = ["--tty"] if has_terminal() else []
        words = ["docker", "exec", "--interactive", *terminal, place.container.id, *command]
        ended = session.shell(root_words(words))
    context.exit(ended)


def find(service: str, looks: Mapping[Session, HostState], host_name: str = "") -> tuple[Session, Place]:
    """Where a service runs, and the session with its host. Raises NotThere."""
    place = place_of(service, {session.host: state for session, state in looks.items()}, host_name)
    return next(session for session in looks if session.host == place.host), place


@commands.command("open")
@click.option("--password", is_flag=True, help="Also print the password.")
@click.argument("service", type=click.Choice(list(TUNNELS)))
@click.pass_obj
def open_(wish: Wish, service: str, password: bool) -> None:
    """Open a tunnel to a service's pages.

    Prints the address on this machine and holds the tunnel until Ctrl-C.
    """
    settings, tunnel = wish.settings, TUNNELS[service]
    cloud = aws.connect(settings.region)
    hosts = [host for host in standing_hosts(settings, cloud) if tunnel.role in host.roles]
    if not hosts:
        raise NotThere(f"no host has the role {tunnel.role}, which {service} belongs to")
    with met(settings, cloud, hosts) as found:
        session, place = find(service, look_around(found, say))
        port = free_port(tunnel.port)
        with until_interrupted(), session.forward(port, f"127.0.0.1:{tunnel.port}"):
            tell_account(
                tunnel, settings, stored_password(cloud("ssm"), tunnel, settings.name) if password else ""
            )
            say(f"{service} on {place.host}, until Ctrl-C:")
            click.echo(f"http://127.0.0.1:{port}/{tunnel.page}")
            hold(session)


def tell_account(tunnel: Tunnel, settings: Settings, password: str) -> None:
    """Whom to log in as."""
    if not tunnel.user:
        return
    say(f"user {tunnel.user}, password {password or 'as this prints it:'}")
    if not password:
        say(f"  {how_to_read(tunnel, settings.name, settings.region)}")


@contextmanager
def until_interrupted() -> Iterator[None]:
    """Ctrl-C is how the work ends."""
    try:
        yield
    except KeyboardInterrupt:
        say("closed")


def hold(session: Session) -> None:
    """Wait until the connection ends. Raises HostUnreachable then."""
    while session.alive():
        time.sleep(BETWEEN_LOOKS_SECONDS)
    raise session.cut("a tunnel", (), 0)
