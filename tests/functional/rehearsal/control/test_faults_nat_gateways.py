"""NAT gateways as in AWS, where moto's own would not be so."""

from ipaddress import IPv4Address
from typing import Any

import pytest

from tests.functional.rehearsal.control.sites import HELD, Site, closed_site, open_up, refused


@pytest.fixture
def closed(ec2: Any) -> Site:
    return closed_site(ec2)


@pytest.fixture
def site(closed: Site) -> Site:
    return open_up(closed)


def nat(ec2: Any, gateway: str) -> dict[str, Any]:
    (found,) = ec2.describe_nat_gateways(NatGatewayIds=[gateway])["NatGateways"]
    return dict(found)


def test_a_nat_gateway_stands_in_its_subnet_and_goes_with_all_that_it_had(ec2: Any, site: Site) -> None:
    address = site.address()
    made = ec2.create_nat_gateway(SubnetId=site.subnet, AllocationId=address["AllocationId"])["NatGateway"]
    found = nat(ec2, made["NatGatewayId"])
    (place,) = found["NatGatewayAddresses"]
    assert (found["State"], found["ConnectivityType"]) == ("available", "public")
    assert IPv4Address(place["PrivateIp"]) in site.cidr
    with refused(HELD):
        ec2.delete_subnet(SubnetId=site.subnet)
    ec2.delete_nat_gateway(NatGatewayId=made["NatGatewayId"])
    ec2.release_address(AllocationId=address["AllocationId"])
    ec2.delete_subnet(SubnetId=site.subnet)


def test_a_private_nat_gateway_has_the_address_that_was_asked_for(ec2: Any, closed: Site) -> None:
    asked = {"SubnetId": closed.subnet, "ConnectivityType": "private"}
    wanted = str(closed.cidr[77])
    made = ec2.create_nat_gateway(**asked, PrivateIpAddress=wanted)["NatGateway"]
    assert nat(ec2, made["NatGatewayId"])["NatGatewayAddresses"][0]["PrivateIp"] == wanted
    with refused(r"InvalidIPAddress\.InUse"):
        ec2.create_nat_gateway(**asked, PrivateIpAddress=wanted)
    with refused("InvalidParameterValue"):
        ec2.create_nat_gateway(**asked, PrivateIpAddress="192.0.2.1")


def test_a_nat_gateway_fails_with_a_taken_address_and_without_a_way_out(ec2: Any, site: Site) -> None:
    address = site.address()
    asked = {"SubnetId": site.subnet, "AllocationId": address["AllocationId"]}
    first, second = (ec2.create_nat_gateway(**asked)["NatGateway"]["NatGatewayId"] for _ in range(2))
    assert nat(ec2, first)["State"] == "available"
    assert (nat(ec2, second)["State"], nat(ec2, second)["FailureCode"]) == (
        "failed",
        "Resource.AlreadyAssociated",
    )
    ec2.delete_nat_gateway(NatGatewayId=first)
    ec2.detach_internet_gateway(InternetGatewayId=site.gateway, VpcId=site.vpc)
    third = ec2.create_nat_gateway(**asked)["NatGateway"]["NatGatewayId"]
    assert nat(ec2, third)["FailureCode"] == "Gateway.NotAttached"
    ec2.release_address(AllocationId=address["AllocationId"])


def test_a_nat_gateway_that_is_not_there_is_a_refusal(ec2: Any) -> None:
    with refused("NatGatewayNotFound"):
        ec2.delete_nat_gateway(NatGatewayId="nat-00000000000000000")
