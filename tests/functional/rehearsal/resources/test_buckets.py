"""Buckets, each of their settings, and their policies."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from ec2.rehearsal.stacks.resources.contract import Clients
from tests.functional.rehearsal.resources.moto_stack import Stack, tags

BUCKET, POLICY = "AWS::S3::Bucket", "AWS::S3::BucketPolicy"
SETTINGS: dict[str, Any] = {
    "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
    "PublicAccessBlockConfiguration": {
        "BlockPublicAcls": True,
        "BlockPublicPolicy": True,
        "IgnorePublicAcls": True,
        "RestrictPublicBuckets": True,
    },
    "VersioningConfiguration": {"Status": "Enabled"},
    "BucketEncryption": {
        "ServerSideEncryptionConfiguration": [
            {
                "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/data"},
                "BucketKeyEnabled": True,
            }
        ]
    },
    "LifecycleConfiguration": {
        "Rules": [
            {
                "Id": "old backups",
                "Status": "Enabled",
                "Prefix": "backups/",
                "ExpirationInDays": 90,
                "NoncurrentVersionExpiration": {"NoncurrentDays": 7, "NewerNoncurrentVersions": 3},
                "Transitions": [{"StorageClass": "STANDARD_IA", "TransitionInDays": 30}],
                "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 3},
            }
        ]
    },
    "CorsConfiguration": {
        "CorsRules": [
            {"AllowedMethods": ["GET"], "AllowedOrigins": ["https://example.com"], "MaxAge": 60, "Id": "web"}
        ]
    },
}
# What S3 has where a template says nothing any more.
WITHOUT: dict[str, Any] = {
    "VersioningConfiguration": {"Status": "Suspended"},
    "BucketEncryption": {
        "ServerSideEncryptionConfiguration": [
            {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}
        ]
    },
}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_is_put_and_taken_back(stack: Stack, name: str) -> None:
    bucket = stack.create(BUCKET, "Data", **{name: SETTINGS[name]})
    assert (stack.read(BUCKET, bucket) or {})[name] == SETTINGS[name]
    stack.update(BUCKET, bucket, **{name: None})
    assert (stack.read(BUCKET, bucket) or {}).get(name) == WITHOUT.get(name)


def test_a_bucket_writes_its_log_into_another(aws: Clients, stack: Stack) -> None:
    logs = stack.create(BUCKET, BucketName="demo-logs")
    writer = {"Service": "logging.s3.amazonaws.com"}
    statement = {
        "Effect": "Allow",
        "Principal": writer,
        "Action": "s3:PutObject",
        "Resource": "arn:aws:s3:::demo-logs/*",
    }
    stack.create(POLICY, Bucket=logs, PolicyDocument={"Version": "2012-10-17", "Statement": [statement]})
    logging = {"DestinationBucketName": logs, "LogFilePrefix": "data/"}
    bucket = stack.create(BUCKET, LoggingConfiguration=logging)
    assert (stack.read(BUCKET, bucket) or {})["LoggingConfiguration"] == logging
    stack.update(BUCKET, bucket, LoggingConfiguration=None)
    assert "LoggingConfiguration" not in (stack.read(BUCKET, bucket) or {})
    for line in aws("s3").list_objects_v2(Bucket=logs).get("Contents", ()):
        aws("s3").delete_object(Bucket=logs, Key=line["Key"])


def test_a_bucket_has_names_and_tags(stack: Stack) -> None:
    bucket = stack.create(BUCKET, "Data", Tags=tags(Name="data"))
    assert bucket.startswith("demo-data-")
    assert bucket == bucket.lower()
    stack.update(BUCKET, bucket, Tags=tags(Name="more"))
    assert (stack.read(BUCKET, bucket) or {})["Tags"] == tags(Name="more", Owner="team")
    assert stack.attribute(BUCKET, bucket, "Arn") == f"arn:aws:s3:::{bucket}"
    assert stack.attribute(BUCKET, bucket, "DomainName") == f"{bucket}.s3.amazonaws.com"
    regional = stack.attribute(BUCKET, bucket, "RegionalDomainName")
    assert regional == f"{bucket}.s3.us-east-1.amazonaws.com"


def test_a_bucket_with_an_object_is_not_deleted(aws: Clients, stack: Stack) -> None:
    bucket = stack.create(BUCKET, BucketName="full")
    aws("s3").put_object(Bucket=bucket, Key="precious", Body=b"1")
    with pytest.raises(ClientError, match="BucketNotEmpty"):
        stack.delete(BUCKET, bucket)
    aws("s3").delete_object(Bucket=bucket, Key="precious")
    stack.delete(BUCKET, bucket)
    assert stack.read(BUCKET, bucket) is None


def test_a_bucket_of_somebody_else_is_not_taken_over(stack: Stack) -> None:
    stack.create(BUCKET, BucketName="taken")
    with pytest.raises(ClientError, match="with name taken exists"):
        stack.create(BUCKET, BucketName="taken")


def test_a_bucket_policy_is_put_changed_and_removed(stack: Stack) -> None:
    def document(effect: str) -> dict[str, Any]:
        statement = {"Effect": effect, "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}
        return {"Version": "2012-10-17", "Statement": [statement]}

    bucket = stack.create(BUCKET)
    policy = stack.create(POLICY, Bucket=bucket, PolicyDocument=document("Allow"))
    with pytest.raises(ClientError, match="AlreadyExists"):
        stack.create(POLICY, Bucket=bucket, PolicyDocument=document("Allow"))
    stack.update(POLICY, policy, PolicyDocument=document("Deny"))
    assert stack.read(POLICY, policy) == {"Bucket": bucket, "PolicyDocument": document("Deny")}
    stack.delete(POLICY, policy)
    assert stack.read(POLICY, policy) is None
