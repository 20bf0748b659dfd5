"""One small cloud for all of these tests: two VPCs, nine instances, four groups.

    VPC one   10.x.1.0/24 public    web db mon app, each with a public address
              10.x.2.0/24 public    web2 (public address), db2 (none)
              10.x.3.0/24 private   app2, behind a NAT gateway
              10.x.4.0/24 isolated  mon2
    VPC two   10.y.1.0/24 public    other

Port 7FT is permitted from group F to group T by both. 5FT lacks F's egress, 6FT lacks T's ingress.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import docker
import pytest

from ec2.rehearsal.network import applier, names
from ec2.rehearsal.network.compiler import compile_rules
from ec2.rehearsal.network.model import (
    TCP,
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
from ec2.rehearsal.network.services import Services
from ec2.rehearsal.settings import Rehearsal
from tests.functional.rehearsal.network.sites import (
    HERE,
    Site,
    containers,
    docker_network,
    free_range,
    ip,
    stranger,
)

EVERYWHERE = IPv4Network("0.0.0.0/0")
GROUPS = ("web", "app", "db", "mon")
METADATA_PORT, API_PORT, OTHER_PORT = 8091, 4566, 9999
OPEN_PORT = 8000  # permitted from everywhere in every group


def port(series: int, sender: str, receiver: str) -> int:
    return series * 100 + GROUPS.index(sender) * 10 + GROUPS.index(receiver)


PORTS = sorted({OPEN_PORT, *(port(s, f, t) for s in (50, 60, 70) for f in GROUPS for t in GROUPS)})


@dataclass
class Cloud:
    """The running cloud: its model, its containers, and what is outside."""

    rehearsal: Rehearsal
    network: Network
    offered: Services
    internet: IPv4Address
    sites: dict[str, Site] = field(default_factory=dict)

    def apply(self, network: Network) -> None:
        applier.apply(self.rehearsal, compile_rules(network, self.rehearsal, self.offered))

    def answers(self, attempts: dict[str, list[dict[str, Any]]]) -> dict[str, list[str]]:
        """What came back for each attempt from each place, all of them tried at once."""
        with ThreadPoolExecutor(len(attempts)) as places:
            tried = places.map(lambda place: self.sites[place].probe(attempts[place]), attempts)
            return dict(zip(attempts, tried, strict=True))

    def interface(self, name: str) -> Interface:
        return next(i for i in self.network.interfaces if i.name == name)

    def private(self, name: str) -> str:
        return str(self.interface(name).private)

    def public(self, name: str) -> str:
        return str(self.interface(name).public)

    def changed(self, name: str, **changes: Any) -> Network:
        """The network with one interface changed."""
        interfaces = [replace(i, **changes) if i.name == name else i for i in self.network.interfaces]
        return replace(self.network, interfaces=tuple(interfaces))


@pytest.fixture(scope="session")
def built(engine: docker.DockerClient, run_id: str) -> Iterator[Cloud]:
    name = f"{run_id}-network"
    pool = free_range([f"198.18.{n}.0/24" for n in range(1, 251)], name)
    outside = free_range([f"198.19.{n}.0/24" for n in range(1, 251)], name)
    first, second = (free_range([f"10.{n}.0.0/16" for n in range(low, low + 80)], name) for low in (80, 160))
    rehearsal = Rehearsal(name=name, pool=pool)
    network = described(rehearsal, first, second)
    offered = Services(pool[1], API_PORT, METADATA_PORT, (outside[53],))
    with ExitStack() as undo:
        undo.callback(applier.remove_all, name)
        applier.start(rehearsal)
        cloud = Cloud(rehearsal, network, offered, outside[2])
        for vpc in network.vpcs:
            undo.enter_context(docker_network(engine, vpc))
        sites = undo.enter_context(containers(engine, network.vpcs, network.interfaces, outside[53]))
        sites["internet"] = undo.enter_context(stranger(names.digest(name, 8), outside))
        ip("addr", "add", f"{outside[53]}/32", "dev", names.digest(name, 8))
        cloud.sites = {"here": HERE, **sites}
        for listener in (*(i.name for i in network.interfaces), "internet"):
            undo.enter_context(
                cloud.sites[listener].listening(
                    [*(f"tcp/0.0.0.0/{n}" for n in PORTS), f"udp/0.0.0.0/{OPEN_PORT}"]
                )
            )
        undo.enter_context(HERE.listening(own_listeners(offered, network)))
        yield cloud


def own_listeners(offered: Services, network: Network) -> list[str]:
    """What runs on this machine: the services, DNS, and something that is nobody's business."""
    return [
        *(f"tcp/{offered.gateway}/{n}" for n in (METADATA_PORT, API_PORT, OTHER_PORT)),
        f"tcp/{network.vpcs[0].cidr[1]}/{OTHER_PORT}",
        f"tcp/{offered.resolvers[0]}/{OTHER_PORT}",
        f"udp/{offered.resolvers[0]}/53",
    ]


@pytest.fixture
def cloud(built: Cloud) -> Cloud:
    """The cloud with its own rules, whatever the test before did."""
    built.apply(built.network)
    return built


def described(rehearsal: Rehearsal, first: IPv4Network, second: IPv4Network) -> Network:
    one = Vpc("vpc-one", first, names.bridge(rehearsal.name, "vpc-one"))
    two = Vpc("vpc-two", second, names.bridge(rehearsal.name, "vpc-two"))
    nets = list(first.subnets(new_prefix=24))
    out = Route(EVERYWHERE, Target.INTERNET_GATEWAY, "igw-1")
    nat = Route(EVERYWHERE, Target.NAT_GATEWAY, "nat-1")
    local = Route(first, Target.LOCAL)
    subnets = (
        Subnet("subnet-public", one.id, nets[1], "acl-open", (local, out)),
        Subnet("subnet-second", one.id, nets[2], "acl-open", (local, out)),
        Subnet("subnet-private", one.id, nets[3], "acl-open", (local, nat)),
        Subnet("subnet-isolated", one.id, nets[4], "acl-open", (local,)),
        Subnet(
            "subnet-other",
            two.id,
            next(second.subnets(new_prefix=24)),
            "acl-open",
            (Route(second, Target.LOCAL), out),
        ),
    )
    everything = (AclEntry(100, True, Traffic(), EVERYWHERE),)
    return Network(
        vpcs=(one, two),
        subnets=subnets,
        acls=(NetworkAcl("acl-open", everything, everything),),
        groups=tuple(group(name) for name in GROUPS),
        nat_gateways=(NatGateway("nat-1", "subnet-public", rehearsal.pool[9]),),
        interfaces=tuple(instances(rehearsal, subnets)),
    )


def group(name: str) -> SecurityGroup:
    """Seven hundreds both ways, five hundreds in only, six hundreds out only; one port for all."""

    def tcp(number: int) -> Traffic:
        return Traffic(TCP, number, number)

    open_to_all = Permission(tcp(OPEN_PORT), EVERYWHERE)
    return SecurityGroup(
        f"sg-{name}",
        name,
        ingress=(
            open_to_all,
            *(Permission(tcp(port(s, peer, name)), f"sg-{peer}") for s in (50, 70) for peer in GROUPS),
        ),
        egress=(
            open_to_all,
            *(Permission(tcp(port(s, name, peer)), f"sg-{peer}") for s in (60, 70) for peer in GROUPS),
        ),
    )


def instances(rehearsal: Rehearsal, subnets: tuple[Subnet, ...]) -> Iterator[Interface]:
    public, second, private, isolated, other = subnets
    places = [
        ("web", public, 10, "web"),
        ("app", public, 11, "app"),
        ("db", public, 12, "db"),
        ("mon", public, 13, "mon"),
        ("web2", second, 20, "web"),
        ("db2", second, None, "db"),
        ("app2", private, None, "app"),
        ("mon2", isolated, 30, "mon"),
        ("other", other, 40, "web"),
    ]
    for number, (name, subnet, address, member) in enumerate(places, start=4):
        yield Interface(
            instance=f"i-{name}",
            name=name,
            vpc=subnet.vpc,
            subnet=subnet.id,
            private=subnet.cidr[number],
            mac=f"02:00:00:00:07:{number:02x}",
            public=rehearsal.pool[address] if address else None,
            groups=(f"sg-{member}",),
        )
