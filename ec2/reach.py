"""From a stack as it stands to sessions with its hosts: what every command needs that looks at hosts."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from ec2 import aws, host_keys, inventory
from ec2.deployer_key import DeployerKey, deployer_key, on_disk
from ec2.errors import HostUnreachable, LauncherError, StackFailed
from ec2.everywhere import connected, interrupt, side_by_side
from ec2.host_keys import pin_host_keys
from ec2.instances import MOVING, states
from ec2.inventory import Host
from ec2.settings import Settings
from ec2.signals import signals_as_exceptions
from ec2.ssh import Session
from ec2.stack import Stack

# Of a host that has long been up: its console shows its keys at once, and one attempt is enough.
QUICK_LIMIT_SECONDS = 10.0
# From an instance's state to what can be done about it.
WAYS_ON = {
    "stopped": "python -m ec2 start",
    **dict.fromkeys(MOVING, "repeat the command in a moment"),
}


@dataclass(frozen=True)
class Met:
    """A host as it was found: its instance's state, and a session with it or why there is none."""

    host: Host
    state: str
    session: Session | None = None
    failure: LauncherError | None = None

    @property
    def reached(self) -> Session:
        """The session. Raises the LauncherError that stood in its way."""
        if self.session is None:
            raise self.failure or HostUnreachable(f"{self.host} was not reached")
        return self.session


def standing_hosts(settings: Settings, cloud: aws.Clients) -> tuple[Host, ...]:
    """Every host of the stack, by name. Raises StackFailed when there is no stack, or none with hosts."""
    stack = Stack(settings.name, cloud("cloudformation"), lambda _: None)
    hosts = inventory.hosts(stack.outputs())
    if not hosts:
        raise StackFailed(
            f"the stack '{settings.name}' is {stack.status()} and has no hosts", "python -m ec2 deploy"
        )
    return hosts


@contextmanager
def standing(settings: Settings, cloud: aws.Clients) -> Iterator[list[Session]]:
    """A session with every host of the stack. Raises StackFailed, HostUnreachable, SeveralFailed."""
    hosts = standing_hosts(settings, cloud)
    with reached(hosts, cloud, deployer_key(cloud("ssm"), settings.name)) as sessions:
        yield sessions


@contextmanager
def reached(hosts: Sequence[Host], cloud: aws.Clients, key: DeployerKey) -> Iterator[list[Session]]:
    """A session with each of the hosts, its keys pinned from its console. Raises as standing does.

    Whichever way the work ends, the key is on this machine no longer.
    """
    with signals_as_exceptions(), on_disk(key) as folder:
        known_hosts = folder / "known_hosts"
        pin_host_keys(cloud("ec2"), hosts, known_hosts)
        with connected(hosts, folder / "key", known_hosts) as sessions:
            yield sessions


@contextmanager
def met(
    settings: Settings,
    cloud: aws.Clients,
    hosts: Sequence[Host],
    limit_seconds: float = QUICK_LIMIT_SECONDS,
) -> Iterator[list[Met]]:
    """Each of the hosts as it is found: one that is down or does not answer is no error.

    Whichever way the work ends, the key is on this machine no longer.
    """
    key = deployer_key(cloud("ssm"), settings.name)
    with signals_as_exceptions(), on_disk(key) as folder, ExitStack() as closing:
        sessions = [
            Session(host, folder / "key", folder / host.name, connect_limit_seconds=limit_seconds)
            for host in hosts
        ]
        for session in sessions:
            closing.callback(session.close)
        found, ending = states(cloud("ec2"), hosts), threading.Event()

        def give_up() -> None:
            ending.set()
            interrupt(sessions)

        yield side_by_side(
            sessions,
            lambda session: meet(session, found[session.host], cloud, limit_seconds, ending),
            give_up,
        )


def meet(
    session: Session, state: str, cloud: aws.Clients, limit_seconds: float, ending: threading.Event
) -> Met:
    """The host of a session that is not open yet."""
    host = session.host
    if state != "running":
        way_on = WAYS_ON.get(state, f"aws ec2 describe-instances --instance-ids {host.instance_id}")
        return Met(host, state, failure=HostUnreachable(f"{host} is {state}", way_on))
    try:
        pin(session, cloud, limit_seconds, ending)
        return Met(host, state, session.__enter__())
    except LauncherError as error:
        return Met(host, state, failure=error)


def pin(session: Session, cloud: aws.Clients, limit_seconds: float, ending: threading.Event) -> None:
    """Have the host's keys, from its console, in a file of its own."""
    host, file = session.host, Path(session.connection.known_hosts_file)
    keys = host_keys.read_host_keys(cloud("ec2"), host, limit_seconds, ending)
    host_keys.write(file, host_keys.known_hosts_lines([host], {host.instance_id: keys}))
