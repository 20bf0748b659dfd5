"""What the API's lines of groups and ACLs mean."""

from ipaddress import IPv4Network

import pytest

from ec2.rehearsal.network.model import ICMP, TCP, AclEntry, Permission, Traffic
from ec2.rehearsal.network.permissions import acl_entry, permissions, traffic_of


@pytest.mark.parametrize(
    ("protocol", "first", "last", "meant"),
    [
        ("-1", None, None, Traffic()),
        ("-1", 0, 0, Traffic()),
        ("tcp", 22, 22, Traffic(TCP, 22, 22)),
        ("6", 22, 23, Traffic(TCP, 22, 23)),
        ("icmp", 8, -1, Traffic(ICMP, 8, -1)),
        ("50", None, None, Traffic(50)),
    ],
)
def test_a_protocol_is_a_name_or_a_number(protocol: str, first: int, last: int, meant: Traffic) -> None:
    assert traffic_of(protocol, first, last) == meant


def test_a_line_with_ranges_and_groups_is_several_permissions() -> None:
    line = {
        "IpProtocol": "tcp",
        "FromPort": 80,
        "ToPort": 80,
        "IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "inside"}],
        "Ipv6Ranges": [{"CidrIpv6": "::/0"}],
        "UserIdGroupPairs": [{"GroupId": "sg-1"}],
    }
    http = Traffic(TCP, 80, 80)
    assert list(permissions(line)) == [
        Permission(http, IPv4Network("10.0.0.0/8"), "inside"),
        Permission(http, "sg-1"),
    ]


def test_an_acl_entry_has_ports_or_an_icmp_type() -> None:
    entry = {"RuleNumber": 7, "RuleAction": "deny", "Egress": False, "CidrBlock": "0.0.0.0/0"}
    everywhere = IPv4Network("0.0.0.0/0")
    ports = {**entry, "Protocol": "6", "PortRange": {"From": 1, "To": 2}}
    ping = {**entry, "Protocol": "1", "IcmpTypeCode": {"Type": 8, "Code": -1}}
    assert list(acl_entry(ports)) == [AclEntry(7, False, Traffic(TCP, 1, 2), everywhere)]
    assert list(acl_entry(ping)) == [AclEntry(7, False, Traffic(ICMP, 8, -1), everywhere)]


def test_the_closing_line_and_lines_for_ipv6_are_left_out() -> None:
    last = {
        "RuleNumber": 32767,
        "RuleAction": "deny",
        "Egress": False,
        "CidrBlock": "0.0.0.0/0",
        "Protocol": "-1",
    }
    six = {**last, "RuleNumber": 101}
    del six["CidrBlock"]
    assert [*acl_entry(last), *acl_entry(six)] == []
