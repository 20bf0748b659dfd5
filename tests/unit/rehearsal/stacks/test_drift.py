"""Differences between what was asked for and what is there."""

from typing import Any

import pytest

from ec2.rehearsal.stacks.drift import differences
from ec2.rehearsal.stacks.schemas import schema

GROUP = schema("AWS::EC2::SecurityGroup")
WEB = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "CidrIp": "0.0.0.0/0"}
SSH = {"IpProtocol": "tcp", "FromPort": "22", "ToPort": "22", "CidrIp": "198.18.0.1/32"}


def found(expected: dict[str, Any], actual: dict[str, Any]) -> list[tuple[str, str]]:
    """Where something differs and how."""
    foreign = frozenset(["Owner"])
    return [
        (one["PropertyPath"], one["DifferenceType"]) for one in differences(GROUP, expected, actual, foreign)
    ]


@pytest.mark.parametrize(
    ("expected", "actual", "paths"),
    [
        ({"GroupDescription": "a"}, {"GroupDescription": "b"}, [("/GroupDescription", "NOT_EQUAL")]),
        ({"Threshold": 1}, {"Threshold": 1.0}, []),
        ({"Threshold": "80"}, {"Threshold": 80.0}, []),
        ({"Threshold": 1}, {"Threshold": 1.5}, [("/Threshold", "NOT_EQUAL")]),
        ({"Threshold": 1}, {"Threshold": "one"}, [("/Threshold", "NOT_EQUAL")]),
        ({"Threshold": 1}, {"Threshold": True}, [("/Threshold", "NOT_EQUAL")]),
        ({"Owner": "0123"}, {"Owner": "123"}, [("/Owner", "NOT_EQUAL")]),
        ({"SecurityGroupIngress": [WEB, SSH]}, {"SecurityGroupIngress": [SSH, WEB]}, []),
        ({"SecurityGroupIngress": [SSH]}, {"SecurityGroupIngress": [{**SSH, "FromPort": 22}]}, []),
        (
            {"SecurityGroupIngress": [SSH]},
            {"SecurityGroupIngress": [SSH, WEB]},
            [("/SecurityGroupIngress/1", "ADD")],
        ),
        (
            {"SecurityGroupIngress": [WEB, SSH]},
            {"SecurityGroupIngress": [SSH]},
            [("/SecurityGroupIngress/0", "REMOVE")],
        ),
        ({"SecurityGroupIngress": [WEB]}, {"SecurityGroupIngress": [{**WEB, "Description": ""}]}, []),
        ({"GroupDescription": "a"}, {}, []),
        ({"GroupDescription": "a"}, {"GroupDescription": "a", "VpcId": "vpc-1"}, []),
        (
            {"Tags": [{"Key": "Role", "Value": "app"}]},
            {
                "Tags": [
                    {"Key": "aws:cloudformation:stack-name", "Value": "x"},
                    {"Key": "Owner", "Value": "me"},
                    {"Key": "Role", "Value": "app"},
                ]
            },
            [],
        ),
        (
            {"Tags": [{"Key": "Role", "Value": "app"}]},
            {"Tags": [{"Key": "Role", "Value": "app"}, {"Key": "By", "Value": "hand"}]},
            [("/Tags/1", "ADD")],
        ),
    ],
)
def test_differences_are_found_where_they_are(
    expected: dict[str, Any], actual: dict[str, Any], paths: list[tuple[str, str]]
) -> None:
    assert found(expected, actual) == paths
