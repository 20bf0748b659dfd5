"""Public addresses: what they reach, under which address a sender is seen, and who is not let in."""

from dataclasses import replace
from typing import Any

import pytest

from ec2.rehearsal.network import applier, names
from ec2.rehearsal.network.compiler import compile_rules
from ec2.rehearsal.network.model import TCP, Interface, Network, Permission, SecurityGroup, Traffic
from tests.functional.rehearsal.network.conftest import (
    API_PORT,
    EVERYWHERE,
    METADATA_PORT,
    OPEN_PORT,
    OTHER_PORT,
    Cloud,
    port,
)
from tests.functional.rehearsal.network.sites import Site

# What an instance with these may do is decided by routes and addresses alone.
OPEN = SecurityGroup(
    "sg-open", "open", (Permission(Traffic(), EVERYWHERE),), (Permission(Traffic(), EVERYWHERE),)
)


@pytest.fixture
def open_cloud(cloud: Cloud) -> Cloud:
    """Every group permits everything."""
    cloud.apply(with_open_groups(cloud.network))
    return cloud


def with_open_groups(network: Network) -> Network:
    interfaces = tuple(replace(i, groups=("sg-open",)) for i in network.interfaces)
    return replace(network, groups=(*network.groups, OPEN), interfaces=interfaces)


def to(address: object, number: int = OPEN_PORT, **more: Any) -> dict[str, Any]:
    return {"to": str(address), "port": number, **more}


def test_from_this_machine_a_public_address_answers_and_sees_the_pools_gateway(cloud: Cloud) -> None:
    answers = cloud.sites["here"].probe(
        [
            to(cloud.public("web")),
            to(cloud.public("other")),
            to(cloud.public("web"), port(50, "app", "web")),
            to(cloud.private("web")),
            to(cloud.rehearsal.pool[200]),
            to(cloud.public("mon2")),
            to(cloud.private("web"), mark=names.PROBE_MARK),
        ]
    )
    gateway = str(cloud.rehearsal.gateway)
    bridge = str(cloud.network.vpcs[0].cidr[1])
    assert answers == [gateway, gateway, "", "", "", "", bridge]


def test_a_probe_of_the_clouds_own_passes_closed_groups(cloud: Cloud) -> None:
    cloud.apply(cloud.changed("web", groups=()))
    answers = cloud.sites["here"].probe(
        [to(cloud.public("web")), to(cloud.public("web"), mark=names.PROBE_MARK)]
    )
    assert answers == ["", str(cloud.rehearsal.gateway)]


def test_between_instances_by_public_addresses_each_sees_the_others_public_address(cloud: Cloud) -> None:
    answers = cloud.sites["web"].probe(
        [to(cloud.public("db")), to(cloud.public("web2")), to(cloud.public("web")), to(cloud.private("db"))]
    )
    assert answers == [cloud.public("web")] * 3 + [cloud.private("web")]


def test_a_group_as_source_means_private_addresses_only(open_cloud: Cloud) -> None:
    from_mon = Permission(Traffic(TCP, 5000, 7999), "sg-mon")
    guarded = SecurityGroup("sg-web", "web", (from_mon,), OPEN.egress)
    network = with_open_groups(open_cloud.network)
    interfaces = [with_group(i, {"web": "sg-web", "mon": "sg-mon"}) for i in network.interfaces]
    mon = replace(OPEN, id="sg-mon")
    open_cloud.apply(replace(network, groups=(OPEN, guarded, mon), interfaces=tuple(interfaces)))
    number = port(70, "mon", "web")
    attempts = [to(open_cloud.private("web"), number), to(open_cloud.public("web"), number)]
    answers = open_cloud.answers({"mon": attempts, "db": attempts})
    assert answers == {"mon": [open_cloud.private("mon"), ""], "db": ["", ""]}


def with_group(interface: Interface, groups: dict[str, str]) -> Interface:
    return replace(interface, groups=(groups.get(interface.name, "sg-open"),))


def test_a_private_subnet_is_seen_under_its_nat_gateways_address_and_nothing_comes_in(
    open_cloud: Cloud,
) -> None:
    nat = str(open_cloud.network.nat_gateways[0].public)
    web = open_cloud.public("web")
    attempts = [
        to(web),
        to(open_cloud.rehearsal.gateway, API_PORT),
        to(open_cloud.private("web")),
        to(open_cloud.internet),
    ]
    inwards = [to(nat), to(open_cloud.private("app2"))]
    answers = open_cloud.answers({"app2": attempts, "here": inwards})
    seen = answers["app2"]
    assert seen[:3] == [nat, nat, open_cloud.private("app2")]
    assert seen[3] not in ("", "refused", open_cloud.private("app2"))
    assert answers["here"] == ["", ""]


def test_a_nat_gateway_in_a_private_subnet_leads_nowhere(open_cloud: Cloud) -> None:
    network = with_open_groups(open_cloud.network)
    gateways = tuple(replace(g, subnet="subnet-private") for g in network.nat_gateways)
    open_cloud.apply(replace(network, nat_gateways=gateways))
    attempts = [to(open_cloud.public("web")), to(open_cloud.internet), to(open_cloud.private("web"))]
    assert open_cloud.sites["app2"].probe(attempts) == ["", "", open_cloud.private("app2")]


def test_without_a_route_nothing_leaves_the_vpc_and_a_public_address_is_dead(open_cloud: Cloud) -> None:
    attempts = [
        to(open_cloud.public("web")),
        to(open_cloud.internet),
        to(open_cloud.rehearsal.gateway, API_PORT),
        to(open_cloud.private("web")),
    ]
    answers = open_cloud.answers({"mon2": attempts, "web": [to(open_cloud.public("mon2"))]})
    assert answers == {"mon2": ["", "", "", open_cloud.private("mon2")], "web": [""]}


def test_an_internet_gateway_serves_only_who_has_a_public_address(open_cloud: Cloud) -> None:
    attempts = [
        to(open_cloud.internet),
        to(open_cloud.public("web")),
        to(open_cloud.rehearsal.gateway, API_PORT),
    ]
    answers = open_cloud.answers({"db2": attempts, "web2": attempts})
    assert answers["db2"] == ["", "", ""]
    out, peer, api = answers["web2"]
    assert (peer, api) == (open_cloud.public("web2"), open_cloud.public("web2"))
    assert out not in ("", "refused", open_cloud.private("web2"))


def test_two_vpcs_do_not_know_each_others_private_addresses(open_cloud: Cloud) -> None:
    attempts = {"web": [to(open_cloud.private("other"))], "other": [to(open_cloud.private("web"))]}
    assert open_cloud.answers(attempts) == {"web": [""], "other": [""]}


def test_a_stranger_reaches_no_instance(open_cloud: Cloud) -> None:
    attempts = [to(open_cloud.public("web")), to(open_cloud.private("web"))]
    assert open_cloud.sites["internet"].probe(attempts) == ["", ""]


def test_an_instance_reaches_metadata_dns_and_the_api_and_nothing_else_of_this_machine(
    open_cloud: Cloud,
) -> None:
    gateway, resolver = open_cloud.rehearsal.gateway, open_cloud.offered.resolvers[0]
    reached = open_cloud.sites["web"].probe(
        [to("169.254.169.254", 80), to(gateway, API_PORT), to(resolver, 53, udp=True)]
    )
    assert reached == [open_cloud.private("web"), open_cloud.public("web"), open_cloud.private("web")]
    refused = open_cloud.sites["web"].probe(
        [
            to(gateway, METADATA_PORT),
            to(gateway, OTHER_PORT),
            to(open_cloud.network.vpcs[0].cidr[1], OTHER_PORT),
            to(resolver, OTHER_PORT),
            to(open_cloud.rehearsal.pool[200]),
            to("169.254.169.254", 81),
        ]
    )
    assert refused == [""] * 6


def test_a_service_without_its_process_refuses_but_metadata_makes_wait(open_cloud: Cloud) -> None:
    nobody = replace(open_cloud.offered, api_port=API_PORT + 1, metadata_port=METADATA_PORT + 1)
    network = with_open_groups(open_cloud.network)
    applier.apply(open_cloud.rehearsal, compile_rules(network, open_cloud.rehearsal, nobody))
    attempts = [to("169.254.169.254", 80), to(open_cloud.rehearsal.gateway, nobody.api_port)]
    assert open_cloud.sites["web"].probe(attempts) == ["", "refused"]


def test_metadata_and_dns_pass_whatever_groups_acls_and_routes_say(cloud: Cloud) -> None:
    subnets = tuple(replace(s, routes=(), acl="acl-closed") for s in cloud.network.subnets)
    closed = tuple(replace(i, groups=()) for i in cloud.network.interfaces)
    cloud.apply(replace(cloud.network, subnets=subnets, interfaces=closed))
    resolver = cloud.offered.resolvers[0]
    attempts = [
        to("169.254.169.254", 80),
        to(resolver, 53, udp=True),
        to("169.254.169.253", 53, udp=True),
        to("127.0.0.11", 53, udp=True),
        to(cloud.private("db")),
    ]
    own = cloud.private("web")
    metadata, direct, amazon, embedded, neighbour = cloud.sites["web"].probe(attempts)
    assert (metadata, direct, amazon, neighbour) == (own, own, own, "")
    assert embedded == "no such name"  # by way of Docker's resolver, which asks from the instance's namespace


def test_who_sends_with_anothers_address_is_not_heard(open_cloud: Cloud) -> None:
    site, heard = open_cloud.sites["web"], open_cloud.private("web")
    stolen = [str(open_cloud.network.subnets[0].cidr[99]), open_cloud.private("mon")]
    peer = open_cloud.private("db")
    for address in stolen:
        assert site.run("ip", "addr", "add", f"{address}/32", "dev", "eth0").returncode == 0
    try:
        answers = site.probe([to(peer), *(to(peer, source=address) for address in stolen)])
    finally:
        for address in stolen:
            site.run("ip", "addr", "delete", f"{address}/32", "dev", "eth0")
    assert answers == [heard, "", ""]


def test_ipv6_is_no_way_around(open_cloud: Cloud) -> None:
    # Any root can give an interface its link-local address; nothing of AWS's answers there.
    wanted = "cd /proc/sys/net/ipv6/conf/eth0 && echo 0 >accept_dad && echo 0 >disable_ipv6"
    for place in ("web", "db"):
        assert open_cloud.sites[place].run("sh", "-c", wanted).returncode == 0
    with (
        open_cloud.sites["db"].listening(["tcp/::/7777"]),
        open_cloud.sites["here"].listening(["tcp/::/17777"]),
    ):
        neighbour = link_local(open_cloud.sites["db"], "eth0")
        bridge = link_local(open_cloud.sites["here"], open_cloud.network.vpcs[0].bridge)
        attempts = [to(f"{neighbour}%eth0", 7777), to(f"{bridge}%eth0", 17777)]
        assert open_cloud.sites["web"].probe(attempts) == ["", ""]


def link_local(site: Site, device: str) -> str:
    listed = site.run("ip", "-6", "-brief", "address", "show", "dev", device).stdout
    return next(word.partition("/")[0] for word in listed.split() if word.startswith("fe80:"))
