"""Buckets: encrypted and closed from birth, and every part of a lifecycle rule kept."""

from typing import Any

from moto.core.responses import BaseResponse
from moto.s3.models import FakeBucket, PublicAccessBlock, S3Backend
from moto.s3.responses import S3Response

from ec2.rehearsal.control.originals import original, replace

# What S3 puts on every new bucket since January and April 2023: docs, default bucket encryption and
# Block Public Access.
ENCRYPTION = {"Rule": {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}}
# By these an answer is known as GetBucketLifecycleConfiguration's.
LIFECYCLE = {"Rules", "TransitionDefaultMinimumObjectSize"}


def mend_buckets() -> None:
    """From birth on, and through a lifecycle."""
    mend_birth()
    mend_lifecycle()


def mend_birth() -> None:
    """Encryption cannot be off; public access can."""
    moto_make = original(FakeBucket, "__init__")

    def make(self: Any, *arguments: Any, **choices: Any) -> None:
        moto_make(self, *arguments, **choices)
        self.encryption = ENCRYPTION
        self.public_access_block = PublicAccessBlock("true", "true", "true", "true")

    def delete_bucket_encryption(self: Any, bucket_name: str) -> None:
        self.get_bucket(bucket_name).encryption = ENCRYPTION

    replace(FakeBucket, "__init__", make)
    replace(S3Backend, "delete_bucket_encryption", delete_bucket_encryption)


def mend_lifecycle() -> None:
    """How many newer versions keep an old one; moto drops it."""
    moto_set = original(FakeBucket, "set_lifecycle")

    def set_lifecycle(self: Any, rules: list[dict[str, Any]]) -> None:
        moto_set(self, rules)
        for kept, asked in zip(self.rules, rules, strict=True):
            kept.newer_versions = (asked.get("NoncurrentVersionExpiration") or {}).get(
                "NewerNoncurrentVersions"
            )

    def serialized(self: Any, answer: Any) -> Any:
        if isinstance(answer.result, dict) and set(answer.result) >= LIFECYCLE:
            complete(answer.result["Rules"], self.backend.get_bucket_lifecycle(self.bucket_name))
        return BaseResponse.serialized(self, answer)

    replace(FakeBucket, "set_lifecycle", set_lifecycle)
    replace(S3Response, "serialized", serialized)


def complete(told: list[dict[str, Any]], kept: list[Any]) -> None:
    """The rules as they are told, with what moto's answer leaves out of those that are kept."""
    for rule, own in zip(told, kept, strict=True):
        if newer := getattr(own, "newer_versions", None):
            rule["NoncurrentVersionExpiration"]["NewerNoncurrentVersions"] = newer
