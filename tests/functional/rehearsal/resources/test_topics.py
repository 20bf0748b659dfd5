"""SNS topics, subscriptions and topic policies."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ec2.rehearsal.stacks.resources.contract import Clients
from tests.functional.rehearsal.resources.moto_stack import Stack, tags

TOPIC, SUBSCRIPTION, POLICY = "AWS::SNS::Topic", "AWS::SNS::Subscription", "AWS::SNS::TopicPolicy"


def mail(name: str) -> dict[str, str]:
    return {"Protocol": "email", "Endpoint": f"{name}@example.com"}


def test_a_topic_changes_in_place(stack: Stack) -> None:
    topic = stack.create(
        TOPIC,
        TopicName="alerts",
        DisplayName="Alerts",
        KmsMasterKeyId="alias/aws/sns",
        Subscription=[mail("ada"), mail("bob")],
        Tags=tags(Name="a"),
    )
    assert topic == "arn:aws:sns:us-east-1:123456789012:alerts"
    stack.update(
        TOPIC, topic, DisplayName="Alarms", Subscription=[mail("bob"), mail("eve")], Tags=tags(Name="b")
    )
    assert stack.read(TOPIC, topic) == {
        "TopicName": "alerts",
        "DisplayName": "Alarms",
        "KmsMasterKeyId": "alias/aws/sns",
        "Subscription": [mail("bob"), mail("eve")],
        "Tags": tags(Name="b", Owner="team"),
    }
    assert stack.attribute(TOPIC, topic, "TopicName") == "alerts"


def test_a_deleted_topic_takes_its_subscriptions_along(aws: Clients, stack: Stack) -> None:
    topic = stack.create(TOPIC, "Alerts", Subscription=[mail("ada")])
    stack.delete(TOPIC, topic)
    assert stack.read(TOPIC, topic) is None
    assert topic not in [entry["TopicArn"] for entry in aws("sns").list_subscriptions()["Subscriptions"]]


def test_a_made_name_ends_as_aws_wants_it(stack: Stack) -> None:
    topic = stack.create(TOPIC, "Queue", FifoTopic=True, ContentBasedDeduplication=True)
    name = stack.attribute(TOPIC, topic, "TopicName")
    assert name.startswith("demo-Queue-")
    assert name.endswith(".fifo")
    assert (stack.read(TOPIC, topic) or {})["ContentBasedDeduplication"] is True


def test_a_topic_of_somebody_else_is_not_taken_over(stack: Stack) -> None:
    stack.create(TOPIC, TopicName="taken")
    with pytest.raises(ClientError, match="with name taken exists"):
        stack.create(TOPIC, TopicName="taken")


def test_a_subscription_changes_its_filter(stack: Stack) -> None:
    topic = stack.create(TOPIC)
    queue = {"Protocol": "sqs", "Endpoint": "arn:aws:sqs:us-east-1:123456789012:q"}
    subscription = stack.create(
        SUBSCRIPTION, TopicArn=topic, RawMessageDelivery=True, FilterPolicy={"role": ["app"]}, **queue
    )
    assert stack.attribute(SUBSCRIPTION, subscription, "Arn") == subscription
    stack.update(SUBSCRIPTION, subscription, RawMessageDelivery=None, FilterPolicy={"role": ["database"]})
    assert stack.read(SUBSCRIPTION, subscription) == {
        "TopicArn": topic,
        **queue,
        "FilterPolicyScope": "MessageAttributes",
        "FilterPolicy": {"role": ["database"]},
        "RawMessageDelivery": False,
    }
    stack.delete(SUBSCRIPTION, subscription)
    assert stack.read(SUBSCRIPTION, subscription) is None


def test_a_topic_policy_is_each_topics_until_it_goes(aws: Clients, stack: Stack) -> None:
    def live(topic: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(
            aws("sns").get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"]
        )
        return found

    first, second = stack.create(TOPIC), stack.create(TOPIC)
    own = live(first)
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": "*",
    }
    document = {"Version": "2012-10-17", "Statement": [statement]}
    policy = stack.create(POLICY, PolicyDocument=document, Topics=[first, second])
    assert live(first) == live(second) == document
    stack.update(POLICY, policy, Topics=[second])
    assert live(first) == own
    assert stack.attribute(POLICY, policy, "Id") == policy
    stack.delete(POLICY, policy)
    assert live(second)["Id"] == "__default_policy_ID"
