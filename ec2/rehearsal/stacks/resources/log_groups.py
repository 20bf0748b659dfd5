"""AWS::Logs::LogGroup."""

from typing import Any, ClassVar

from ec2.rehearsal.stacks.resources.contract import Clients, Place
from ec2.rehearsal.stacks.resources.kind import Kind
from ec2.rehearsal.stacks.resources.looking import refusal, unless_gone, wholly
from ec2.rehearsal.stacks.resources.names import generated_name
from ec2.rehearsal.stacks.resources.tags import all_tags, carry_out, own_tags, pairs, tag_change


class LogGroup(Kind):
    """AWS::Logs::LogGroup; Ref is its name."""

    name = "AWS::Logs::LogGroup"
    carried_out = frozenset({"LogGroupName", "RetentionInDays", "KmsKeyId", "LogGroupClass", "Tags"})
    attributes: ClassVar = {"Arn": "arn"}

    def create(self, aws: Clients, properties: dict[str, Any], place: Place) -> str:
        """The group, then how long it keeps what it gets."""
        name = properties.get("LogGroupName") or generated_name(place, 512)
        words = {"KmsKeyId": "kmsKeyId", "LogGroupClass": "logGroupClass"}
        asked = {api: properties[given] for given, api in words.items() if given in properties}
        aws("logs").create_log_group(logGroupName=name, tags=all_tags(properties, place), **asked)
        with wholly(lambda: self.delete(aws, name, properties, place)):
            keep(aws, name, {}, properties)
        return name

    def update(
        self, aws: Clients, physical_id: str, old: dict[str, Any], new: dict[str, Any], place: Place
    ) -> None:
        """Retention, key and tags; AWS changes no class."""
        logs = aws("logs")
        if old.get("LogGroupClass") != new.get("LogGroupClass"):
            raise refusal("NotUpdatable", "LogGroupClass cannot be changed", "UpdateLogGroup")
        keep(aws, physical_id, old, new)
        if new.get("KmsKeyId") and new["KmsKeyId"] != old.get("KmsKeyId"):
            logs.associate_kms_key(logGroupName=physical_id, kmsKeyId=new["KmsKeyId"])
        elif old.get("KmsKeyId") and not new.get("KmsKeyId"):
            logs.disassociate_kms_key(logGroupName=physical_id)
        arn = self.attribute(aws, physical_id, "Arn").removesuffix(":*")
        carry_out(
            tag_change(old, new, place),
            lambda keys: logs.untag_resource(resourceArn=arn, tagKeys=keys),
            lambda tags: logs.tag_resource(resourceArn=arn, tags=tags),
        )

    def delete(self, aws: Clients, physical_id: str, properties: dict[str, Any], place: Place) -> None:
        """With what it has kept."""
        with unless_gone():
            aws("logs").delete_log_group(logGroupName=physical_id)

    def look(self, aws: Clients, physical_id: str) -> dict[str, Any] | None:
        """The group among those whose names begin with its own."""
        pages = aws("logs").get_paginator("describe_log_groups").paginate(logGroupNamePrefix=physical_id)
        groups = (group for page in pages for group in page["logGroups"])
        return next((group for group in groups if group["logGroupName"] == physical_id), None)

    def shape(self, aws: Clients, live: dict[str, Any]) -> dict[str, Any]:
        """The API writes its names small."""
        tags = aws("logs").list_tags_for_resource(resourceArn=live["logGroupArn"])["tags"]
        names = ("LogGroupName", "RetentionInDays", "KmsKeyId", "LogGroupClass")
        words = {name: name[0].lower() + name[1:] for name in names}
        same = {name: live[api] for name, api in words.items() if api in live}
        return {**same, "Tags": own_tags(pairs(tags))}


def keep(aws: Clients, name: str, old: dict[str, Any], new: dict[str, Any]) -> None:
    """For so many days, or for ever."""
    days = new.get("RetentionInDays")
    if days == old.get("RetentionInDays"):
        return
    if days is None:
        aws("logs").delete_retention_policy(logGroupName=name)
    else:
        aws("logs").put_retention_policy(logGroupName=name, retentionInDays=days)
