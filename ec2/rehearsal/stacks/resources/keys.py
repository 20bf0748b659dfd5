"""KMS keys and their aliases."""

from typing import Any, ClassVar

from ec2.rehearsal.stacks.resources.contract import Clients, Place
from ec2.rehearsal.stacks.resources.documents import as_map, as_text
from ec2.rehearsal.stacks.resources.kind import Kind
from ec2.rehearsal.stacks.resources.looking import answer, picked, refusal, unless_gone, wholly
from ec2.rehearsal.stacks.resources.tags import Tags, all_tags, carry_out, own_tags, tag_change

FIXED = ("KeySpec", "KeyUsage", "MultiRegion", "Origin")
PENDING_DAYS = 30


class Key(Kind):
    """AWS::KMS::Key; Ref is its id."""

    name = "AWS::KMS::Key"
    carried_out = frozenset(
        {
            *FIXED,
            "Description",
            "Enabled",
            "EnableKeyRotation",
            "KeyPolicy",
            "PendingWindowInDays",
            "RotationPeriodInDays",
            "Tags",
        }
    )
    attributes: ClassVar = {"Arn": "Arn", "KeyId": "KeyId"}

    def create(self, aws: Clients, properties: dict[str, Any], place: Place) -> str:
        """The key, then whether it rotates and is enabled."""
        policy = {"Policy": as_text(properties["KeyPolicy"])} if "KeyPolicy" in properties else {}
        tags = key_tags(all_tags(properties, place))
        asked = picked(properties, "Description", *FIXED)
        made: str = aws("kms").create_key(**asked, **policy, Tags=tags)["KeyMetadata"]["KeyId"]
        with wholly(lambda: self.delete(aws, made, properties, place)):
            set_rotation(aws, made, {}, properties)
            set_enabled(aws, made, {}, properties)
        return made

    def update(
        self, aws: Clients, physical_id: str, old: dict[str, Any], new: dict[str, Any], place: Place
    ) -> None:
        """Enabled first: AWS changes the rotation of no disabled key."""
        kms = aws("kms")
        if any(old.get(name) != new.get(name) for name in FIXED):
            raise refusal("NotUpdatable", f"{', '.join(FIXED)} of a key cannot be changed", "UpdateKey")
        if new.get("Enabled", True):
            set_enabled(aws, physical_id, old, new)
        if old.get("Description") != new.get("Description"):
            kms.update_key_description(KeyId=physical_id, Description=new.get("Description", ""))
        if old.get("KeyPolicy") != new.get("KeyPolicy") and "KeyPolicy" in new:
            kms.put_key_policy(KeyId=physical_id, PolicyName="default", Policy=as_text(new["KeyPolicy"]))
        set_rotation(aws, physical_id, old, new)
        set_enabled(aws, physical_id, old, new)
        carry_out(
            tag_change(old, new, place),
            lambda keys: kms.untag_resource(KeyId=physical_id, TagKeys=keys),
            lambda tags: kms.tag_resource(KeyId=physical_id, Tags=key_tags(tags)),
        )

    def delete(self, aws: Clients, physical_id: str, properties: dict[str, Any], place: Place) -> None:
        """No key goes at once: it is scheduled."""
        if self.look(aws, physical_id) is not None:
            days = properties.get("PendingWindowInDays", PENDING_DAYS)
            aws("kms").schedule_key_deletion(KeyId=physical_id, PendingWindowInDays=days)

    def look(self, aws: Clients, physical_id: str) -> dict[str, Any] | None:
        """The key; one that waits for its deletion is gone for CloudFormation."""
        found: dict[str, Any] | None = answer(aws("kms").describe_key, KeyId=physical_id).get("KeyMetadata")
        return None if found is None or found["KeyState"] == "PendingDeletion" else found

    def shape(self, aws: Clients, live: dict[str, Any]) -> dict[str, Any]:
        """With its policy, its rotation and its tags, each of which has its own call."""
        kms, key_id = aws("kms"), live["KeyId"]
        rotation = kms.get_key_rotation_status(KeyId=key_id)
        policy = kms.get_key_policy(KeyId=key_id, PolicyName="default")["Policy"]
        tags = kms.list_resource_tags(KeyId=key_id)["Tags"]
        return {
            **picked(live, *FIXED, "Description", "Enabled"),
            "EnableKeyRotation": rotation["KeyRotationEnabled"],
            **picked(rotation, "RotationPeriodInDays"),
            "KeyPolicy": as_map(policy),
            "Tags": own_tags({"Key": tag["TagKey"], "Value": tag["TagValue"]} for tag in tags),
        }


def key_tags(tags: Tags) -> list[dict[str, str]]:
    """Tags as KMS alone wants them."""
    return [{"TagKey": key, "TagValue": value} for key, value in tags.items()]


def set_rotation(aws: Clients, key_id: str, old: dict[str, Any], new: dict[str, Any]) -> None:
    """Off unless said."""
    wanted = picked(new, "RotationPeriodInDays") if new.get("EnableKeyRotation") else None
    before = picked(old, "RotationPeriodInDays") if old.get("EnableKeyRotation") else None
    if wanted == before:
        return
    if wanted is None:
        aws("kms").disable_key_rotation(KeyId=key_id)
    else:
        aws("kms").enable_key_rotation(KeyId=key_id, **wanted)


def set_enabled(aws: Clients, key_id: str, old: dict[str, Any], new: dict[str, Any]) -> None:
    """On unless said."""
    wanted = new.get("Enabled", True)
    if wanted != old.get("Enabled", True):
        (aws("kms").enable_key if wanted else aws("kms").disable_key)(KeyId=key_id)


class Alias(Kind):
    """AWS::KMS::Alias; Ref is its name."""

    name = "AWS::KMS::Alias"
    carried_out = frozenset({"AliasName", "TargetKeyId"})

    def create(self, aws: Clients, properties: dict[str, Any], place: Place) -> str:
        """A name for the key."""
        aws("kms").create_alias(**properties)
        name: str = properties["AliasName"]
        return name

    def update(
        self, aws: Clients, physical_id: str, old: dict[str, Any], new: dict[str, Any], place: Place
    ) -> None:
        """The name moves to another key."""
        if old["TargetKeyId"] != new["TargetKeyId"]:
            aws("kms").update_alias(**new)

    def delete(self, aws: Clients, physical_id: str, properties: dict[str, Any], place: Place) -> None:
        """The key stays."""
        with unless_gone():
            aws("kms").delete_alias(AliasName=physical_id)

    def look(self, aws: Clients, physical_id: str) -> dict[str, Any] | None:
        """The alias among all: KMS has no call for one."""
        pages = aws("kms").get_paginator("list_aliases").paginate()
        aliases = (alias for page in pages for alias in page["Aliases"])
        return next((alias for alias in aliases if alias["AliasName"] == physical_id), None)

    def shape(self, aws: Clients, live: dict[str, Any]) -> dict[str, Any]:
        """The name and its key's id, whether the template has that or the ARN."""
        return picked(live, "AliasName", "TargetKeyId")
