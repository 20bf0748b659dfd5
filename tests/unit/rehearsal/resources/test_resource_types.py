"""Every resource type against what AWS publishes of it, as cfn-lint bundles it."""

import pytest
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from ec2.rehearsal.stacks.resources import ALL, RESOURCE_TYPES
from ec2.rehearsal.stacks.resources.contract import ReplacedOn, ResourceType
from ec2.rehearsal.stacks.resources.kind import Kind

EACH = pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.name)


def schema(kind: ResourceType) -> dict[str, list[str]]:
    found: dict[str, list[str]] = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind.name).schema
    return found


def top_level(kind: ResourceType, key: str) -> set[str]:
    return {pointer.split("/")[2] for pointer in schema(kind).get(key, ()) if pointer.count("/") == 2}


@EACH
def test_what_is_carried_out_is_a_property_that_a_template_may_give(kind: ResourceType) -> None:
    assert kind.carried_out <= set(schema(kind)["properties"]) - top_level(kind, "readOnlyProperties")


@EACH
def test_what_aws_requires_is_carried_out(kind: ResourceType) -> None:
    assert set(schema(kind).get("required", ())) <= kind.carried_out


@EACH
def test_attributes_are_aws_own(kind: ResourceType) -> None:
    assert isinstance(kind, Kind)
    known = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind.name).get_atts
    assert set(kind.attributes) <= set(known)


@EACH
def test_what_aws_alone_sets_can_be_asked_for(kind: ResourceType) -> None:
    """An attribute that a template of this kind would use; the few left out are named here."""
    assert isinstance(kind, Kind)
    assert top_level(kind, "readOnlyProperties") - LEFT_OUT.get(kind.name, set()) <= set(kind.attributes)


@EACH
def test_replacement_is_our_choice_only_where_aws_leaves_one(kind: ResourceType) -> None:
    chosen = kind.replaced_on if isinstance(kind, ReplacedOn) else frozenset()
    assert chosen <= kind.carried_out & top_level(kind, "conditionalCreateOnlyProperties")


def test_each_type_is_found_by_its_name() -> None:
    assert len(RESOURCE_TYPES) == len(ALL)
    assert RESOURCE_TYPES["AWS::EC2::Route"].name == "AWS::EC2::Route"


LEFT_OUT = {
    "AWS::EC2::VPC": {"Ipv6CidrBlocks"},
    "AWS::EC2::Subnet": {"Ipv6CidrBlocks", "BlockPublicAccessStates"},
    "AWS::EC2::Instance": {"State"},
    "AWS::EC2::NatGateway": {"AutoProvisionZones", "AutoScalingIps", "RouteTableId"},
}
