"""Network ACLs: judged packet by packet at a subnet's border, without memory, lowest number first."""

from collections.abc import Iterable

from ec2.rehearsal.network import nft
from ec2.rehearsal.network.matches import matches, reach
from ec2.rehearsal.network.model import AclEntry, Network, NetworkAcl, Subnet


def parts(network: Network) -> list[str]:
    """Both directions of every ACL, every subnet's border, and the map of addresses to borders."""
    used = {subnet.acl for subnet in network.subnets}
    acls = [acl for acl in network.acls if acl.id in used]
    known = {acl.id for acl in acls}
    return [
        *(acl_chain(acl, "in", "saddr", acl.ingress) for acl in acls),
        *(acl_chain(acl, "out", "daddr", acl.egress) for acl in acls),
        *(border(subnet, "in", "saddr", known) for subnet in network.subnets),
        *(border(subnet, "out", "daddr", known) for subnet in network.subnets),
        *(addresses(network, way) for way in ("in", "out")),
    ]


def judged(way: str, address: str) -> list[str]:
    """The end of a base chain: the subnet's ACL decides, and an address of no subnet is refused."""
    return [
        f"ip {address} vmap @borders-{way}",
        nft.rule("counter drop", because="an address of no subnet with instances"),
    ]


def acl_chain(acl: NetworkAcl, way: str, end: str, entries: Iterable[AclEntry]) -> str:
    rules = [entry_rule(entry, end) for entry in sorted(entries, key=lambda entry: entry.number)]
    last = nft.rule("counter drop", because="* the rest")
    return nft.chain(f"{way}-{acl.id}", [*rules, last], acl.id)


def entry_rule(entry: AclEntry, end: str) -> str:
    verdict = "counter accept" if entry.allow else "counter drop"
    return nft.rule(reach(end, entry.peer), matches(entry.traffic), verdict, because=f"rule {entry.number}")


def border(subnet: Subnet, way: str, end: str, known: set[str]) -> str:
    """Neighbours in one subnet cross no border."""
    inside = nft.rule(f"ip {end} {subnet.cidr} accept", because="the same subnet")
    asked = f"goto {nft.identifier(f'{way}-{subnet.acl}')}" if subnet.acl in known else "counter drop"
    return nft.chain(f"{way}-{subnet.id}", [inside, asked], f"{subnet.id} {subnet.cidr}")


def addresses(network: Network, way: str) -> str:
    known = {subnet.id for subnet in network.subnets}
    verdicts = {
        interface.private: f"goto {nft.identifier(f'{way}-{interface.subnet}')}"
        for interface in network.interfaces
        if interface.subnet in known
    }
    return nft.named_map(f"borders-{way}", "ipv4_addr : verdict", verdicts)
