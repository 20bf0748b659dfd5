"""SNS topics, who subscribes to them, and who may publish."""

import json
from typing import Any, ClassVar

from ec2.rehearsal.stacks.resources.contract import Clients, Place
from ec2.rehearsal.stacks.resources.documents import as_map, as_text
from ec2.rehearsal.stacks.resources.kind import Kind
from ec2.rehearsal.stacks.resources.looking import answer, picked, refuse_taken, unless_gone, wholly
from ec2.rehearsal.stacks.resources.names import generated_name
from ec2.rehearsal.stacks.resources.tags import all_tags, carry_out, own_tags, pairs, tag_change

Properties = dict[str, Any]

# What an update sets, and what it sets where the template no longer says it.
CHANGEABLE = {"DisplayName": "", "KmsMasterKeyId": "", "ContentBasedDeduplication": "false"}
NAME_LIMIT = 256


class Topic(Kind):
    """AWS::SNS::Topic; Ref is its ARN."""

    name = "AWS::SNS::Topic"
    carried_out = frozenset({*CHANGEABLE, "FifoTopic", "Subscription", "Tags", "TopicName"})
    attributes: ClassVar = {"TopicArn": "TopicArn", "TopicName": "name"}

    def create(self, aws: Clients, properties: Properties, place: Place) -> str:
        """The topic, then its subscriptions."""
        sns, name = aws("sns"), topic_name(properties, place)
        arn = f"arn:aws:sns:{place.region}:{place.account}:{name}"
        refuse_taken(answer(sns.get_topic_attributes, TopicArn=arn), self.name, name)
        attributes = {key: text(properties[key]) for key in (*CHANGEABLE, "FifoTopic") if key in properties}
        tags = pairs(all_tags(properties, place))
        made: str = sns.create_topic(Name=name, Attributes=attributes, Tags=tags)["TopicArn"]
        with wholly(lambda: self.delete(aws, made, properties, place)):
            subscribe(aws, made, [], properties.get("Subscription", []))
        return made

    def update(self, aws: Clients, physical_id: str, old: Properties, new: Properties, place: Place) -> None:
        """Attributes one by one, subscriptions by their difference, tags."""
        sns = aws("sns")
        for name, unset in CHANGEABLE.items():
            if old.get(name) != new.get(name):
                value = text(new.get(name, unset))
                sns.set_topic_attributes(TopicArn=physical_id, AttributeName=name, AttributeValue=value)
        subscribe(aws, physical_id, old.get("Subscription", []), new.get("Subscription", []))
        carry_out(
            tag_change(old, new, place),
            lambda keys: sns.untag_resource(ResourceArn=physical_id, TagKeys=keys),
            lambda tags: sns.tag_resource(ResourceArn=physical_id, Tags=pairs(tags)),
        )

    def delete(self, aws: Clients, physical_id: str, properties: Properties, place: Place) -> None:
        """AWS takes the subscriptions along, and says nothing of a topic that is gone."""
        aws("sns").delete_topic(TopicArn=physical_id)

    def look(self, aws: Clients, physical_id: str) -> Properties | None:
        """The topic's attributes."""
        found = answer(aws("sns").get_topic_attributes, TopicArn=physical_id).get("Attributes")
        return found and {**found, "name": physical_id.rsplit(":", 1)[-1]}

    def shape(self, aws: Clients, live: Properties) -> Properties:
        """With all its subscriptions: AWS does not tell which of them are resources of their own."""
        sns, arn = aws("sns"), live["TopicArn"]
        listed = sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
        flags: Properties = {
            name: live[name] == "true" for name in ("FifoTopic", "ContentBasedDeduplication") if name in live
        }
        return {
            "TopicName": live["name"],
            **picked(live, "DisplayName", "KmsMasterKeyId"),
            **flags,
            "Subscription": [picked(entry, "Endpoint", "Protocol") for entry in listed],
            "Tags": own_tags(sns.list_tags_for_resource(ResourceArn=arn)["Tags"]),
        }


def topic_name(properties: Properties, place: Place) -> str:
    """The template's name or a made one, with the ending that AWS wants of a FIFO topic."""
    if "TopicName" in properties:
        return str(properties["TopicName"])
    ending = ".fifo" if properties.get("FifoTopic") else ""
    return generated_name(place, NAME_LIMIT - len(ending)) + ending


def text(value: Any) -> str:
    """An attribute's value: SNS takes nothing but text."""
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else json.dumps(value)


def subscribe(aws: Clients, topic: str, before: list[Properties], after: list[Properties]) -> None:
    """Add and remove what differs between two lists of subscriptions."""
    sns = aws("sns")
    gone = [(entry["Protocol"], entry["Endpoint"]) for entry in before if entry not in after]
    if gone:
        for entry in sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]:
            if (entry["Protocol"], entry["Endpoint"]) in gone:
                sns.unsubscribe(SubscriptionArn=entry["SubscriptionArn"])
    for entry in [entry for entry in after if entry not in before]:
        sns.subscribe(TopicArn=topic, **picked(entry, "Protocol", "Endpoint"))


# A subscription's attributes, and what an update sets where the template no longer says it.
SUBSCRIPTION = {
    "DeliveryPolicy": "",
    "FilterPolicy": "{}",
    "FilterPolicyScope": "MessageAttributes",
    "RawMessageDelivery": "false",
    "RedrivePolicy": "",
}
DOCUMENTS = ("DeliveryPolicy", "FilterPolicy", "RedrivePolicy")


class Subscription(Kind):
    """AWS::SNS::Subscription; Ref is its ARN."""

    name = "AWS::SNS::Subscription"
    carried_out = frozenset({"TopicArn", "Protocol", "Endpoint", *SUBSCRIPTION})
    attributes: ClassVar = {"Arn": "SubscriptionArn"}

    def create(self, aws: Clients, properties: Properties, place: Place) -> str:
        """Subscribe; whoever gets mail confirms it later."""
        attributes = {name: text(properties[name]) for name in SUBSCRIPTION if name in properties}
        asked = picked(properties, "TopicArn", "Protocol", "Endpoint")
        made = aws("sns").subscribe(**asked, Attributes=attributes, ReturnSubscriptionArn=True)
        arn: str = made["SubscriptionArn"]
        return arn

    def update(self, aws: Clients, physical_id: str, old: Properties, new: Properties, place: Place) -> None:
        """Attributes, one by one."""
        for name, unset in SUBSCRIPTION.items():
            if old.get(name) != new.get(name):
                value = text(new.get(name, unset))
                aws("sns").set_subscription_attributes(
                    SubscriptionArn=physical_id, AttributeName=name, AttributeValue=value
                )

    def delete(self, aws: Clients, physical_id: str, properties: Properties, place: Place) -> None:
        """Unsubscribe."""
        with unless_gone():
            aws("sns").unsubscribe(SubscriptionArn=physical_id)

    def look(self, aws: Clients, physical_id: str) -> Properties | None:
        """The subscription's attributes."""
        found = answer(aws("sns").get_subscription_attributes, SubscriptionArn=physical_id)
        attributes: Properties | None = found.get("Attributes")
        return attributes

    def shape(self, aws: Clients, live: Properties) -> Properties:
        """Policies as documents, the flag as a flag."""
        same = picked(live, "TopicArn", "Protocol", "Endpoint", "FilterPolicyScope")
        documents = {name: as_map(live[name]) for name in DOCUMENTS if live.get(name)}
        return {**same, **documents, "RawMessageDelivery": live.get("RawMessageDelivery") == "true"}


class TopicPolicy(Kind):
    """AWS::SNS::TopicPolicy: the policy of each of its topics."""

    name = "AWS::SNS::TopicPolicy"
    carried_out = frozenset({"PolicyDocument", "Topics"})
    attributes: ClassVar = {"Id": "id"}

    def create(self, aws: Clients, properties: Properties, place: Place) -> str:
        """Set it on each topic."""
        self.update(aws, "", {"Topics": []}, properties, place)
        return generated_name(place, NAME_LIMIT)

    def update(self, aws: Clients, physical_id: str, old: Properties, new: Properties, place: Place) -> None:
        """Set it on each topic; one that is no longer named gets SNS's own policy back."""
        for topic in new["Topics"]:
            set_policy(aws, topic, as_text(new["PolicyDocument"]))
        for topic in [topic for topic in old["Topics"] if topic not in new["Topics"]]:
            set_policy(aws, topic, default_policy(topic, place.account))

    def delete(self, aws: Clients, physical_id: str, properties: Properties, place: Place) -> None:
        """Each topic gets SNS's own policy back."""
        for topic in properties["Topics"]:
            with unless_gone():
                set_policy(aws, topic, default_policy(topic, place.account))

    def look(self, aws: Clients, physical_id: str) -> Properties | None:
        """SNS knows no such thing as a whole: there is nothing but the id."""
        return {"id": physical_id}

    def shape(self, aws: Clients, live: Properties) -> Properties:
        """Nothing to compare."""
        return {}


def set_policy(aws: Clients, topic: str, policy: str) -> None:
    """Set the policy of one topic."""
    aws("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)


def default_policy(topic: str, account: str) -> str:
    """The policy of a new topic: its own account, and nobody else."""
    actions = "GetTopicAttributes SetTopicAttributes AddPermission RemovePermission DeleteTopic Subscribe"
    statement = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": [f"SNS:{action}" for action in (*actions.split(), "ListSubscriptionsByTopic", "Publish")],
        "Resource": topic,
        "Condition": {"StringEquals": {"AWS:SourceOwner": account}},
    }
    return json.dumps({"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]})
