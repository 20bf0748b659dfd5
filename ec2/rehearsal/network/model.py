"""All that decides about traffic in one cloud, as plain values."""

from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Address, IPv4Network

ICMP, TCP, UDP = 1, 6, 17


class Target(Enum):
    """Where a route leads."""

    LOCAL = "local"
    INTERNET_GATEWAY = "internet gateway"
    NAT_GATEWAY = "NAT gateway"
    BLACKHOLE = "blackhole"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True)
class Traffic:
    """A protocol by its number (None: all of them) and its ports, both ends included.

    For ICMP `first` is the type and `last` the code; -1 is any. Other protocols have no ports.
    """

    protocol: int | None = None
    first: int = -1
    last: int = -1


@dataclass(frozen=True)
class Permission:
    """One line of a security group: what may pass from or to one range of addresses or one group."""

    traffic: Traffic
    peer: IPv4Network | str
    description: str = ""


@dataclass(frozen=True)
class SecurityGroup:
    """A group's permissions; what no permission names does not pass."""

    id: str
    name: str
    ingress: tuple[Permission, ...] = ()
    egress: tuple[Permission, ...] = ()


@dataclass(frozen=True)
class AclEntry:
    """One line of a network ACL; the lowest number that fits decides."""

    number: int
    allow: bool
    traffic: Traffic
    peer: IPv4Network


@dataclass(frozen=True)
class NetworkAcl:
    """What may cross a subnet's border; it remembers nothing, so replies need their own entry."""

    id: str
    ingress: tuple[AclEntry, ...] = ()
    egress: tuple[AclEntry, ...] = ()


@dataclass(frozen=True)
class Route:
    """One line of a route table; the longest prefix decides."""

    destination: IPv4Network
    target: Target
    target_id: str = ""


@dataclass(frozen=True)
class Vpc:
    """A range of private addresses and the bridge on this machine that carries it."""

    id: str
    cidr: IPv4Network
    bridge: str


@dataclass(frozen=True)
class Subnet:
    """A part of a VPC with its network ACL and the routes of its route table."""

    id: str
    vpc: str
    cidr: IPv4Network
    acl: str
    routes: tuple[Route, ...] = ()


@dataclass(frozen=True)
class NatGateway:
    """What a private subnet's connections to the internet come from."""

    id: str
    subnet: str
    public: IPv4Address | None


@dataclass(frozen=True)
class Interface:
    """A pending or running instance's first network interface."""

    instance: str
    name: str
    vpc: str
    subnet: str
    private: IPv4Address
    mac: str
    public: IPv4Address | None = None
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class Network:
    """One cloud's network at one moment."""

    vpcs: tuple[Vpc, ...] = ()
    subnets: tuple[Subnet, ...] = ()
    acls: tuple[NetworkAcl, ...] = ()
    groups: tuple[SecurityGroup, ...] = ()
    nat_gateways: tuple[NatGateway, ...] = ()
    interfaces: tuple[Interface, ...] = ()
