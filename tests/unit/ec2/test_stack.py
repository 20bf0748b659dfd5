"""What the launcher makes of CloudFormation's answers, as AWS gives them."""

import itertools
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from ec2 import stack as wall
from ec2.errors import StackFailed
from ec2.stack import Change, Plan, Stack

ARN = "arn:aws:cloudformation:us-east-1:123456789012:changeSet/deploy-1/0f1e2d3c"
TEMPLATE = '{"Resources": {}}'
EARLY = (
    "The following hook(s)/validation failed: [AWS::EarlyValidation::PropertyValidation]. To troubleshoot "
    "Early Validation errors, use the DescribeEvents API for detailed failure information."
)


@pytest.fixture
def aws() -> Iterator[Stubber]:
    """AWS, which answers what a test lets it, in that order."""
    client = boto3.client(
        "cloudformation",
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )
    with Stubber(client) as stubber:
        yield stubber


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def stack(aws: Stubber, said: list[str]) -> Stack:
    return Stack("blog", aws.client, said.append)


def described(status: str) -> dict[str, Any]:
    row = {"StackName": "blog", "StackId": "arn:blog", "StackStatus": status, "CreationTime": "2026-11-24"}
    return {"Stacks": [row]}


def review(aws: Stubber, **found: Any) -> None:
    """Have AWS work out a change set of a stack that stands."""
    aws.add_response("describe_stacks", described("CREATE_COMPLETE"))
    aws.add_response("create_change_set", {"Id": ARN})
    aws.add_response("describe_change_set", {"ChangeSetId": ARN, "Changes": [], **found})


def change(of: str, type: str, replacement: str, *properties: str) -> dict[str, Any]:
    """A line of a change set; each property twice, as AWS has it where there are two reasons."""
    target = {"Attribute": "Properties", "RequiresRecreation": "Conditionally"}
    details = [
        {"Target": {**target, "Name": name}, "Evaluation": "Static"} for name in (*properties, *properties)
    ]
    tags = {"Target": {"Attribute": "Tags", "RequiresRecreation": "Never"}, "Evaluation": "Static"}
    return {
        "Type": "Resource",
        "ResourceChange": {
            "Action": "Modify",
            "LogicalResourceId": of,
            "PhysicalResourceId": "i-1",
            "ResourceType": type,
            "Replacement": replacement,
            "Details": [*details, tags],
        },
    }


def test_a_change_names_the_properties_that_change(stack: Stack, aws: Stubber) -> None:
    resized = change("AppHost", "AWS::EC2::Instance", "Conditional", "InstanceType", "UserData")
    review(aws, Status="CREATE_COMPLETE", Changes=[resized])
    (found,) = stack.plan(TEMPLATE, {}, {}).changes
    assert found == Change(
        "Modify",
        "AppHost",
        "AWS::EC2::Instance",
        "Conditional",
        "i-1",
        frozenset({"InstanceType", "UserData"}),
    )


def test_why_a_change_set_failed_is_asked_where_its_reason_says_and_before_it_goes(
    stack: Stack, aws: Stubber
) -> None:
    review(aws, Status="FAILED", StatusReason=EARLY)
    failed = {
        "LogicalResourceId": "AppHost",
        "ResourceType": "AWS::EC2::Instance",
        "ValidationName": "PROPERTY_VALIDATION",
        "ValidationStatus": "FAILED",
        "ValidationStatusReason": "t9.small is no instance type",
    }
    hook = {"LogicalResourceId": "KeyPair", "ResourceType": "AWS::EC2::KeyPair", "HookStatusReason": "no"}
    aws.add_response(
        "describe_events",
        {"OperationEvents": [failed, {"OperationStatus": "FAILED"}, hook]},
        {"ChangeSetName": ARN, "Filters": {"FailedEvents": True}},
    )
    aws.add_response("delete_change_set", {})
    with pytest.raises(StackFailed) as refused:
        stack.plan(TEMPLATE, {}, {})
    assert refused.value.message.splitlines() == [
        f"CloudFormation refused the change set: {EARLY}",
        "AppHost (AWS::EC2::Instance): t9.small is no instance type",
        "KeyPair (AWS::EC2::KeyPair): no",
    ]
    aws.assert_no_pending_responses()


def test_where_nobody_may_ask_the_first_reason_is_told_all_the_same(stack: Stack, aws: Stubber) -> None:
    review(aws, Status="FAILED", StatusReason=EARLY)
    aws.add_client_error("describe_events", "AccessDenied")
    aws.add_response("delete_change_set", {})
    with pytest.raises(StackFailed) as refused:
        stack.plan(TEMPLATE, {}, {})
    assert refused.value.message == f"CloudFormation refused the change set: {EARLY}"
    aws.assert_no_pending_responses()


LARGER = Change("Modify", "AppDatabaseVolume", "AWS::EC2::Volume", "False", "vol-1", frozenset({"Size"}))
TAGGED = Change("Modify", "AppDatabaseVolume", "AWS::EC2::Volume", "False", "vol-1")


@pytest.fixture
def _hours_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look at the clock is an hour after the last."""
    hours = itertools.count(0, 3600)
    clock = SimpleNamespace(monotonic=lambda: next(hours), sleep=lambda _: None)
    monkeypatch.setattr(wall, "time", clock)


def look_on(aws: Stubber, *statuses: str) -> None:
    """Have AWS say one status after the other to whoever looks on."""
    for status in statuses:
        aws.add_response("describe_stacks", described(status))
        aws.add_response("describe_stack_events", {"StackEvents": []})


def carry_out(stack: Stack, aws: Stubber, change: Change, *statuses: str) -> str:
    """What executing that one change comes to."""
    aws.add_response("describe_stacks", described("UPDATE_COMPLETE"))
    look_on(aws, "UPDATE_COMPLETE")
    aws.add_response("execute_change_set", {})
    look_on(aws, *statuses)
    aws.add_response("describe_stacks", described("UPDATE_COMPLETE"))
    return stack.launch(Plan("blog", "deploy-1", creates=False, changes=(change,))).outcome


@pytest.mark.usefixtures("_hours_pass")
def test_a_volume_that_grows_for_hours_is_waited_for_and_said(
    stack: Stack, aws: Stubber, said: list[str]
) -> None:
    growing = ["UPDATE_IN_PROGRESS"] * 6
    assert carry_out(stack, aws, LARGER, *growing, "UPDATE_COMPLETE") == "updated"
    assert said == [
        "AppDatabaseVolume: AWS takes up to six hours per TiB to enlarge it; it stays in use meanwhile"
    ]


@pytest.mark.usefixtures("_hours_pass")
def test_nothing_else_is_waited_for_so_long(stack: Stack, aws: Stubber) -> None:
    with pytest.raises(StackFailed, match="still at work after 30 minutes"):
        carry_out(stack, aws, TAGGED, "UPDATE_IN_PROGRESS")


@pytest.mark.usefixtures("_hours_pass")
def test_a_deletion_takes_the_hours_of_its_snapshots_and_its_hint_makes_no_stack(
    stack: Stack, aws: Stubber
) -> None:
    aws.add_response("describe_stacks", described("UPDATE_COMPLETE"))
    look_on(aws, "UPDATE_COMPLETE")
    aws.add_response("delete_stack", {})
    look_on(aws, *["DELETE_IN_PROGRESS"] * 8)
    with pytest.raises(StackFailed, match="still at work after 480 minutes") as failed:
        stack.delete()
    assert failed.value.hint == "repeat the command: it waits for that and goes on"


@pytest.mark.usefixtures("_hours_pass")
def test_what_somebody_else_began_is_waited_for_as_long(stack: Stack, aws: Stubber) -> None:
    growing = ["UPDATE_IN_PROGRESS"] * 6
    aws.add_response("describe_stacks", described("UPDATE_IN_PROGRESS"))
    look_on(aws, "UPDATE_IN_PROGRESS")
    aws.add_response("describe_stacks", described("UPDATE_IN_PROGRESS"))
    look_on(aws, *growing, "UPDATE_COMPLETE")
    assert stack.settled() == "UPDATE_COMPLETE"
