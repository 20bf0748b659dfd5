"""Network ACLs: without memory, in the order of their numbers, at the border of a subnet."""

from dataclasses import replace

from ec2.rehearsal.network.model import TCP, AclEntry, Network, NetworkAcl, Traffic
from tests.functional.rehearsal.network.conftest import EVERYWHERE, OPEN_PORT, Cloud
from tests.functional.rehearsal.network.test_addresses import to, with_open_groups

EVERYTHING = (AclEntry(100, True, Traffic(), EVERYWHERE),)
EPHEMERAL = AclEntry(110, True, Traffic(TCP, 32768, 60999), EVERYWHERE)
ASKED = AclEntry(100, True, Traffic(TCP, OPEN_PORT, OPEN_PORT), EVERYWHERE)


def bordered(cloud: Cloud, ingress: tuple[AclEntry, ...], egress: tuple[AclEntry, ...]) -> Network:
    """The second subnet, where web2 and db2 are, with an ACL of its own; open groups."""
    network = with_open_groups(cloud.network)
    subnets = [replace(s, acl="acl-own") if s.id == "subnet-second" else s for s in network.subnets]
    acls = (*network.acls, NetworkAcl("acl-own", ingress, egress))
    return replace(network, subnets=tuple(subnets), acls=acls)


def test_an_acl_without_entries_closes_the_border_but_not_the_subnet(cloud: Cloud) -> None:
    cloud.apply(bordered(cloud, (), ()))
    answers = cloud.answers(
        {
            "web": [to(cloud.private("web2")), to(cloud.public("web2"))],
            "here": [to(cloud.public("web2"))],
            "web2": [to(cloud.private("web")), to(cloud.private("db2"))],
        }
    )
    assert answers == {"web": ["", ""], "here": [""], "web2": ["", cloud.private("web2")]}


def test_replies_need_an_entry_of_their_own(cloud: Cloud) -> None:
    ways = [to(cloud.private("web2")), to(cloud.public("web2"))]
    cloud.apply(bordered(cloud, (ASKED,), (ASKED,)))
    assert cloud.answers({"web": ways, "here": ways[1:]}) == {"web": ["", ""], "here": [""]}
    cloud.apply(bordered(cloud, (ASKED,), (EPHEMERAL,)))
    assert cloud.sites["web"].probe(ways) == [cloud.private("web"), cloud.public("web")]
    assert cloud.sites["here"].probe(ways[1:]) == [str(cloud.rehearsal.gateway)]


def test_the_lowest_number_that_fits_decides(cloud: Cloud) -> None:
    sender = cloud.network.subnets[0].cidr
    deny = AclEntry(90, False, Traffic(TCP, OPEN_PORT, OPEN_PORT), sender)
    cloud.apply(bordered(cloud, (*EVERYTHING, deny), EVERYTHING))
    assert cloud.sites["web"].probe([to(cloud.private("web2")), to(cloud.public("web2"))]) == [
        "",
        cloud.public("web"),
    ]
    cloud.apply(bordered(cloud, (*EVERYTHING, replace(deny, number=101)), EVERYTHING))
    assert cloud.sites["web"].probe([to(cloud.private("web2"))]) == [cloud.private("web")]


def test_an_acl_sees_a_public_sender_under_its_public_address(cloud: Cloud) -> None:
    deny_here = AclEntry(10, False, Traffic(), cloud.rehearsal.pool.supernet(new_prefix=23))
    cloud.apply(bordered(cloud, (deny_here, *EVERYTHING), EVERYTHING))
    ways = [to(cloud.public("web2")), to(cloud.private("web2"))]
    answers = cloud.answers({"here": ways[:1], "web": ways})
    assert answers == {"here": [""], "web": ["", cloud.private("web")]}


def test_what_may_not_leave_does_not(cloud: Cloud) -> None:
    deny = AclEntry(10, False, Traffic(TCP, OPEN_PORT, OPEN_PORT), EVERYWHERE)
    cloud.apply(bordered(cloud, EVERYTHING, (deny, *EVERYTHING)))
    attempts = [to(cloud.private("web")), to(cloud.public("web")), to(cloud.private("db2"))]
    assert cloud.sites["web2"].probe(attempts) == ["", "", cloud.private("web2")]
    assert cloud.sites["web"].probe([to(cloud.private("web2"))]) == [cloud.private("web")]


def test_what_goes_by_a_nat_gateway_crosses_the_border_of_its_subnet_both_ways(cloud: Cloud) -> None:
    network = with_open_groups(cloud.network)
    ways = [to(cloud.public("web2")), to(cloud.private("web2"))]
    nat, private = str(network.nat_gateways[0].public), cloud.private("app2")

    def guarded(ingress: tuple[AclEntry, ...], egress: tuple[AclEntry, ...]) -> Network:
        subnets = [replace(s, acl="acl-own") if s.id == "subnet-public" else s for s in network.subnets]
        acls = (*network.acls, NetworkAcl("acl-own", ingress, egress))
        return replace(network, subnets=tuple(subnets), acls=acls)

    cloud.apply(guarded((ASKED,), (ASKED, EPHEMERAL)))
    assert cloud.sites["app2"].probe(ways) == ["", private]
    cloud.apply(guarded((ASKED, EPHEMERAL), (ASKED,)))
    assert cloud.sites["app2"].probe(ways) == ["", private]
    cloud.apply(guarded((ASKED, EPHEMERAL), (ASKED, EPHEMERAL)))
    assert cloud.sites["app2"].probe(ways) == [nat, private]
