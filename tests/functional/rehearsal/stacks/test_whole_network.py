"""A network with hosts, made of the rehearsal's own resource types: the whole way, and how long it takes."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ec2.rehearsal.control.faults import mend_moto
from ec2.rehearsal.control.originals import as_it_was
from ec2.rehearsal.settings import ACCOUNT, REGION
from ec2.rehearsal.stacks.engine import Engine
from ec2.rehearsal.stacks.resources import RESOURCE_TYPES
from ec2.rehearsal.stacks.wire import install
from tests.functional.rehearsal.stacks.conftest import Stacks, refusal
from tests.functional.rehearsal.stacks.sample_templates import faults
from tests.waiting import PATIENCE

LIMIT_SECONDS = 4
YAML = """\
Parameters:
  Image: {Type: "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>", Default: /images/debian}
  Rule: {Type: String, Default: 0.0.0.0/0}
Resources:
  Net:
    Type: AWS::EC2::VPC
    Properties: {CidrBlock: 10.20.0.0/16}
  Gateway: {Type: AWS::EC2::InternetGateway}
  Attachment:
    Type: AWS::EC2::VPCGatewayAttachment
    Properties: {VpcId: !Ref Net, InternetGatewayId: !Ref Gateway}
  Table:
    Type: AWS::EC2::RouteTable
    Properties: {VpcId: !Ref Net}
  Out:
    Type: AWS::EC2::Route
    DependsOn: Attachment
    Properties: {RouteTableId: !Ref Table, DestinationCidrBlock: 0.0.0.0/0, GatewayId: !Ref Gateway}
  One:
    Type: AWS::EC2::Subnet
    Properties:
      VpcId: !Ref Net
      AvailabilityZone: !Select [0, !GetAZs ""]
      CidrBlock: !Select [0, !Cidr [!GetAtt Net.CidrBlock, 2, 8]]
  Two:
    Type: AWS::EC2::Subnet
    Properties:
      VpcId: !Ref Net
      AvailabilityZone: !Select [0, !GetAZs ""]
      CidrBlock: !Select [1, !Cidr [!GetAtt Net.CidrBlock, 2, 8]]
  OneRoutes:
    Type: AWS::EC2::SubnetRouteTableAssociation
    Properties: {SubnetId: !Ref One, RouteTableId: !Ref Table}
  TwoRoutes:
    Type: AWS::EC2::SubnetRouteTableAssociation
    Properties: {SubnetId: !Ref Two, RouteTableId: !Ref Table}
  Web:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: Web
      VpcId: !Ref Net
      SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 80, ToPort: 80, CidrIp: !Ref Rule}]
  Inside:
    Type: AWS::EC2::SecurityGroup
    Properties: {GroupDescription: Inside, VpcId: !Ref Net}
  FromWeb:
    Type: AWS::EC2::SecurityGroupIngress
    Properties:
      GroupId: !Ref Inside
      IpProtocol: tcp
      FromPort: 3306
      ToPort: 3306
      SourceSecurityGroupId: !Ref Web
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Action: "sts:AssumeRole", Principal: {Service: ec2.amazonaws.com}}]
  Profile:
    Type: AWS::IAM::InstanceProfile
    Properties: {Roles: [!Ref Role]}
  Front:
    Type: AWS::EC2::Instance
    Properties:
      ImageId: !Ref Image
      InstanceType: t3.small
      SubnetId: !Ref One
      SecurityGroupIds: [!Ref Web]
      IamInstanceProfile: !Ref Profile
  Back:
    Type: AWS::EC2::Instance
    Properties:
      ImageId: !Ref Image
      InstanceType: t3.small
      SubnetId: !Ref Two
      SecurityGroupIds: [!Ref Inside]
  Address:
    Type: AWS::EC2::EIP
    DependsOn: Attachment
    Properties: {Domain: vpc}
  FrontAddress:
    Type: AWS::EC2::EIPAssociation
    Properties: {AllocationId: !GetAtt Address.AllocationId, InstanceId: !Ref Front}
  Disk:
    Type: AWS::EC2::Volume
    DeletionPolicy: Snapshot
    UpdateReplacePolicy: Snapshot
    Properties: {AvailabilityZone: !GetAtt Back.AvailabilityZone, Size: 1}
  Mount:
    Type: AWS::EC2::VolumeAttachment
    Properties: {VolumeId: !Ref Disk, InstanceId: !Ref Back, Device: /dev/sdf}
Outputs:
  Address: {Value: !Ref Address}
  Inside: {Value: !GetAtt Back.PrivateIp}
"""


@pytest.fixture
def whole(engine: Engine, aws: Callable[[str], Any]) -> Iterator[Stacks]:
    """The engine with the rehearsal's own types and an EC2 that refuses as AWS does, and an image."""
    own = Engine(RESOURCE_TYPES, aws, ACCOUNT, REGION)
    install(own)
    with as_it_was():
        mend_moto()
        image = aws("ec2").describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
        aws("ssm").put_parameter(Name="/images/debian", Type="String", Value=image)
        yield Stacks(own, aws("cloudformation"))
        own.join()


def test_a_network_with_hosts_comes_changes_and_goes(whole: Stacks, cloud: Any, aws: Any) -> None:
    assert faults(YAML) == []
    before = {group["GroupId"] for group in aws("ec2").describe_security_groups()["SecurityGroups"]}
    code, sentence = refusal(cloud.create_stack, StackName="net", TemplateBody=YAML)
    assert (code, sentence) == (
        "InsufficientCapabilitiesException",
        "Requires capabilities : [CAPABILITY_IAM]",
    )
    seconds = made_in(whole, cloud)
    print(f"a network of twenty: {seconds:.2f} s")
    stack = whole.settled("net")
    assert stack["StackStatus"] == "CREATE_COMPLETE", whole.reasons("net", "CREATE_FAILED")
    assert seconds < LIMIT_SECONDS * PATIENCE
    assert {output["OutputKey"] for output in stack["Outputs"]} == {"Address", "Inside"}
    assert drifted(cloud) == []
    rule = [{"ParameterKey": "Rule", "ParameterValue": "198.18.0.1/32"}]
    changes = whole.proposed("net", YAML, Parameters=rule, Capabilities=["CAPABILITY_IAM"])
    assert [(one["LogicalResourceId"], one["Replacement"]) for one in changes] == [("Web", "False")]
    whole.update("net", YAML, Parameters=rule, Capabilities=["CAPABILITY_IAM"])
    assert whole.settled("net")["StackStatus"] == "UPDATE_COMPLETE"
    assert drifted(cloud) == []
    assert owners(whole, aws) == ["me"]
    whole.update("net", YAML, Parameters=rule, Capabilities=["CAPABILITY_IAM"], Tags=[])
    assert whole.settled("net")["StackStatus"] == "UPDATE_COMPLETE"
    assert owners(whole, aws) == []
    whole.delete("net")
    assert cloud.describe_stacks(StackName=stack["StackId"])["Stacks"][0]["StackStatus"] == "DELETE_COMPLETE"
    after = {group["GroupId"] for group in aws("ec2").describe_security_groups()["SecurityGroups"]}
    assert after == before
    assert len(aws("ec2").describe_snapshots(OwnerIds=["self"])["Snapshots"]) >= 1


def made_in(whole: Stacks, cloud: Any) -> float:
    """Seconds from ExecuteChangeSet to the end."""
    cloud.create_change_set(
        StackName="net",
        ChangeSetName="all",
        ChangeSetType="CREATE",
        TemplateBody=YAML,
        Capabilities=["CAPABILITY_IAM"],
        Tags=[{"Key": "Owner", "Value": "me"}],
    )
    began = time.monotonic()
    cloud.execute_change_set(StackName="net", ChangeSetName="all")
    whole.engine.join()
    return round(time.monotonic() - began, 2)


def drifted(cloud: Any) -> list[dict[str, Any]]:
    """Every resource that is not what it was asked to be."""
    names = [
        one["LogicalResourceId"] for one in cloud.describe_stack_resources(StackName="net")["StackResources"]
    ]
    found = [
        cloud.detect_stack_resource_drift(StackName="net", LogicalResourceId=name)["StackResourceDrift"]
        for name in names
    ]
    return [one for one in found if one["StackResourceDriftStatus"] != "IN_SYNC"]


def owners(whole: Stacks, aws: Any) -> list[str]:
    """The stack's own tag as it is on its network."""
    network = whole.physical_id("net", "Net")
    tags = aws("ec2").describe_vpcs(VpcIds=[network])["Vpcs"][0].get("Tags", [])
    return [tag["Value"] for tag in tags if tag["Key"] == "Owner"]
