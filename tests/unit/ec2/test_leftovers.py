"""What is listed by AWS becomes ids and snapshots."""

from datetime import UTC, datetime

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from ec2.leftovers import EC2_THINGS, Kept, short_id, snapshot, stack_there, tag
from ec2.settings import parse_settings
from ec2.template.build import build_template
from tests.conftest import ROOT

MADE = datetime(2026, 1, 31, tzinfo=UTC)
ROW = {"SnapshotId": "snap-1", "VolumeId": "vol-1", "VolumeSize": 20, "StartTime": MADE, "State": "completed"}
PREFIXES = {
    "EIP": "eipalloc", "Instance": "i", "InternetGateway": "igw", "KeyPair": "key", "NetworkAcl": "acl",
    "RouteTable": "rtb", "SecurityGroup": "sg", "Subnet": "subnet", "VPC": "vpc", "Volume": "vol",
    "SecurityGroupIngress": "sgr", "SecurityGroupEgress": "sgr",
}  # fmt: skip
# Parts of others that have neither tag nor id of their own.
PARTS = {
    "EIPAssociation", "NetworkAclEntry", "Route", "SubnetNetworkAclAssociation",
    "SubnetRouteTableAssociation", "VPCGatewayAttachment",
}  # fmt: skip


@pytest.mark.parametrize(
    ("arn", "id"),
    [
        ("arn:aws:ec2:us-east-1:1:instance/i-0a", "i-0a"),
        ("arn:aws:ec2:us-east-1:1:elastic-ip/eipalloc-0a", "eipalloc-0a"),
        ("arn:aws:ssm:us-east-1:1:parameter/blog/x", "arn:aws:ssm:us-east-1:1:parameter/blog/x"),
    ],
)
def test_things_of_ec2_are_known_by_their_own_ids(arn: str, id: str) -> None:
    assert short_id(arn) == id


def test_whatever_the_template_makes_at_ec2_can_be_asked_for() -> None:
    template = build_template(parse_settings((ROOT / "stack.toml").read_text(), "stack.toml"))
    made = {
        resource["Type"].split("::")[2]
        for resource in template["Resources"].values()
        if "::EC2::" in resource["Type"]
    }
    assert made <= PREFIXES.keys() | PARTS
    assert {PREFIXES[name] for name in made - PARTS} <= EC2_THINGS.keys()


def test_a_snapshots_own_tags_know_its_role_best() -> None:
    tagged = {**ROW, "Tags": [{"Key": "Role", "Value": "database"}]}
    assert snapshot(tagged, "app", "jenkins") == Kept("snap-1", 20, "database", "app", MADE, True)
    assert snapshot(ROW, "app", "jenkins").role == "jenkins"
    assert not snapshot({**ROW, "State": "pending"}, "", "").complete


def test_a_stack_is_gone_when_aws_says_so_and_not_when_it_refuses_to_answer() -> None:
    cloudformation = boto3.client(
        "cloudformation", "us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    arn = "arn:aws:cloudformation:us-east-1:1:stack/blog/1"
    known = {"StackName": "blog", "CreationTime": MADE}
    with Stubber(cloudformation) as aws:
        for status in ("UPDATE_COMPLETE", "DELETE_COMPLETE"):
            aws.add_response("describe_stacks", {"Stacks": [{**known, "StackStatus": status}]})
        aws.add_client_error("describe_stacks", "ValidationError", f"Stack with id {arn} does not exist")
        aws.add_client_error("describe_stacks", "Throttling", "Rate exceeded")
        assert [stack_there(cloudformation, arn) for _ in range(3)] == [True, False, False]
        with pytest.raises(ClientError, match="Rate exceeded"):
            stack_there(cloudformation, arn)


def test_a_tag_that_is_not_there_is_empty() -> None:
    assert tag({}, "Role") == tag({"Tags": [{"Key": "Host", "Value": "app"}]}, "Role") == ""
