"""Public addresses: where they lead, and which one a packet carries when it reaches somebody."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network

from ec2.rehearsal.network import nft
from ec2.rehearsal.network.matches import EVERYWHERE
from ec2.rehearsal.network.model import Network, Route, Subnet, Target
from ec2.rehearsal.network.routes import longest_first, public_nat_gateways, published


def parts(network: Network, pool: IPv4Network) -> list[str]:
    """The maps between public and private addresses, and per subnet under which address it is seen."""
    reachable = published(network, pool)
    gateways = public_nat_gateways(network, pool)
    seen = {i.private: i.subnet for i in network.interfaces if i.subnet in {s.id for s in network.subnets}}
    return [
        nft.named_map(
            "private-of", "ipv4_addr : ipv4_addr", {public: private for private, public in reachable.items()}
        ),
        nft.named_map("public-of", "ipv4_addr : ipv4_addr", reachable),
        *(seen_chain(subnet, gateways) for subnet in network.subnets),
        nft.named_map(
            "seen-as",
            "ipv4_addr : verdict",
            {private: f"goto {nft.identifier(f'seen-{subnet}')}" for private, subnet in seen.items()},
        ),
    ]


def redirected() -> str:
    """From a public address to its instance; a public address of nobody stays as it is, and dies."""
    return nft.rule("dnat ip to ip daddr map @private-of", because="public addresses")


def disguised(condition: str) -> str:
    """A packet for a public address carries the sender's own public address or its NAT gateway's."""
    return nft.rule(condition, "ip saddr vmap @seen-as", because="seen under a public address")


def seen_chain(subnet: Subnet, gateways: dict[str, IPv4Address]) -> str:
    rules = [rule for route in longest_first(subnet) for rule in seen_rules(route, gateways)]
    return nft.chain(f"seen-{subnet.id}", rules, f"{subnet.id} {subnet.cidr}")


def seen_rules(route: Route, gateways: dict[str, IPv4Address]) -> Iterator[str]:
    """The route is looked up with the address that the sender wrote, before it was redirected."""
    everywhere = route.destination == EVERYWHERE
    to = "" if everywhere else f"ct original ip daddr {route.destination}"
    if route.target is Target.INTERNET_GATEWAY:
        yield nft.rule(to, "snat ip to ip saddr map @public-of", because=route.target_id)
    elif route.target is Target.NAT_GATEWAY and route.target_id in gateways:
        yield nft.rule(to, f"snat ip to {gateways[route.target_id]}", because=route.target_id)
    else:
        yield nft.rule(to, "return", because=route.target.value)
