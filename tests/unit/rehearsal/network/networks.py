"""Networks of every shape that the API could tell, also ones that lead nowhere."""

from ipaddress import IPv4Address, IPv4Network

from hypothesis import strategies as st

from ec2.rehearsal.network.model import (
    ICMP,
    TCP,
    UDP,
    AclEntry,
    Interface,
    NatGateway,
    Network,
    NetworkAcl,
    Permission,
    Route,
    SecurityGroup,
    Subnet,
    Target,
    Traffic,
    Vpc,
)
from ec2.rehearsal.settings import POOL

VPC = Vpc("vpc-1", IPv4Network("10.1.0.0/16"), "rhbridge")
GROUP_IDS = st.sampled_from(["sg-1", "sg-2", "sg-3"])
SUBNET_IDS = st.sampled_from(["subnet-1", "subnet-2"])
RANGES = st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 32)).map(lambda n: IPv4Network(n, strict=False))
PORTS = st.integers(-1, 65535)
PUBLIC = st.none() | st.integers(2, 250).map(lambda n: POOL[n])
TRAFFIC = (
    st.just(Traffic())
    | st.builds(Traffic, st.sampled_from([TCP, UDP, 50, 255]), PORTS, PORTS)
    | st.builds(Traffic, st.just(ICMP), st.integers(-1, 255), st.integers(-1, 255))
)


def tuples(one: st.SearchStrategy, most: int = 4, key: str = "") -> st.SearchStrategy:
    """A few, and distinct by the key, as the API guarantees."""
    distinct = (lambda found: getattr(found, key)) if key else None
    return st.lists(one, max_size=most, unique_by=distinct).map(tuple)


def interface(
    number: int, name: str, subnet: str, public: IPv4Address | None, groups: tuple[str, ...]
) -> Interface:
    mac = f"02:00:00:00:{number >> 8:02x}:{number & 255:02x}"
    return Interface(f"i-{number}", name, VPC.id, subnet, VPC.cidr[number], mac, public, groups)


PERMISSIONS = tuples(st.builds(Permission, TRAFFIC, RANGES | GROUP_IDS, st.text()))
ENTRIES = tuples(st.builds(AclEntry, st.integers(1, 9), st.booleans(), TRAFFIC, RANGES))
ROUTES = tuples(
    st.builds(Route, RANGES, st.sampled_from(Target), st.sampled_from(["nat-1", "igw-1", "pcx-1"]))
)
NETWORKS = st.builds(
    Network,
    vpcs=st.just((VPC,)),
    subnets=tuples(
        st.builds(
            Subnet, SUBNET_IDS, st.just(VPC.id), RANGES, st.sampled_from(["acl-1", "acl-gone"]), ROUTES
        ),
        key="id",
    ),
    acls=tuples(st.builds(NetworkAcl, st.just("acl-1"), ENTRIES, ENTRIES), key="id"),
    groups=tuples(st.builds(SecurityGroup, GROUP_IDS, st.text(), PERMISSIONS, PERMISSIONS), key="id"),
    nat_gateways=tuples(st.builds(NatGateway, st.just("nat-1"), SUBNET_IDS, PUBLIC), key="id"),
    interfaces=tuples(
        st.builds(
            interface,
            st.integers(4, 2**16 - 2),
            st.text(),
            SUBNET_IDS | st.just("subnet-gone"),
            PUBLIC,
            tuples(GROUP_IDS, 2).map(lambda groups: tuple(sorted(set(groups)))),
        ),
        most=6,
        key="instance",
    ),
)
