"""VPCs for the tests of moto's faults."""

from dataclasses import dataclass
from ipaddress import IPv4Network
from itertools import count
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ec2.rehearsal.control import seeds

NUMBERS = count()
# What EC2 calls that something leans on what shall go.
HELD = "DependencyViolation"


@dataclass
class Site:
    """A VPC with a subnet, and a way out if it has one."""

    ec2: Any
    vpc: str
    subnet: str
    cidr: IPv4Network
    gateway: str = ""

    def instance(self, **choices: Any) -> str:
        asked = {"ImageId": seeds.BARE, "InstanceType": "t3.micro", "SubnetId": self.subnet}
        made = self.ec2.run_instances(**asked, MinCount=1, MaxCount=1, **choices)
        return str(made["Instances"][0]["InstanceId"])

    def interface(self, **choices: Any) -> str:
        made = self.ec2.create_network_interface(SubnetId=self.subnet, **choices)
        return str(made["NetworkInterface"]["NetworkInterfaceId"])

    def address(self) -> dict[str, Any]:
        return dict(self.ec2.allocate_address(Domain="vpc"))

    def table(self) -> str:
        return str(self.ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"])

    def public(self, instance: str) -> str | None:
        (reservation,) = self.ec2.describe_instances(InstanceIds=[instance])["Reservations"]
        return reservation["Instances"][0].get("PublicIpAddress")


def closed_site(ec2: Any) -> Site:
    """A VPC without a way out."""
    cidr = IPv4Network(f"10.80.{next(NUMBERS)}.0/24")
    vpc = ec2.create_vpc(CidrBlock=str(cidr))["Vpc"]["VpcId"]
    return Site(ec2, vpc, ec2.create_subnet(VpcId=vpc, CidrBlock=str(cidr))["Subnet"]["SubnetId"], cidr)


def open_up(site: Site) -> Site:
    """The same with an internet gateway."""
    site.gateway = site.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    site.ec2.attach_internet_gateway(InternetGatewayId=site.gateway, VpcId=site.vpc)
    return site


def refused(code: str) -> Any:
    """What EC2 refuses with this code."""
    return pytest.raises(ClientError, match=rf"\({code}\)")
