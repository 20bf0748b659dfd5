"""Security groups, tried with new connections between containers."""

from dataclasses import replace

from ec2.rehearsal.network.model import ICMP, UDP, Network, Permission, SecurityGroup, Traffic
from tests.functional.rehearsal.network.conftest import EVERYWHERE, GROUPS, OPEN_PORT, Cloud, port


def test_in_every_cell_of_four_groups_the_right_connection_opens_and_the_wrong_ones_do_not(
    cloud: Cloud,
) -> None:
    cells = [(receiver, series) for receiver in GROUPS for series in (50, 60, 70)]
    answers = cloud.answers(
        {
            sender: [
                {"to": member(cloud, receiver, sender), "port": port(series, sender, receiver)}
                for receiver, series in cells
            ]
            for sender in GROUPS
        }
    )
    opened = {
        (sender, *cell): answer == cloud.private(sender)
        for sender in GROUPS
        for cell, answer in zip(cells, answers[sender], strict=True)
    }
    assert opened == {(f, t, s): s == 70 for f in GROUPS for t in GROUPS for s in (50, 60, 70)}


def member(cloud: Cloud, group: str, sender: str) -> str:
    """The group's first member; of the sender's own group its second, which is in another subnet."""
    return cloud.private(f"{group}2" if group == sender else group)


def test_the_opposite_direction_of_a_permitted_connection_is_not_permitted(cloud: Cloud) -> None:
    answers = cloud.answers(
        {
            sender: [
                {"to": cloud.private(receiver), "port": port(70, receiver, sender)}
                for receiver in GROUPS
                if receiver != sender
            ]
            for sender in GROUPS
        }
    )
    assert answers == {sender: [""] * 3 for sender in GROUPS}


def permitting(network: Network, *ingress: Traffic) -> Network:
    """The database's group takes this from the web's; everybody may send everything."""
    everything = (Permission(Traffic(), EVERYWHERE),)
    lines = tuple(Permission(traffic, "sg-web") for traffic in ingress)
    groups = {g.id: replace(g, egress=everything) for g in network.groups}
    groups["sg-db"] = SecurityGroup("sg-db", "db", lines, everything)
    return replace(network, groups=tuple(groups.values()))


def test_a_protocol_is_permitted_by_itself(cloud: Cloud) -> None:
    db, gateway = cloud.private("db"), str(cloud.network.vpcs[0].cidr[1])
    attempts = [
        {"to": db, "ping": True},
        {"to": db, "port": OPEN_PORT, "udp": True},
        {"to": db, "port": OPEN_PORT},
        {"to": gateway, "ping": True},
    ]
    cloud.apply(permitting(cloud.network, Traffic(ICMP, 8, -1)))
    answers = cloud.answers({"web": attempts, "mon": attempts})
    assert answers == {"web": [db, "", "", gateway], "mon": ["", "", "", gateway]}
    cloud.apply(permitting(cloud.network, Traffic(UDP, OPEN_PORT, OPEN_PORT)))
    assert cloud.sites["web"].probe(attempts[:3]) == ["", cloud.private("web"), ""]


def test_several_groups_permit_what_any_of_them_permits(cloud: Cloud) -> None:
    cloud.apply(cloud.changed("db", groups=("sg-db", "sg-mon")))
    attempts = [{"to": cloud.private("db"), "port": port(70, "web", group)} for group in ("db", "mon", "app")]
    assert cloud.sites["web"].probe(attempts) == [cloud.private("web")] * 2 + [""]


def test_an_instance_without_rules_yet_is_closed(cloud: Cloud) -> None:
    rest = tuple(i for i in cloud.network.interfaces if i.name != "web")
    cloud.apply(replace(cloud.network, interfaces=rest))
    outwards = [
        {"to": cloud.private("db"), "port": port(70, "web", "db")},
        {"to": "169.254.169.254", "port": 80},
    ]
    inwards = [{"to": cloud.private("web"), "port": port(70, "db", "web")}]
    assert cloud.answers({"web": outwards, "db": inwards}) == {"web": ["", ""], "db": [""]}
