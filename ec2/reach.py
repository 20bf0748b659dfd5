"""From a stack as it stands to sessions with its hosts: what every command needs that looks at hosts."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from ec2 import aws, inventory
from ec2.deployer_key import DeployerKey, deployer_key, on_disk
from ec2.everywhere import connected
from ec2.host_keys import pin_host_keys
from ec2.inventory import Host
from ec2.settings import Settings
from ec2.ssh import Session
from ec2.stack import Stack


def standing_hosts(settings: Settings, cloud: aws.Clients) -> tuple[Host, ...]:
    """Every host of the stack, by name. Raises StackFailed when there is no stack."""
    return inventory.hosts(Stack(settings.name, cloud("cloudformation"), lambda _: None).outputs())


@contextmanager
def standing(settings: Settings, cloud: aws.Clients) -> Iterator[list[Session]]:
    """A session with every host of the stack. Raises StackFailed, HostUnreachable, SeveralFailed."""
    hosts = standing_hosts(settings, cloud)
    with reached(hosts, cloud, deployer_key(cloud("ssm"), settings.name)) as sessions:
        yield sessions


@contextmanager
def reached(hosts: Sequence[Host], cloud: aws.Clients, key: DeployerKey) -> Iterator[list[Session]]:
    """A session with each of the hosts, its keys pinned from its console. Raises as standing does."""
    with on_disk(key) as folder:
        known_hosts = folder / "known_hosts"
        pin_host_keys(cloud("ec2"), hosts, known_hosts)
        with connected(hosts, folder / "key", known_hosts) as sessions:
            yield sessions
