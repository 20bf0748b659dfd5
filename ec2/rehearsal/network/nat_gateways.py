"""The subnet of a NAT gateway has a border too: what a private subnet sends by it crosses that ACL both ways.

There and back, a packet goes into the gateway's subnet and out of it again, so each way asks the ACL
twice. The gateway itself is no machine here, which is why its two crossings are chains of their own.
"""

from collections.abc import Iterator
from ipaddress import IPv4Network

from ec2.rehearsal.network import nft
from ec2.rehearsal.network.matches import reach
from ec2.rehearsal.network.model import Network, Subnet, Target
from ec2.rehearsal.network.routes import longest_first, public_nat_gateways

# Which end of a packet is the remote one, and which direction of the ACL is asked, in the order of the way.
THERE = (("there-in", "daddr", "in"), ("there-out", "daddr", "out"))
BACK = (("back-in", "saddr", "in"), ("back-out", "saddr", "out"))


def parts(network: Network, pool: IPv4Network) -> list[str]:
    """For every private subnet its four crossings, and the maps of addresses to them."""
    acls = asked_acls(network, pool)
    private = [s for s in network.subnets if any(route.target_id in acls for route in s.routes)]
    return [
        *(crossing(subnet, acls, *turn) for turn in (*THERE, *BACK) for subnet in private),
        *(addresses(network, {subnet.id for subnet in private}, turn) for turn, _, _ in (*THERE, *BACK)),
    ]


def judged(turn: str, address: str) -> str:
    """The end of a base chain: who is in no private subnet passes."""
    return f"ip {address} vmap @{turn}"


def asked_acls(network: Network, pool: IPv4Network) -> dict[str, str]:
    """The ACL of every working NAT gateway's subnet; "" where it is not known."""
    known = {acl.id for acl in network.acls}
    subnets = {subnet.id: subnet.acl if subnet.acl in known else "" for subnet in network.subnets}
    working = public_nat_gateways(network, pool)
    return {g.id: subnets[g.subnet] for g in network.nat_gateways if g.id in working}


def crossing(subnet: Subnet, acls: dict[str, str], turn: str, end: str, way: str) -> str:
    return nft.chain(
        f"{turn}-{subnet.id}", crossing_rules(subnet, acls, end, way), f"{subnet.id} by a NAT gateway"
    )


def crossing_rules(subnet: Subnet, acls: dict[str, str], end: str, way: str) -> Iterator[str]:
    for route in longest_first(subnet):
        to = reach(end, route.destination)
        if route.target is not Target.NAT_GATEWAY or route.target_id not in acls:
            yield nft.rule(to, "accept", because=route.target.value)
        elif acls[route.target_id]:
            yield nft.rule(
                to, f"goto {nft.identifier(f'{way}-{acls[route.target_id]}')}", because=route.target_id
            )
        else:
            yield nft.rule(to, "counter drop", because=f"{route.target_id}, but its subnet has no ACL")


def addresses(network: Network, private: set[str], turn: str) -> str:
    verdicts = {
        interface.private: f"goto {nft.identifier(f'{turn}-{interface.subnet}')}"
        for interface in network.interfaces
        if interface.subnet in private
    }
    return nft.named_map(turn, "ipv4_addr : verdict", verdicts)
