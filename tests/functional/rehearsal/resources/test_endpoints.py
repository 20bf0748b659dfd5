"""Flow logs and VPC endpoints."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from ec2.rehearsal.stacks.resources.contract import Clients
from tests.functional.rehearsal.resources.moto_stack import Stack, tags

FLOW_LOG, ENDPOINT = "AWS::EC2::FlowLog", "AWS::EC2::VPCEndpoint"
S3 = "com.amazonaws.us-east-1.s3"


def policy(effect: str) -> dict[str, Any]:
    return {"Statement": [{"Effect": effect, "Principal": "*", "Action": "s3:*", "Resource": "*"}]}


def test_a_flow_log_goes_into_a_bucket(stack: Stack, vpc: str) -> None:
    bucket = stack.create("AWS::S3::Bucket", BucketName="flows")
    given = {
        "ResourceId": vpc,
        "TrafficType": "REJECT",
        "LogDestinationType": "s3",
        "LogDestination": stack.attribute("AWS::S3::Bucket", bucket, "Arn"),
        "MaxAggregationInterval": 60,
    }
    log = stack.create(FLOW_LOG, ResourceType="VPC", Tags=tags(Name="flows"), **given)
    found = stack.read(FLOW_LOG, log) or {}
    assert {name: found[name] for name in given} == given
    assert found["Tags"] == tags(Name="flows", Owner="team")
    assert stack.attribute(FLOW_LOG, log, "Id") == log
    stack.delete(FLOW_LOG, log)
    assert stack.read(FLOW_LOG, log) is None


def test_a_flow_log_that_is_refused_fails(stack: Stack) -> None:
    nowhere = {"LogDestinationType": "s3", "LogDestination": "arn:aws:s3:::flows", "TrafficType": "ALL"}
    with pytest.raises(ClientError):
        stack.create(FLOW_LOG, ResourceType="VPC", ResourceId="vpc-00000000000000000", **nowhere)


def test_an_endpoint_changes_its_policy_in_place(stack: Stack, vpc: str) -> None:
    table = stack.create("AWS::EC2::RouteTable", VpcId=vpc)
    given = {"VpcId": vpc, "ServiceName": S3, "VpcEndpointType": "Gateway", "RouteTableIds": [table]}
    endpoint = stack.create(ENDPOINT, PolicyDocument=policy("Allow"), **given)
    assert stack.attribute(ENDPOINT, endpoint, "Id") == endpoint
    assert stack.attribute(ENDPOINT, endpoint, "CreationTimestamp").startswith("20")
    stack.update(ENDPOINT, endpoint, PolicyDocument=policy("Deny"), Tags=tags(Name="s3"))
    found = stack.read(ENDPOINT, endpoint) or {}
    assert {name: found[name] for name in given} == given
    assert found["PolicyDocument"] == policy("Deny")
    assert found["Tags"] == tags(Name="s3", Owner="team")
    stack.delete(ENDPOINT, endpoint)
    assert stack.read(ENDPOINT, endpoint) is None


def test_an_endpoint_moves_to_another_table(aws: Clients, stack: Stack, vpc: str) -> None:
    first, second = (stack.create("AWS::EC2::RouteTable", VpcId=vpc) for _ in range(2))
    service = {"ServiceName": S3, "VpcEndpointType": "Gateway"}
    endpoint = stack.create(ENDPOINT, VpcId=vpc, RouteTableIds=[first], **service)
    stack.update(ENDPOINT, endpoint, RouteTableIds=[second])
    routes = aws("ec2").describe_route_tables(RouteTableIds=[second])["RouteTables"][0]["Routes"]
    assert endpoint in [route.get("GatewayId") for route in routes]
