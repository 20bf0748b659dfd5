"""Security groups: a connection opens only where a group of the interface permits it; its replies pass."""

from collections.abc import Callable, Iterable

from ec2.rehearsal.network import nft
from ec2.rehearsal.network.matches import matches, reach
from ec2.rehearsal.network.model import Interface, Network, Permission, SecurityGroup

TRACKED = ("ct state established,related accept", "ct state invalid counter drop")
Side = Callable[[SecurityGroup], tuple[Permission, ...]]


def parts(network: Network) -> list[str]:
    """The members of every group, the permissions of every group, and the groups of every interface."""
    return [
        *members(network),
        *direction(network, "in", "saddr", lambda group: group.ingress),
        *direction(network, "out", "daddr", lambda group: group.egress),
    ]


def judged(way: str, address: str) -> list[str]:
    """The end of a base chain: the interface's groups decide, and silence is a refusal."""
    return [
        *TRACKED,
        f"ip {address} vmap @groups-{way}",
        nft.rule("counter drop", because="an address of no running instance"),
    ]


def members(network: Network) -> list[str]:
    """Private addresses only: a member that comes by its public address is a stranger, as in AWS."""
    known = {group.id for group in network.groups}
    return [
        nft.named_set(
            f"members-{group}", "ipv4_addr", {i.private for i in network.interfaces if group in i.groups}
        )
        for group in sorted(known | set(named_as_peers(network.groups)))
    ]


def named_as_peers(groups: Iterable[SecurityGroup]) -> list[str]:
    permissions = [p for group in groups for p in (*group.ingress, *group.egress)]
    return [permission.peer for permission in permissions if isinstance(permission.peer, str)]


def direction(network: Network, way: str, end: str, side: Side) -> list[str]:
    """One chain per group, one per interface that asks its groups in turn, and the map to them."""
    known = {group.id for group in network.groups}
    verdicts = {i.private: f"goto {way}-{nft.identifier(i.instance)}" for i in network.interfaces}
    return [
        *(group_chain(group, way, end, side(group)) for group in network.groups),
        *(interface_chain(interface, way, known) for interface in network.interfaces),
        nft.named_map(f"groups-{way}", "ipv4_addr : verdict", verdicts),
    ]


def group_chain(group: SecurityGroup, way: str, end: str, permissions: Iterable[Permission]) -> str:
    return nft.chain(
        f"{way}-{group.id}",
        [nft.rule(*permitted(permission, end), because=permission.description) for permission in permissions],
        comment=f"{group.id} {group.name}",
    )


def permitted(permission: Permission, end: str) -> tuple[str, ...]:
    if isinstance(permission.peer, str):
        peer = f"ip {end} @{nft.identifier(f'members-{permission.peer}')}"
    else:
        peer = reach(end, permission.peer)
    return (peer, matches(permission.traffic), "counter accept")


def interface_chain(interface: Interface, way: str, known: set[str]) -> str:
    asked = [f"jump {nft.identifier(f'{way}-{group}')}" for group in interface.groups if group in known]
    closed = nft.rule(
        "counter drop", because=f"no group of {interface.name or interface.instance} permits it"
    )
    return nft.chain(
        f"{way}-{interface.instance}",
        [*asked, closed],
        f"{interface.instance} {interface.private} {interface.name}",
    )
