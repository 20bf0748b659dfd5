"""The rules as text: small clouds read by eye, and what holds for every cloud."""

import re
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import given, settings

from ec2.rehearsal.network import names
from ec2.rehearsal.network.compiler import closed_rules, compile_rules
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
from ec2.rehearsal.network.services import Services
from ec2.rehearsal.settings import Rehearsal
from tests.unit.rehearsal.network.networks import NETWORKS

CLOUD = Rehearsal("unit")
OFFERED = Services(CLOUD.gateway, 4566, 8091, (IPv4Address("10.9.9.9"), IPv4Address("127.0.0.53")))
EVERYWHERE = IPv4Network("0.0.0.0/0")
RANGE = IPv4Network("10.1.0.0/16")
EVERYTHING = (AclEntry(100, True, Traffic(), EVERYWHERE),)
OUT = Route(EVERYWHERE, Target.INTERNET_GATEWAY, "igw-1")
LOCAL = Route(RANGE, Target.LOCAL)
WEB = Interface(
    "i-web",
    "web",
    "vpc-1",
    "subnet-1",
    IPv4Address("10.1.1.4"),
    "02:00:00:00:00:04",
    IPv4Address("198.18.0.10"),
    ("sg-web",),
)
SMALL = Network(
    vpcs=(Vpc("vpc-1", RANGE, "rhbridge"),),
    subnets=(Subnet("subnet-1", "vpc-1", IPv4Network("10.1.1.0/24"), "acl-1", (LOCAL, OUT)),),
    acls=(NetworkAcl("acl-1", EVERYTHING, EVERYTHING),),
    groups=(
        SecurityGroup(
            "sg-web",
            "web",
            ingress=(
                Permission(Traffic(TCP, 22, 22), IPv4Network("198.18.0.1/32"), 'the "deployer"'),
                Permission(Traffic(TCP, 9100, 9109), "sg-mon"),
            ),
            egress=(Permission(Traffic(), EVERYWHERE),),
        ),
    ),
    interfaces=(WEB,),
)


def compiled(network: Network) -> str:
    return compile_rules(network, CLOUD, OFFERED)


def inside(text: str, name: str) -> list[str]:
    """The lines of one set, map or chain, as a person reads them."""
    found = re.search(rf"(?:set|map|chain) {re.escape(name)} \{{\n(.*?)\n    \}}\n", text, re.DOTALL)
    assert found, f"there is no {name}"
    return [line.strip() for line in found.group(1).splitlines()]


def test_a_group_becomes_a_chain_that_says_who_may_what() -> None:
    assert inside(compiled(SMALL), "in-sg-web") == [
        'comment "sg-web web"',
        'ip saddr 198.18.0.1/32 tcp dport 22 counter accept comment "the ?deployer?"',
        "ip saddr @members-sg-mon tcp dport 9100-9109 counter accept",
    ]
    assert inside(compiled(SMALL), "out-sg-web") == ['comment "sg-web web"', "counter accept"]


def test_an_instance_asks_its_groups_and_is_closed_without_their_word() -> None:
    assert inside(compiled(SMALL), "in-i-web") == [
        'comment "i-web 10.1.1.4 web"',
        "jump in-sg-web",
        'counter drop comment "no group of web permits it"',
    ]


def test_a_group_has_its_members_private_addresses_and_may_have_none() -> None:
    assert inside(compiled(SMALL), "members-sg-web") == ["type ipv4_addr", "elements = {", "10.1.1.4,", "}"]
    assert inside(compiled(SMALL), "members-sg-mon") == ["type ipv4_addr"]


def test_an_interface_whose_groups_are_unknown_is_closed() -> None:
    lonely = replace(SMALL, interfaces=(replace(WEB, groups=("sg-gone",)),))
    assert inside(compiled(lonely), "out-i-web")[1:] == ['counter drop comment "no group of web permits it"']


def test_acl_entries_come_in_the_order_of_their_numbers_and_the_rest_is_dropped() -> None:
    entries = (
        AclEntry(200, True, Traffic(UDP, 53, 53), EVERYWHERE),
        AclEntry(100, False, Traffic(ICMP, 8, -1), IPv4Network("10.0.0.0/8")),
    )
    network = replace(SMALL, acls=(NetworkAcl("acl-1", entries, ()),))
    assert inside(compiled(network), "in-acl-1") == [
        'comment "acl-1"',
        'ip saddr 10.0.0.0/8 icmp type 8 counter drop comment "rule 100"',
        'udp dport 53 counter accept comment "rule 200"',
        'counter drop comment "* the rest"',
    ]
    assert inside(compiled(network), "out-acl-1")[1:] == ['counter drop comment "* the rest"']


def test_the_longest_prefix_is_asked_first_and_what_leads_nowhere_drops() -> None:
    routes = (
        OUT,
        LOCAL,
        Route(IPv4Network("10.0.0.0/8"), Target.BLACKHOLE, "nat-gone"),
        Route(IPv4Network("10.2.0.0/16"), Target.UNSUPPORTED, "pcx-1"),
    )
    network = replace(SMALL, subnets=(replace(SMALL.subnets[0], routes=routes),))
    assert inside(compiled(network), "route-subnet-1")[1:] == [
        'ip daddr 10.1.0.0/16 accept comment "local"',
        'ip daddr 10.2.0.0/16 counter drop comment "pcx-1 unsupported"',
        'ip daddr 10.0.0.0/8 counter drop comment "nat-gone blackhole"',
        'ip saddr @published counter accept comment "igw-1"',
        'counter drop comment "igw-1, but no public address"',
        'counter drop comment "no route"',
    ]


def test_a_public_address_leads_to_its_instance_and_back() -> None:
    assert inside(compiled(SMALL), "private-of")[2] == "198.18.0.10 : 10.1.1.4,"
    assert inside(compiled(SMALL), "public-of")[2] == "10.1.1.4 : 198.18.0.10,"


@pytest.mark.parametrize(
    "network",
    [
        replace(SMALL, subnets=(replace(SMALL.subnets[0], routes=(LOCAL,)),)),
        replace(SMALL, interfaces=(replace(WEB, public=None),)),
        replace(SMALL, interfaces=(replace(WEB, public=IPv4Address("54.214.1.1")),)),
    ],
    ids=["no route out", "no address", "an address that is not the pool's"],
)
def test_a_public_address_that_cannot_work_is_nobodys(network: Network) -> None:
    assert inside(compiled(network), "private-of") == ["type ipv4_addr : ipv4_addr"]
    assert inside(compiled(network), "published") == ["type ipv4_addr"]


def test_a_private_subnet_is_seen_as_its_nat_gateway_only_if_that_is_public() -> None:
    private = Subnet(
        "subnet-2",
        "vpc-1",
        IPv4Network("10.1.2.0/24"),
        "acl-1",
        (LOCAL, Route(EVERYWHERE, Target.NAT_GATEWAY, "nat-1")),
    )
    nat = NatGateway("nat-1", "subnet-1", IPv4Address("198.18.0.9"))
    network = replace(SMALL, subnets=(*SMALL.subnets, private), nat_gateways=(nat,))
    assert inside(compiled(network), "seen-subnet-2")[-1] == 'snat ip to 198.18.0.9 comment "nat-1"'
    stuck = replace(network, nat_gateways=(replace(nat, subnet="subnet-2"),))
    assert inside(compiled(stuck), "seen-subnet-2")[-1] == 'return comment "NAT gateway"'
    assert 'counter drop comment "nat-1, but it is in no public subnet"' in inside(
        compiled(stuck), "route-subnet-2"
    )


def test_a_resolver_on_loopback_is_not_offered() -> None:
    assert "127.0.0.53" not in compiled(SMALL)
    alone = replace(OFFERED, resolvers=(IPv4Address("127.0.0.53"),))
    assert "ip daddr { 169.254.169.253 }" in compile_rules(SMALL, CLOUD, alone)


def test_the_closed_table_has_the_same_name_and_lets_nothing_pass() -> None:
    text = closed_rules("unit")
    assert text.splitlines()[:3] == compiled(SMALL).splitlines()[:3]
    assert "accept" not in text.replace("policy accept", "")
    assert text.count("counter drop") == 3


def test_bridges_are_told_by_their_clouds_prefix_and_fit_into_linux() -> None:
    name = names.bridge("unit", "vpc-0123456789abcdef0")
    assert len(name) == 15
    assert name.startswith(names.bridge_prefix("unit"))
    assert not names.pool_bridge("unit").startswith(names.bridge_prefix("unit"))
    assert not name.startswith(names.bridge_prefix("another"))


@given(NETWORKS)
@settings(max_examples=30)
def test_every_running_interface_is_judged_in_both_directions(network: Network) -> None:
    text = compiled(network)
    for way in ("in", "out"):
        judged = inside(text, f"groups-{way}")
        for interface in network.interfaces:
            assert f"{interface.private} : goto {way}-{interface.instance}," in judged
            last = inside(text, f"{way}-{interface.instance}")[-1]
            assert last.startswith("counter drop")


@given(NETWORKS)
@settings(max_examples=20)
def test_the_same_network_in_another_order_compiles_to_the_same_rules(network: Network) -> None:
    turned = replace(network, interfaces=network.interfaces[::-1], groups=network.groups[::-1])
    assert sorted(compiled(network).splitlines()[4:]) == sorted(compiled(turned).splitlines()[4:])
    assert compiled(network) == compiled(replace(network))


@given(NETWORKS)
@settings(max_examples=20)
def test_nothing_a_person_wrote_ends_a_comment(network: Network) -> None:
    for line in compiled(network).splitlines():
        assert line.isascii()
        assert line.count('"') % 2 == 0
