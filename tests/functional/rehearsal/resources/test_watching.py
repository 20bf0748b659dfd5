"""Log groups, alarms, and lifecycle policies that are recorded only."""

import re

import pytest
from botocore.exceptions import ClientError

from ec2.rehearsal.stacks.resources import RESOURCE_TYPES
from tests.functional.rehearsal.resources.moto_stack import Stack, tags

GROUP, ALARM, LIFECYCLE = "AWS::Logs::LogGroup", "AWS::CloudWatch::Alarm", "AWS::DLM::LifecyclePolicy"
BUSY = {
    "Namespace": "AWS/EC2",
    "MetricName": "CPUUtilization",
    "Statistic": "Average",
    "Period": 60,
    "EvaluationPeriods": 5,
    "Threshold": 90,
    "ComparisonOperator": "GreaterThanThreshold",
}


def test_a_log_group_keeps_its_lines_as_long_as_said(stack: Stack) -> None:
    group = stack.create(GROUP, LogGroupName="demo", RetentionInDays=7, Tags=tags(Name="a"))
    assert stack.read(GROUP, group) == {
        "LogGroupName": "demo",
        "RetentionInDays": 7,
        "Tags": tags(Name="a", Owner="team"),
    }
    stack.update(GROUP, group, RetentionInDays=30, Tags=tags(New="b"))
    found = stack.read(GROUP, group) or {}
    assert (found["RetentionInDays"], found["Tags"]) == (30, tags(New="b", Owner="team"))
    stack.update(GROUP, group, RetentionInDays=None)
    assert "RetentionInDays" not in (stack.read(GROUP, group) or {})
    arn = "arn:aws:logs:us-east-1:123456789012:log-group:demo:*"
    assert stack.attribute(GROUP, group, "Arn") == arn
    stack.delete(GROUP, group)
    assert stack.read(GROUP, group) is None


def test_a_log_group_is_not_mistaken_for_one_whose_name_begins_alike(stack: Stack) -> None:
    stack.create(GROUP, LogGroupName="demo-long")
    assert stack.read(GROUP, "demo") is None


def test_a_log_group_is_born_encrypted(stack: Stack) -> None:
    key = stack.attribute("AWS::KMS::Key", stack.create("AWS::KMS::Key"), "Arn")
    group = stack.create(GROUP, KmsKeyId=key)
    assert (stack.read(GROUP, group) or {})["KmsKeyId"] == key


def test_a_log_group_gets_a_key_later(stack: Stack) -> None:
    key = stack.attribute("AWS::KMS::Key", stack.create("AWS::KMS::Key"), "Arn")
    group = stack.create(GROUP)
    stack.update(GROUP, group, KmsKeyId=key)
    assert (stack.read(GROUP, group) or {})["KmsKeyId"] == key


def test_an_alarm_is_put_as_a_whole(stack: Stack) -> None:
    topic = stack.create("AWS::SNS::Topic")
    alarm = stack.create(
        ALARM,
        "Busy",
        AlarmActions=[topic],
        Dimensions=[{"Name": "InstanceId", "Value": "i-1"}],
        Tags=tags(Name="a"),
        **BUSY,
    )
    assert alarm.startswith("demo-Busy-")
    assert str((stack.read(ALARM, alarm) or {})["Threshold"]) == "90"
    stack.update(ALARM, alarm, Threshold=95.5, TreatMissingData="breaching", Tags=tags(Name="b"))
    assert stack.read(ALARM, alarm) == {
        **BUSY,
        "AlarmName": alarm,
        "ActionsEnabled": True,
        "AlarmActions": [topic],
        "OKActions": [],
        "InsufficientDataActions": [],
        "Dimensions": [{"Name": "InstanceId", "Value": "i-1"}],
        "Metrics": [],
        "Threshold": 95.5,
        "TreatMissingData": "breaching",
        "Tags": tags(Name="b", Owner="team"),
    }
    assert stack.attribute(ALARM, alarm, "Arn") == f"arn:aws:cloudwatch:us-east-1:123456789012:alarm:{alarm}"
    stack.delete(ALARM, alarm)
    assert stack.read(ALARM, alarm) is None


def test_an_alarm_of_somebody_else_is_not_taken_over(stack: Stack) -> None:
    stack.create(ALARM, AlarmName="taken", **BUSY)
    with pytest.raises(ClientError, match="with name taken exists"):
        stack.create(ALARM, AlarmName="taken", **BUSY)


def test_a_lifecycle_policy_says_that_it_is_recorded_only(stack: Stack) -> None:
    assert RESOURCE_TYPES[LIFECYCLE].note.startswith("recorded only")
    policy = stack.create(LIFECYCLE, Description="daily", State="ENABLED")
    assert re.fullmatch("policy-0[0-9a-f]{16}", policy)
    arn = f"arn:aws:dlm:us-east-1:123456789012:policy/{policy}"
    assert stack.attribute(LIFECYCLE, policy, "Arn") == arn
    stack.update(LIFECYCLE, policy, State="DISABLED")
    stack.delete(LIFECYCLE, policy)
