"""Elastic IPs and their associations."""

from typing import Any

import pytest

from ec2.rehearsal.stacks.resources.contract import Clients
from tests.functional.rehearsal.resources.moto_stack import Stack, tags

EIP, ASSOCIATION, INSTANCE = "AWS::EC2::EIP", "AWS::EC2::EIPAssociation", "AWS::EC2::Instance"


@pytest.fixture
def instance(stack: Stack, subnet: str, image_id: str) -> str:
    return stack.create(INSTANCE, ImageId=image_id, SubnetId=subnet)


def test_an_address_is_its_own_id(aws: Clients, stack: Stack) -> None:
    address = stack.create(EIP, Domain="vpc", Tags=tags(Name="web"))
    found = aws("ec2").describe_addresses(PublicIps=[address])["Addresses"][0]
    assert stack.attribute(EIP, address, "AllocationId") == found["AllocationId"]
    assert stack.attribute(EIP, address, "PublicIp") == address
    assert stack.read(EIP, address) == {"Domain": "vpc", "Tags": tags(Name="web", Owner="team")}
    stack.update(EIP, address, Tags=tags(Name="front"))
    assert (stack.read(EIP, address) or {})["Tags"] == tags(Name="front", Owner="team")
    stack.delete(EIP, address)
    assert stack.read(EIP, address) is None


def test_an_address_moves_from_instance_to_instance(
    stack: Stack, subnet: str, instance: str, image_id: str
) -> None:
    other = stack.create(INSTANCE, ImageId=image_id, SubnetId=subnet)
    address = stack.create(EIP, Domain="vpc", InstanceId=instance)
    assert stack.attribute(INSTANCE, instance, "PublicIp") == address
    stack.update(EIP, address, InstanceId=other)
    assert stack.attribute(INSTANCE, other, "PublicIp") == address
    assert stack.attribute(INSTANCE, instance, "PublicIp") == ""
    stack.update(EIP, address, InstanceId=None)
    assert stack.read(EIP, address) == {"Domain": "vpc", "Tags": tags(Owner="team")}


def test_an_association_by_allocation_is_released(stack: Stack, instance: str) -> None:
    address = stack.create(EIP, Domain="vpc")
    allocation = stack.attribute(EIP, address, "AllocationId")
    association = stack.create(ASSOCIATION, AllocationId=allocation, InstanceId=instance)
    found: dict[str, Any] = stack.read(ASSOCIATION, association) or {}
    assert (found["EIP"], found["AllocationId"], found["InstanceId"]) == (address, allocation, instance)
    assert stack.attribute(ASSOCIATION, association, "Id") == association
    stack.delete(ASSOCIATION, association)
    assert stack.read(ASSOCIATION, association) is None
    assert stack.attribute(INSTANCE, instance, "PublicIp") == ""


def test_an_association_by_address_with_an_interface(aws: Clients, stack: Stack, instance: str) -> None:
    found = aws("ec2").describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    interface = found["NetworkInterfaces"][0]["NetworkInterfaceId"]
    address = stack.create(EIP, Domain="vpc")
    association = stack.create(ASSOCIATION, EIP=address, NetworkInterfaceId=interface)
    assert (stack.read(ASSOCIATION, association) or {})["NetworkInterfaceId"] == interface
    assert stack.attribute(INSTANCE, instance, "PublicIp") == address


def test_a_new_association_takes_the_address_from_the_old(
    stack: Stack, subnet: str, instance: str, image_id: str
) -> None:
    other = stack.create(INSTANCE, ImageId=image_id, SubnetId=subnet)
    allocation = stack.attribute(EIP, stack.create(EIP, Domain="vpc"), "AllocationId")
    first = stack.create(ASSOCIATION, AllocationId=allocation, InstanceId=instance)
    second = stack.create(ASSOCIATION, AllocationId=allocation, InstanceId=other)
    stack.delete(ASSOCIATION, first)
    assert (stack.read(ASSOCIATION, second) or {})["InstanceId"] == other
