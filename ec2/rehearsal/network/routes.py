"""Route tables: what may leave a subnet, and who is on the internet under which address."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network

from ec2.rehearsal.network import nft
from ec2.rehearsal.network.matches import reach
from ec2.rehearsal.network.model import Network, Route, Subnet, Target


def parts(network: Network, pool: IPv4Network) -> list[str]:
    """Who has a public address that works, the routes of every subnet, and the map of addresses to them."""
    gateways = public_nat_gateways(network, pool)
    known = {subnet.id for subnet in network.subnets}
    verdicts = {
        interface.private: f"goto {nft.identifier(f'route-{interface.subnet}')}"
        for interface in network.interfaces
        if interface.subnet in known
    }
    return [
        nft.named_set("published", "ipv4_addr", published(network, pool)),
        *(subnet_chain(subnet, gateways) for subnet in network.subnets),
        nft.named_map("routes", "ipv4_addr : verdict", verdicts),
    ]


def judged() -> list[str]:
    """The end of the base chain: the subnet's routes decide."""
    return [
        "ip saddr vmap @routes",
        nft.rule("counter drop", because="an address of no subnet with instances"),
    ]


def published(network: Network, pool: IPv4Network) -> dict[IPv4Address, IPv4Address]:
    """Private and public addresses where the public one works: it is the pool's, and a route leads out."""
    public = {subnet.id for subnet in network.subnets if leads_out(subnet)}
    return {
        interface.private: interface.public
        for interface in network.interfaces
        if interface.public and interface.public in pool and interface.subnet in public
    }


def public_nat_gateways(network: Network, pool: IPv4Network) -> dict[str, IPv4Address]:
    """The NAT gateways that work: they have a public address and sit in a subnet that leads out."""
    public = {subnet.id for subnet in network.subnets if leads_out(subnet)}
    return {
        gateway.id: gateway.public
        for gateway in network.nat_gateways
        if gateway.public and gateway.public in pool and gateway.subnet in public
    }


def leads_out(subnet: Subnet) -> bool:
    return any(route.target is Target.INTERNET_GATEWAY for route in subnet.routes)


def longest_first(subnet: Subnet) -> list[Route]:
    return sorted(
        subnet.routes, key=lambda route: (-route.destination.prefixlen, route.destination, route.target_id)
    )


def subnet_chain(subnet: Subnet, gateways: dict[str, IPv4Address]) -> str:
    rules = [rule for route in longest_first(subnet) for rule in route_rules(route, gateways)]
    last = nft.rule("counter drop", because="no route")
    return nft.chain(f"route-{subnet.id}", [*rules, last], f"{subnet.id} {subnet.cidr}")


def route_rules(route: Route, gateways: dict[str, IPv4Address]) -> Iterator[str]:
    """Source addresses are the instances' own here, so "has a public address" is a set of private ones."""
    to = reach("daddr", route.destination)
    if route.target is Target.LOCAL:
        yield nft.rule(to, "accept", because="local")
    elif route.target is Target.INTERNET_GATEWAY:
        yield nft.rule(to, "ip saddr @published counter accept", because=route.target_id)
        yield nft.rule(to, "counter drop", because=f"{route.target_id}, but no public address")
    elif route.target is Target.NAT_GATEWAY and route.target_id in gateways:
        yield nft.rule(to, "counter accept", because=f"{route.target_id} {gateways[route.target_id]}")
    elif route.target is Target.NAT_GATEWAY:
        yield nft.rule(to, "counter drop", because=f"{route.target_id}, but it is in no public subnet")
    else:
        yield nft.rule(to, "counter drop", because=f"{route.target_id} {route.target.value}".strip())
