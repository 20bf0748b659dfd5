"""What a call has made whose answer no process has written down goes with the rollback."""

from dataclasses import replace

import pytest

from ec2.rehearsal.settings import ACCOUNT, REGION
from ec2.rehearsal.stacks.engine import Engine
from ec2.rehearsal.stacks.resources import RESOURCE_TYPES
from ec2.rehearsal.stacks.resources.contract import Clients
from ec2.rehearsal.stacks.state import Before, Operation, Stack
from ec2.rehearsal.stacks.wire import install
from tests.functional.rehearsal.resources.test_every_type import MAY, left, settled

NETWORK = """\
Resources:
  Net: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.31.0.0/16}}
  Subnet: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Net, CidrBlock: 10.31.0.0/24}}
  Table: {Type: AWS::EC2::RouteTable, Properties: {VpcId: !Ref Net}}
  Gateway: {Type: AWS::EC2::InternetGateway}
  Acl: {Type: AWS::EC2::NetworkAcl, Properties: {VpcId: !Ref Net}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Action: "sts:AssumeRole", Principal: {Service: ec2.amazonaws.com}}]
"""
# Nothing leans on any of these, so all of them may be made at the same moment.
LAST = """\
  SubnetTable:
    Type: AWS::EC2::SubnetRouteTableAssociation
    Properties: {SubnetId: !Ref Subnet, RouteTableId: !Ref Table}
  SubnetAcl:
    Type: AWS::EC2::SubnetNetworkAclAssociation
    Properties: {SubnetId: !Ref Subnet, NetworkAclId: !Ref Acl}
  Attachment:
    Type: AWS::EC2::VPCGatewayAttachment
    Properties: {VpcId: !Ref Net, InternetGatewayId: !Ref Gateway}
  Other: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Net, CidrBlock: 10.31.1.0/24}}
  Group: {Type: AWS::EC2::SecurityGroup, Properties: {VpcId: !Ref Net, GroupDescription: web}}
  Profile: {Type: AWS::IAM::InstanceProfile, Properties: {Roles: [!Ref Role]}}
  Key: {Type: AWS::EC2::KeyPair, Properties: {KeyName: cut}}
  Address: {Type: AWS::EC2::EIP, Properties: {Domain: vpc}}
"""
NAMES = ("SubnetTable", "SubnetAcl", "Attachment", "Other", "Group", "Profile", "Key", "Address")


@pytest.fixture
def engine(aws: Clients) -> Engine:
    engine = Engine(RESOURCE_TYPES, aws, ACCOUNT, REGION)
    install(engine)
    return engine


def forget(stack: Stack) -> None:
    """The records as they were when the last of the resources were being made."""
    for name in NAMES:
        held = replace(stack.resources[name], physical_id="", properties={}, status="CREATE_IN_PROGRESS")
        stack.resources[name] = held


def resumed(engine: Engine, stack: Stack) -> str:
    """What another process makes of it."""
    engine.resume()
    return settled(engine, engine.site.aws("cloudformation"), stack.id)


def test_a_creation(engine: Engine, aws: Clients) -> None:
    cloud, before = aws("cloudformation"), left(aws)
    made = cloud.create_stack(StackName="cut", TemplateBody=NETWORK + LAST, **MAY)["StackId"]
    assert settled(engine, cloud, made) == "CREATE_COMPLETE"
    stack = engine.cloud.stacks[made]
    forget(stack)
    stack.status, stack.operation = "CREATE_IN_PROGRESS", Operation(stack.definition, None)
    assert resumed(engine, stack) == "ROLLBACK_COMPLETE"
    assert left(aws) == before


RETAINED = """\
Resources:
  Key: {Type: AWS::EC2::KeyPair, UpdateReplacePolicy: Retain, Properties: {KeyName: %s}}
"""
TAKEN = """\
Resources:
  Profile:
    Type: AWS::IAM::InstanceProfile
    Properties: {InstanceProfileName: somebodys, Roles: [somebodys]}
"""


def test_what_the_stack_has_let_go_of_stays(engine: Engine, aws: Clients) -> None:
    cloud, ec2 = aws("cloudformation"), aws("ec2")
    made = cloud.create_stack(StackName="kept", TemplateBody=RETAINED % "old")["StackId"]
    assert settled(engine, cloud, made) == "CREATE_COMPLETE"
    stack = engine.cloud.stacks[made]
    cloud.update_stack(StackName="kept", TemplateBody=RETAINED % "new")
    assert settled(engine, cloud, made) == "UPDATE_COMPLETE"
    held = stack.resources["Key"]
    before = Before({"Key": held}, None)
    stack.resources["Key"] = replace(held, status="UPDATE_IN_PROGRESS")
    stack.status, stack.operation = "UPDATE_IN_PROGRESS", Operation(stack.definition, None, before)
    assert resumed(engine, stack) == "UPDATE_ROLLBACK_COMPLETE"
    cloud.delete_stack(StackName=made)
    assert settled(engine, cloud, made) == "DELETE_COMPLETE"
    assert [key["KeyName"] for key in ec2.describe_key_pairs()["KeyPairs"]] == ["old"]
    ec2.delete_key_pair(KeyName="old")


def test_what_somebody_else_has_under_that_name_stays(engine: Engine, aws: Clients) -> None:
    cloud, iam, name = aws("cloudformation"), aws("iam"), "somebodys"
    iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}")
    iam.create_instance_profile(InstanceProfileName=name)
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
    made = cloud.create_stack(
        StackName="refused", TemplateBody=TAKEN, OnFailure="DO_NOTHING", Capabilities=["CAPABILITY_NAMED_IAM"]
    )["StackId"]
    assert settled(engine, cloud, made) == "CREATE_FAILED"
    stack = engine.cloud.stacks[made]
    stack.status, stack.operation = "CREATE_IN_PROGRESS", Operation(stack.definition, None)
    assert resumed(engine, stack) == "ROLLBACK_COMPLETE"
    profile = iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]
    assert [role["RoleName"] for role in profile["Roles"]] == [name]
    iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=name)
    iam.delete_instance_profile(InstanceProfileName=name)
    iam.delete_role(RoleName=name)


def test_an_update(engine: Engine, aws: Clients) -> None:
    cloud = aws("cloudformation")
    made = cloud.create_stack(StackName="grown", TemplateBody=NETWORK, **MAY)["StackId"]
    assert settled(engine, cloud, made) == "CREATE_COMPLETE"
    before, stack = left(aws), engine.cloud.stacks[made]
    held = Before(dict(stack.resources), None)
    cloud.update_stack(StackName="grown", TemplateBody=NETWORK + LAST, **MAY)
    assert settled(engine, cloud, made) == "UPDATE_COMPLETE"
    forget(stack)
    stack.status, stack.operation = "UPDATE_IN_PROGRESS", Operation(stack.definition, None, held)
    assert resumed(engine, stack) == "UPDATE_ROLLBACK_COMPLETE"
    assert left(aws) == before
    cloud.delete_stack(StackName=made)
    assert settled(engine, cloud, made) == "DELETE_COMPLETE"
