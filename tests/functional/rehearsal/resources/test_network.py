"""VPC, subnet, internet gateway and its attachment."""

import pytest
from botocore.exceptions import ClientError

from ec2.rehearsal.stacks.resources.contract import Clients
from tests.functional.rehearsal.resources.moto_stack import Stack, tags

VPC, SUBNET = "AWS::EC2::VPC", "AWS::EC2::Subnet"
GATEWAY, ATTACHMENT = "AWS::EC2::InternetGateway", "AWS::EC2::VPCGatewayAttachment"


def test_a_vpc_has_its_dns_attributes_and_the_tags_of_stack_and_template(aws: Clients, stack: Stack) -> None:
    vpc = stack.create(VPC, CidrBlock="10.21.0.0/16", EnableDnsHostnames=True, Tags=tags(Name="net"))
    assert stack.read(VPC, vpc) == {
        "CidrBlock": "10.21.0.0/16",
        "InstanceTenancy": "default",
        "EnableDnsSupport": True,
        "EnableDnsHostnames": True,
        "Tags": tags(Name="net", Owner="team"),
    }
    live = aws("ec2").describe_vpcs(VpcIds=[vpc])["Vpcs"][0]
    assert {"Key": "aws:cloudformation:stack-name", "Value": "demo"} in live["Tags"]


def test_a_vpc_changes_in_place(stack: Stack) -> None:
    vpc = stack.create(VPC, CidrBlock="10.21.0.0/16", EnableDnsHostnames=True, Tags=tags(Name="net", Old="1"))
    stack.update(VPC, vpc, EnableDnsHostnames=None, EnableDnsSupport=False, Tags=tags(Name="network"))
    assert stack.read(VPC, vpc) == {
        "CidrBlock": "10.21.0.0/16",
        "InstanceTenancy": "default",
        "EnableDnsSupport": False,
        "EnableDnsHostnames": False,
        "Tags": tags(Name="network", Owner="team"),
    }


def test_a_vpc_gives_what_aws_made_with_it(aws: Clients, stack: Stack, vpc: str) -> None:
    group = aws("ec2").describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}])
    assert stack.attribute(VPC, vpc, "DefaultSecurityGroup") == group["SecurityGroups"][0]["GroupId"]
    assert stack.attribute(VPC, vpc, "DefaultNetworkAcl").startswith("acl-")
    assert stack.attribute(VPC, vpc, "CidrBlockAssociations")[0].startswith("vpc-cidr-assoc-")
    assert stack.attribute(VPC, vpc, "CidrBlock") == "10.20.0.0/16"


def test_a_vpc_that_aws_refuses_to_finish_is_not_left_behind(aws: Clients, stack: Stack) -> None:
    def cidrs() -> set[str]:
        return {vpc["CidrBlock"] for vpc in aws("ec2").describe_vpcs()["Vpcs"]}

    with pytest.raises(Exception, match="EnableDnsSupport"):
        stack.create(VPC, CidrBlock="10.77.0.0/16", EnableDnsSupport="perhaps")
    assert "10.77.0.0/16" not in cidrs()


def test_a_deleted_vpc_is_gone(stack: Stack) -> None:
    vpc = stack.create(VPC, CidrBlock="10.21.0.0/16")
    stack.delete(VPC, vpc)
    assert stack.read(VPC, vpc) is None
    with pytest.raises(ClientError, match=f"{vpc} does not exist"):
        stack.attribute(VPC, vpc, "CidrBlock")


def test_a_subnet_gives_its_instances_public_addresses_until_told_otherwise(stack: Stack, vpc: str) -> None:
    subnet = stack.create(SUBNET, VpcId=vpc, CidrBlock="10.20.2.0/24", MapPublicIpOnLaunch=True)
    assert (stack.read(SUBNET, subnet) or {})["MapPublicIpOnLaunch"] is True
    stack.update(SUBNET, subnet, MapPublicIpOnLaunch=None, Tags=tags(Name="private"))
    assert stack.read(SUBNET, subnet) == {
        "VpcId": vpc,
        "CidrBlock": "10.20.2.0/24",
        "AvailabilityZone": stack.attribute(SUBNET, subnet, "AvailabilityZone"),
        "MapPublicIpOnLaunch": False,
        "Tags": tags(Name="private", Owner="team"),
    }
    stack.delete(SUBNET, subnet)
    assert stack.read(SUBNET, subnet) is None


def test_a_subnet_knows_its_place_in_a_network_acl(stack: Stack, subnet: str) -> None:
    assert stack.attribute(SUBNET, subnet, "NetworkAclAssociationId").startswith("aclassoc-")


def test_a_subnet_outside_its_vpc_is_refused_in_aws_words(stack: Stack, vpc: str) -> None:
    with pytest.raises(ClientError, match=r"InvalidSubnet\.Range"):
        stack.create(SUBNET, VpcId=vpc, CidrBlock="192.168.0.0/24")


def test_a_gateway_is_attached_exchanged_and_detached(stack: Stack) -> None:
    vpc = stack.create("AWS::EC2::VPC", CidrBlock="10.21.0.0/16")
    first, second = stack.create(GATEWAY, Tags=tags(Name="igw")), stack.create(GATEWAY)
    attachment = stack.create(ATTACHMENT, VpcId=vpc, InternetGatewayId=first)
    assert attachment == f"IGW|{vpc}"
    assert stack.attribute(ATTACHMENT, attachment, "AttachmentType") == "IGW"
    stack.update(ATTACHMENT, attachment, InternetGatewayId=second)
    assert stack.read(ATTACHMENT, attachment) == {"VpcId": vpc, "InternetGatewayId": second}
    stack.delete(GATEWAY, first)
    stack.delete(ATTACHMENT, attachment)
    assert stack.read(ATTACHMENT, attachment) is None
    assert stack.read(GATEWAY, second) == {"Tags": tags(Owner="team")}
