"""What the control plane says of a network, read into the model and accepted by nft."""

import subprocess
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import boto3
import pytest
from moto import mock_aws

from ec2.rehearsal.network import names
from ec2.rehearsal.network.compiler import closed_rules, compile_rules
from ec2.rehearsal.network.model import ICMP, TCP, AclEntry, Network, Permission, Route, Target, Traffic, Vpc
from ec2.rehearsal.network.observe import observe
from ec2.rehearsal.network.services import Services
from ec2.rehearsal.settings import Rehearsal

EVERYWHERE = IPv4Network("0.0.0.0/0")
VPC = IPv4Network("10.50.0.0/16")


@pytest.fixture
def ec2() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("ec2", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")


@pytest.fixture
def vpc(ec2: Any) -> str:
    return str(ec2.create_vpc(CidrBlock=str(VPC))["Vpc"]["VpcId"])


def subnet(ec2: Any, vpc: str, cidr: str, **route: str) -> str:
    """A subnet with a route table of its own that has one route to everywhere."""
    made = ec2.create_subnet(VpcId=vpc, CidrBlock=cidr)["Subnet"]["SubnetId"]
    if route:
        table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", **route)
        ec2.associate_route_table(RouteTableId=table, SubnetId=made)
    return str(made)


def gateway(ec2: Any, vpc: str) -> str:
    made = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=made, VpcId=vpc)
    return str(made)


def launch(ec2: Any, subnet_id: str, *groups: str, **more: Any) -> dict[str, Any]:
    asked = {"ImageId": "ami-12c6146b", "MinCount": 1, "MaxCount": 1, "SubnetId": subnet_id, **more}
    found: dict[str, Any] = ec2.run_instances(**asked, SecurityGroupIds=list(groups))["Instances"][0]
    return found


def test_a_cloud_without_instances_has_nothing_to_rule(ec2: Any, vpc: str) -> None:
    assert observe(ec2, "any") == Network()


def test_an_instance_is_read_with_its_addresses_and_groups(ec2: Any, vpc: str) -> None:
    made = ec2.create_security_group(GroupName="web", Description="-", VpcId=vpc)["GroupId"]
    name = {"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "web"}]}
    inside = subnet(ec2, vpc, "10.50.1.0/24")
    instance = launch(ec2, inside, made, TagSpecifications=[name])
    address = ec2.allocate_address(Domain="vpc")
    ec2.associate_address(AllocationId=address["AllocationId"], InstanceId=instance["InstanceId"])
    network = observe(ec2, "any")
    (interface,) = network.interfaces
    assert network.vpcs == (Vpc(vpc, VPC, names.bridge("any", vpc)),)
    assert (interface.instance, interface.name, interface.subnet) == (instance["InstanceId"], "web", inside)
    assert (interface.private, interface.groups) == (IPv4Address("10.50.1.4"), (made,))
    assert interface.public == IPv4Address(address["PublicIp"])
    assert interface.mac == instance["NetworkInterfaces"][0]["MacAddress"]
    ec2.stop_instances(InstanceIds=[instance["InstanceId"]])
    assert observe(ec2, "any") == Network()


def test_routes_are_the_subnets_own_or_the_main_tables(ec2: Any, vpc: str) -> None:
    internet = gateway(ec2, vpc)
    public = subnet(ec2, vpc, "10.50.1.0/24", GatewayId=internet)
    allocation = ec2.allocate_address(Domain="vpc")
    nat = ec2.create_nat_gateway(SubnetId=public, AllocationId=allocation["AllocationId"])["NatGateway"]
    private = subnet(ec2, vpc, "10.50.2.0/24", NatGatewayId=nat["NatGatewayId"])
    isolated = subnet(ec2, vpc, "10.50.3.0/24")
    launch(ec2, private)
    launch(ec2, isolated)
    network = observe(ec2, "any")
    local = Route(VPC, Target.LOCAL)
    assert {s.id: s.routes for s in network.subnets} == {
        public: (local, Route(EVERYWHERE, Target.INTERNET_GATEWAY, internet)),
        private: (local, Route(EVERYWHERE, Target.NAT_GATEWAY, nat["NatGatewayId"])),
        isolated: (local,),
    }
    assert [g.public for g in network.nat_gateways] == [IPv4Address(allocation["PublicIp"])]
    ec2.detach_internet_gateway(InternetGatewayId=internet, VpcId=vpc)
    ec2.delete_nat_gateway(NatGatewayId=nat["NatGatewayId"])
    later = {s.id: s.routes for s in observe(ec2, "any").subnets}
    assert public not in later or later[public][1].target is Target.BLACKHOLE
    assert all(g.public is None for g in observe(ec2, "any").nat_gateways)


def test_groups_and_acls_are_read_with_their_lines(ec2: Any, vpc: str) -> None:
    group = ec2.create_security_group(GroupName="web", Description="-", VpcId=vpc)["GroupId"]
    tcp = {
        "IpProtocol": "tcp",
        "FromPort": 80,
        "ToPort": 81,
        "IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "inside"}],
        "UserIdGroupPairs": [{"GroupId": group}],
    }
    ping = {"IpProtocol": "icmp", "FromPort": 8, "ToPort": -1, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[tcp, ping])
    launch(ec2, subnet(ec2, vpc, "10.50.1.0/24"), group)
    network = observe(ec2, "any")
    web = next(g for g in network.groups if g.id == group)
    assert web.ingress == (
        Permission(Traffic(TCP, 80, 81), IPv4Network("10.0.0.0/8"), "inside"),
        Permission(Traffic(TCP, 80, 81), group),
        Permission(Traffic(ICMP, 8, -1), EVERYWHERE),
    )
    assert web.egress == (Permission(Traffic(), EVERYWHERE),)
    everything = (AclEntry(100, True, Traffic(), EVERYWHERE),)
    assert [(a.ingress, a.egress) for a in network.acls] == [(everything, everything)]


def test_what_was_read_is_what_nft_accepts(ec2: Any, vpc: str) -> None:
    launch(ec2, subnet(ec2, vpc, "10.50.1.0/24", GatewayId=gateway(ec2, vpc)))
    rehearsal = Rehearsal("observed")
    script = compile_rules(observe(ec2, "observed"), rehearsal, Services(rehearsal.gateway, 4566, 8091))
    for text in (script, closed_rules("observed")):
        checked = subprocess.run(["nft", "--check", "-f", "-"], input=text, capture_output=True, text=True)
        assert checked.returncode == 0, checked.stderr
