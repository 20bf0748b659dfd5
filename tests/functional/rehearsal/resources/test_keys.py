"""KMS keys and aliases."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from ec2.rehearsal.stacks.resources.contract import Clients
from tests.functional.rehearsal.resources.moto_stack import Stack, tags

KEY, ALIAS = "AWS::KMS::Key", "AWS::KMS::Alias"


def policy(action: str) -> dict[str, Any]:
    root = {"AWS": "arn:aws:iam::123456789012:root"}
    statement = {"Effect": "Allow", "Principal": root, "Action": action, "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def test_a_key_changes_in_place(stack: Stack) -> None:
    kind = {
        "KeySpec": "SYMMETRIC_DEFAULT",
        "KeyUsage": "ENCRYPT_DECRYPT",
        "MultiRegion": False,
        "Origin": "AWS_KMS",
    }
    before = {"Description": "old", "EnableKeyRotation": True, "KeyPolicy": policy("kms:*")}
    key = stack.create(KEY, Tags=tags(Name="a"), **kind, **before)
    assert (stack.read(KEY, key) or {})["EnableKeyRotation"] is True
    stack.update(
        KEY,
        key,
        Description="new",
        EnableKeyRotation=None,
        Enabled=False,
        KeyPolicy=policy("kms:Decrypt"),
        Tags=tags(Name="b"),
    )
    assert stack.read(KEY, key) == {
        "Description": "new",
        "EnableKeyRotation": False,
        "Enabled": False,
        "KeyPolicy": policy("kms:Decrypt"),
        **kind,
        "Tags": tags(Name="b", Owner="team"),
    }
    assert stack.attribute(KEY, key, "Arn") == f"arn:aws:kms:us-east-1:123456789012:key/{key}"


def test_a_deleted_key_is_scheduled(aws: Clients, stack: Stack) -> None:
    key = stack.create(KEY, PendingWindowInDays=7)
    stack.delete(KEY, key)
    live = aws("kms").describe_key(KeyId=key)["KeyMetadata"]
    assert live["KeyState"] == "PendingDeletion"
    assert (live["DeletionDate"] - live["CreationDate"]).days in (6, 7)
    assert stack.read(KEY, key) is None


def test_a_key_keeps_its_kind(stack: Stack) -> None:
    key = stack.create(KEY)
    with pytest.raises(ClientError, match="NotUpdatable"):
        stack.update(KEY, key, KeySpec="RSA_2048")


def test_a_key_rotates_as_often_as_asked(stack: Stack) -> None:
    key = stack.create(KEY, EnableKeyRotation=True, RotationPeriodInDays=180)
    assert (stack.read(KEY, key) or {}).get("RotationPeriodInDays") == 180


def test_an_alias_moves_from_key_to_key(stack: Stack) -> None:
    first, second = stack.create(KEY), stack.create(KEY)
    alias = stack.create(ALIAS, AliasName="alias/demo", TargetKeyId=first)
    stack.update(ALIAS, alias, TargetKeyId=second)
    assert stack.read(ALIAS, alias) == {"AliasName": "alias/demo", "TargetKeyId": second}
    stack.delete(ALIAS, alias)
    assert stack.read(ALIAS, alias) is None
