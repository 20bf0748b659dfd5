"""Route tables, routes, their subnets, and NAT gateways."""

import pytest
from botocore.exceptions import ClientError

from ec2.rehearsal.stacks.resources.contract import Clients
from tests.functional.rehearsal.resources.moto_stack import Stack, tags

TABLE, ROUTE = "AWS::EC2::RouteTable", "AWS::EC2::Route"
ASSOCIATION, NAT = "AWS::EC2::SubnetRouteTableAssociation", "AWS::EC2::NatGateway"


@pytest.fixture
def gateway(aws: Clients, vpc: str) -> str:
    here = [{"Name": "attachment.vpc-id", "Values": [vpc]}]
    (found,) = aws("ec2").describe_internet_gateways(Filters=here)["InternetGateways"]
    return str(found["InternetGatewayId"])


@pytest.fixture
def table(stack: Stack, vpc: str) -> str:
    return stack.create(TABLE, VpcId=vpc, Tags=tags(Name="public"))


def test_a_route_table_is_tagged_and_goes(stack: Stack, vpc: str, table: str) -> None:
    assert stack.read(TABLE, table) == {"VpcId": vpc, "Tags": tags(Name="public", Owner="team")}
    assert stack.attribute(TABLE, table, "RouteTableId") == table
    stack.delete(TABLE, table)
    assert stack.read(TABLE, table) is None


def test_a_route_changes_its_target_in_place(stack: Stack, table: str, gateway: str, subnet: str) -> None:
    nat = stack.create(NAT, SubnetId=subnet, ConnectivityType="private")
    route = stack.create(ROUTE, RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    assert route == f"{table}|0.0.0.0/0"
    assert stack.attribute(ROUTE, route, "CidrBlock") == "0.0.0.0/0"
    stack.update(ROUTE, route, GatewayId=None, NatGatewayId=nat)
    assert stack.read(ROUTE, route) == {
        "RouteTableId": table,
        "DestinationCidrBlock": "0.0.0.0/0",
        "NatGatewayId": nat,
    }
    stack.delete(ROUTE, route)
    assert stack.read(ROUTE, route) is None


def test_a_route_leads_to_an_instance(stack: Stack, table: str, subnet: str, image_id: str) -> None:
    instance = stack.create("AWS::EC2::Instance", ImageId=image_id, SubnetId=subnet)
    route = stack.create(ROUTE, RouteTableId=table, DestinationCidrBlock="10.99.0.0/16", InstanceId=instance)
    assert (stack.read(ROUTE, route) or {})["InstanceId"] == instance


def test_a_second_route_to_the_same_place_is_refused(stack: Stack, table: str, gateway: str) -> None:
    stack.create(ROUTE, RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    with pytest.raises(ClientError, match="RouteAlreadyExists"):
        stack.create(ROUTE, RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)


def test_a_subnet_uses_a_table_and_leaves_it(stack: Stack, table: str, subnet: str) -> None:
    association = stack.create(ASSOCIATION, RouteTableId=table, SubnetId=subnet)
    assert stack.attribute(ASSOCIATION, association, "Id") == association
    assert stack.read(ASSOCIATION, association) == {"RouteTableId": table, "SubnetId": subnet}
    stack.delete(ASSOCIATION, association)
    assert stack.read(ASSOCIATION, association) is None


def test_a_subnet_changes_its_table_by_a_new_association(
    stack: Stack, vpc: str, table: str, subnet: str
) -> None:
    other = stack.create(TABLE, VpcId=vpc)
    old = stack.create(ASSOCIATION, RouteTableId=table, SubnetId=subnet)
    new = stack.create(ASSOCIATION, RouteTableId=other, SubnetId=subnet)
    stack.delete(ASSOCIATION, old)
    assert stack.read(ASSOCIATION, new) == {"RouteTableId": other, "SubnetId": subnet}


def test_a_public_nat_gateway_has_an_elastic_ip(stack: Stack, subnet: str) -> None:
    address = stack.create("AWS::EC2::EIP", Domain="vpc")
    allocation = stack.attribute("AWS::EC2::EIP", address, "AllocationId")
    nat = stack.create(NAT, SubnetId=subnet, AllocationId=allocation, Tags=tags(Name="nat"))
    live = stack.read(NAT, nat) or {}
    assert (live["SubnetId"], live["AllocationId"], live["ConnectivityType"]) == (
        subnet,
        allocation,
        "public",
    )
    assert stack.attribute(NAT, nat, "EniId").startswith("eni-")
    stack.update(NAT, nat, Tags=tags(Name="way-out"))
    assert (stack.read(NAT, nat) or {})["Tags"] == tags(Name="way-out", Owner="team")
    stack.delete(NAT, nat)
    assert stack.read(NAT, nat) is None


def test_a_private_nat_gateway_has_its_address(stack: Stack, subnet: str) -> None:
    nat = stack.create(NAT, SubnetId=subnet, ConnectivityType="private", PrivateIpAddress="10.20.1.77")
    assert (stack.read(NAT, nat) or {})["PrivateIpAddress"] == "10.20.1.77"


def test_a_deleted_nat_gateway_takes_its_interface_along(aws: Clients, stack: Stack, subnet: str) -> None:
    nat = stack.create(NAT, SubnetId=subnet, ConnectivityType="private")
    here = [{"Name": "network-interface-id", "Values": [stack.attribute(NAT, nat, "EniId")]}]
    stack.delete(NAT, nat)
    assert aws("ec2").describe_network_interfaces(Filters=here)["NetworkInterfaces"] == []
