"""A bucket's settings: each has its own calls, and its own words in a template."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ec2.rehearsal.stacks.resources.bucket_lifecycle import lifecycle_for_api, lifecycle_for_template
from ec2.rehearsal.stacks.resources.contract import Clients
from ec2.rehearsal.stacks.resources.looking import answer, unless_gone
from ec2.rehearsal.stacks.resources.words import rename, same

Shape = dict[str, Any]


@dataclass(frozen=True)
class Setting:
    """A property, the calls that put, get and delete it, and how its words are turned round.

    `off` is what is put where S3 has no call to delete it.
    """

    name: str
    put: str
    argument: str
    get: str
    delete: str = ""
    off: Shape | None = None
    for_api: Callable[[Shape], Shape] = same
    for_template: Callable[[Shape], Shape] = same
    answered_as: str = ""


def encryption_for_api(given: Shape) -> Shape:
    """Rules under other names."""
    words = {"ServerSideEncryptionByDefault": "ApplyServerSideEncryptionByDefault"}
    return {"Rules": [rename(rule, words) for rule in given["ServerSideEncryptionConfiguration"]]}


def encryption_for_template(told: Shape) -> Shape:
    """And back."""
    words = {"ApplyServerSideEncryptionByDefault": "ServerSideEncryptionByDefault"}
    return {"ServerSideEncryptionConfiguration": [rename(rule, words) for rule in told["Rules"]]}


def logging_for_api(given: Shape) -> Shape:
    """A prefix is required in the API and may be left out of a template."""
    words = {"DestinationBucketName": "TargetBucket", "LogFilePrefix": "TargetPrefix"}
    return {"LoggingEnabled": {"TargetPrefix": "", **rename(given, words)}}


def logging_for_template(told: Shape) -> Shape:
    """And back."""
    words = {"TargetBucket": "DestinationBucketName", "TargetPrefix": "LogFilePrefix"}
    return rename(told, words)


CORS = {"Id": "ID", "ExposedHeaders": "ExposeHeaders", "MaxAge": "MaxAgeSeconds"}


def cors_for_api(given: Shape) -> Shape:
    """Rules under other names."""
    return {"CORSRules": [rename(rule, CORS) for rule in given["CorsRules"]]}


def cors_for_template(told: Shape) -> Shape:
    """And back."""
    back = {api: template for template, api in CORS.items()}
    return {"CorsRules": [rename(rule, back) for rule in told["CORSRules"]]}


SETTINGS = (
    Setting(
        "OwnershipControls",
        "put_bucket_ownership_controls",
        "OwnershipControls",
        "get_bucket_ownership_controls",
        "delete_bucket_ownership_controls",
        answered_as="OwnershipControls",
    ),
    Setting(
        "PublicAccessBlockConfiguration",
        "put_public_access_block",
        "PublicAccessBlockConfiguration",
        "get_public_access_block",
        "delete_public_access_block",
        answered_as="PublicAccessBlockConfiguration",
    ),
    Setting(
        "VersioningConfiguration",
        "put_bucket_versioning",
        "VersioningConfiguration",
        "get_bucket_versioning",
        off={"Status": "Suspended"},
        for_template=lambda told: {"Status": told["Status"]},
    ),
    Setting(
        "BucketEncryption",
        "put_bucket_encryption",
        "ServerSideEncryptionConfiguration",
        "get_bucket_encryption",
        "delete_bucket_encryption",
        for_api=encryption_for_api,
        for_template=encryption_for_template,
        answered_as="ServerSideEncryptionConfiguration",
    ),
    Setting(
        "LifecycleConfiguration",
        "put_bucket_lifecycle_configuration",
        "LifecycleConfiguration",
        "get_bucket_lifecycle_configuration",
        "delete_bucket_lifecycle",
        for_api=lifecycle_for_api,
        for_template=lifecycle_for_template,
    ),
    Setting(
        "LoggingConfiguration",
        "put_bucket_logging",
        "BucketLoggingStatus",
        "get_bucket_logging",
        off={},
        for_api=logging_for_api,
        for_template=logging_for_template,
        answered_as="LoggingEnabled",
    ),
    Setting(
        "CorsConfiguration",
        "put_bucket_cors",
        "CORSConfiguration",
        "get_bucket_cors",
        "delete_bucket_cors",
        for_api=cors_for_api,
        for_template=cors_for_template,
    ),
)


def change_settings(aws: Clients, bucket: str, old: Shape, new: Shape) -> None:
    """Put what differs, take back what the template no longer has."""
    s3 = aws("s3")
    for setting in SETTINGS:
        before, after = old.get(setting.name), new.get(setting.name)
        if before == after:
            continue
        if after is not None:
            getattr(s3, setting.put)(Bucket=bucket, **{setting.argument: setting.for_api(after)})
        elif setting.off is not None:
            getattr(s3, setting.put)(Bucket=bucket, **{setting.argument: setting.off})
        else:
            with unless_gone():
                getattr(s3, setting.delete)(Bucket=bucket)


def live_settings(aws: Clients, bucket: str) -> Shape:
    """What the bucket has, in the template's words."""
    found = {}
    for setting in SETTINGS:
        told = answer(getattr(aws("s3"), setting.get), Bucket=bucket)
        told.pop("ResponseMetadata", None)
        told = told.get(setting.answered_as, {}) if setting.answered_as else told
        if told:
            found[setting.name] = setting.for_template(told)
    return found
