"""One rule in three languages: the template's, the request's, the answer's."""

from typing import Any

import pytest

from ec2.rehearsal.stacks.resources.rules import EVERYTHING_OUT, from_live, from_template


@pytest.mark.parametrize(
    ("given", "permission"),
    [
        (
            {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "10.0.0.0/8", "Description": "ssh"},
            {"FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "ssh"}]},
        ),
        (
            {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 81, "CidrIpv6": "::/0"},
            {"FromPort": 80, "ToPort": 81, "Ipv6Ranges": [{"CidrIpv6": "::/0"}]},
        ),
        (
            {
                "IpProtocol": 6,
                "FromPort": 80,
                "ToPort": 80,
                "SourceSecurityGroupId": "sg-1",
                "SourceSecurityGroupOwnerId": "1",
            },
            {"FromPort": 80, "ToPort": 80, "UserIdGroupPairs": [{"GroupId": "sg-1", "UserId": "1"}]},
        ),
        (
            {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "SourcePrefixListId": "pl-1"},
            {"FromPort": 443, "ToPort": 443, "PrefixListIds": [{"PrefixListId": "pl-1"}]},
        ),
    ],
)
def test_a_rule_is_asked_for(given: dict[str, Any], permission: dict[str, Any]) -> None:
    assert from_template(given, egress=False).permission == {"IpProtocol": "tcp", **permission}


def test_ports_of_all_protocols_are_nothing() -> None:
    given = {"IpProtocol": -1, "FromPort": 0, "ToPort": 65535, "CidrIp": "0.0.0.0/0"}
    assert from_template(given, egress=True) == EVERYTHING_OUT


def test_the_same_rule_is_known_again_whatever_its_description() -> None:
    live = {
        "SecurityGroupRuleId": "sgr-1",
        "IsEgress": False,
        "IpProtocol": "tcp",
        "FromPort": 3306,
        "ToPort": 3306,
        "ReferencedGroupInfo": {"GroupId": "sg-1", "UserId": "123456789012"},
        "Description": "app",
    }
    given = {"IpProtocol": "6", "FromPort": "3306", "ToPort": "3306", "SourceSecurityGroupId": "sg-1"}
    assert from_live(live).identity == from_template(given, egress=False).identity
    assert from_live(live).template == {
        "IpProtocol": "tcp",
        "FromPort": 3306,
        "ToPort": 3306,
        "SourceSecurityGroupId": "sg-1",
        "SourceSecurityGroupOwnerId": "123456789012",
        "Description": "app",
    }


def test_two_directions_are_two_rules() -> None:
    given = {"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}
    assert from_template(given, egress=False) != from_template(given, egress=True)
