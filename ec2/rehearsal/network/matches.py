"""How a protocol with its ports, and a range of addresses, are said to nft."""

from ipaddress import IPv4Network

from ec2.rehearsal.network.model import ICMP, TCP, UDP, Traffic

EVERYWHERE = IPv4Network("0.0.0.0/0")
PORTS = {TCP: "tcp", UDP: "udp"}
ALL_PORTS = (0, 65535)


def matches(traffic: Traffic) -> str:
    """The protocol and its ports; "" for all traffic."""
    if traffic.protocol is None:
        return ""
    if traffic.protocol == ICMP:
        return icmp(traffic.first, traffic.last)
    name = PORTS.get(traffic.protocol)
    if name is None or traffic.first < 0 or (traffic.first, traffic.last) == ALL_PORTS:
        return f"meta l4proto {traffic.protocol}"
    return f"{name} dport {ports(traffic.first, traffic.last)}"


def icmp(kind: int, code: int) -> str:
    said = [f"icmp type {kind}"] if kind >= 0 else ["meta l4proto icmp"]
    return " ".join([*said, *([f"icmp code {code}"] if kind >= 0 and code >= 0 else [])])


def ports(first: int, last: int) -> str:
    """AWS refuses a last port below the first; should one come all the same, only the first is meant."""
    return f"{first}-{last}" if last > first else str(first)


def reach(end: str, cidr: IPv4Network) -> str:
    """`end` is saddr or daddr; "" for the whole internet."""
    return "" if cidr == EVERYWHERE else f"ip {end} {cidr}"
