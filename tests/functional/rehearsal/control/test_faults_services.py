"""Buckets, key pairs, keys, log groups and parameters as AWS has them, where moto's own would not be so."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.functional.rehearsal.control.conftest import Cloud


def test_a_bucket_is_encrypted_and_closed_from_birth(cloud: Cloud) -> None:
    s3 = cloud.aws("s3")
    s3.create_bucket(Bucket="new")

    def algorithm() -> str:
        (rule,) = s3.get_bucket_encryption(Bucket="new")["ServerSideEncryptionConfiguration"]["Rules"]
        return str(rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"])

    def put(name: str) -> dict[str, Any]:
        default = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": name}}
        return dict(
            s3.put_bucket_encryption(Bucket="new", ServerSideEncryptionConfiguration={"Rules": [default]})
        )

    assert algorithm() == "AES256"
    closed = s3.get_public_access_block(Bucket="new")["PublicAccessBlockConfiguration"]
    assert set(closed.values()) == {True}
    put("aws:kms")
    assert algorithm() == "aws:kms"
    s3.delete_bucket_encryption(Bucket="new")
    assert algorithm() == "AES256"


def test_a_lifecycle_rule_keeps_how_many_newer_versions_there_must_be(cloud: Cloud) -> None:
    s3 = cloud.aws("s3")
    s3.create_bucket(Bucket="versions")
    old = {"NoncurrentDays": 7, "NewerNoncurrentVersions": 3}
    rules = [
        {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": ""}, "NoncurrentVersionExpiration": old},
        {"ID": "new", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 9}},
    ]
    s3.put_bucket_lifecycle_configuration(Bucket="versions", LifecycleConfiguration={"Rules": rules})
    told = s3.get_bucket_lifecycle_configuration(Bucket="versions")["Rules"]
    assert told[0]["NoncurrentVersionExpiration"] == old
    assert told[1]["Expiration"] == {"Days": 9}


def test_of_key_pairs_that_one_is_told_whose_id_was_asked(cloud: Cloud) -> None:
    ec2 = cloud.aws("ec2")
    one, other = (ec2.create_key_pair(KeyName=name)["KeyPairId"] for name in ("one", "other"))
    (told,) = ec2.describe_key_pairs(KeyPairIds=[other])["KeyPairs"]
    assert told["KeyName"] == "other"
    ec2.delete_key_pair(KeyName="one")
    with pytest.raises(ClientError, match=f"InvalidKeyPair.NotFound.*{one}"):
        ec2.describe_key_pairs(KeyPairIds=[one])
    assert len(ec2.describe_key_pairs()["KeyPairs"]) == 1


def test_tags_are_told_by_the_types_as_aws_calls_them(cloud: Cloud) -> None:
    ec2 = cloud.aws("ec2")
    tags = [{"ResourceType": "elastic-ip", "Tags": [{"Key": "Name", "Value": "told"}]}]
    address = ec2.allocate_address(Domain="vpc", TagSpecifications=tags)["AllocationId"]
    asked = [{"Name": "resource-type", "Values": ["elastic-ip"]}]
    (told,) = ec2.describe_tags(Filters=asked)["Tags"]
    assert (told["ResourceId"], told["ResourceType"]) == (address, "elastic-ip")


def test_a_key_rotates_as_often_as_asked(cloud: Cloud) -> None:
    kms = cloud.aws("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    assert "RotationPeriodInDays" not in kms.get_key_rotation_status(KeyId=key)
    kms.enable_key_rotation(KeyId=key)
    assert kms.get_key_rotation_status(KeyId=key)["RotationPeriodInDays"] == 365
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=180)
    assert kms.get_key_rotation_status(KeyId=key)["RotationPeriodInDays"] == 180


def test_a_log_group_gets_a_key_and_loses_it(cloud: Cloud) -> None:
    logs, arn = cloud.aws("logs"), "arn:aws:kms:us-east-1:123456789012:key/1"
    logs.create_log_group(logGroupName="sealed")

    def told() -> dict[str, Any]:
        (group,) = logs.describe_log_groups(logGroupNamePrefix="sealed")["logGroups"]
        return dict(group)

    logs.associate_kms_key(logGroupName="sealed", kmsKeyId=arn)
    assert told()["kmsKeyId"] == arn
    logs.disassociate_kms_key(resourceIdentifier=told()["logGroupArn"])
    assert "kmsKeyId" not in told()
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        logs.associate_kms_key(logGroupName="nothing", kmsKeyId=arn)


def test_a_parameters_value_fits_its_pattern(cloud: Cloud) -> None:
    ssm = cloud.aws("ssm")
    number = {"Name": "/port", "Type": "String", "AllowedPattern": "[0-9]+"}
    with pytest.raises(ClientError, match="ParameterPatternMismatch"):
        ssm.put_parameter(**number, Value="http")
    ssm.put_parameter(**number, Value="80")
    with pytest.raises(ClientError, match="ParameterPatternMismatch"):
        ssm.put_parameter(Name="/port", Value="http", Overwrite=True)
    with pytest.raises(ClientError, match="InvalidAllowedPattern"):
        ssm.put_parameter(Name="/odd", Type="String", Value="x", AllowedPattern="[")
