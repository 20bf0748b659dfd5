"""Properties take the schema's types, and what a change of each asks for is known."""

from typing import Any

import pytest

from ec2.rehearsal.stacks.properties import coerced, faults
from ec2.rehearsal.stacks.recreation import changed_names
from ec2.rehearsal.stacks.schemas import Schema, schema


def known(name: str) -> Schema:
    """A type's schema."""
    described = schema(name)
    assert described is not None
    return described


def test_texts_become_numbers_and_truths_where_the_schema_says_so() -> None:
    given: dict[str, Any] = {
        "GroupDescription": 7,
        "SecurityGroupIngress": [{"IpProtocol": 6, "FromPort": "22", "ToPort": "22"}],
        "Tags": [{"Key": "Spot", "Value": True}],
    }
    assert coerced(known("AWS::EC2::SecurityGroup"), given) == {
        "GroupDescription": "7",
        "SecurityGroupIngress": [{"IpProtocol": "6", "FromPort": 22, "ToPort": 22}],
        "Tags": [{"Key": "Spot", "Value": "true"}],
    }
    assert coerced(known("AWS::EC2::Instance"), {"EbsOptimized": "false"}) == {"EbsOptimized": False}


def test_an_enum_is_held_once_its_value_is_known() -> None:
    described = known("AWS::EC2::Instance")
    sound = {"InstanceInitiatedShutdownBehavior": "stop", "MetadataOptions": {"HttpTokens": "required"}}
    assert faults(described, sound) == []
    assert faults(described, {"MetadataOptions": {"HttpTokens": "maybe"}}) == [
        "#/MetadataOptions/HttpTokens: maybe is not a valid enum value"
    ]


@pytest.mark.parametrize(
    ("old", "new", "names"),
    [
        ({"A": 1, "B": 2}, {"A": 1, "B": 2}, []),
        ({"A": 1}, {"A": 2}, ["A"]),
        ({"A": 1}, {"B": 1}, ["A", "B"]),
        ({"A": {"x": [1]}}, {"A": {"x": [2]}}, ["A"]),
    ],
)
def test_changed_properties_are_named(old: dict[str, Any], new: dict[str, Any], names: list[str]) -> None:
    assert changed_names(old, new) == names


def test_the_schema_tells_what_needs_a_new_resource() -> None:
    described = known("AWS::EC2::Instance")
    assert "ImageId" in described.create_only
    assert "InstanceType" in described.conditionally_create_only
    assert "Monitoring" not in described.create_only | described.conditionally_create_only
    assert described.gives("PublicIp")
    assert not described.gives("Colour")
    assert schema("AWS::EC2::Nope") is None
