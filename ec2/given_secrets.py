"""Secrets that only a person can give: kept beside those that are made, never shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from botocore.exceptions import ClientError

from ec2.errors import SecretRefused
from ec2.secrets import write

# A name, and where the value is kept below the stack's: the role that reads it, the service and its file.
GIVEN: Mapping[str, str] = MappingProxyType(
    {
        "mail_password": "app/microblog/mail_password",
        "smtp_password": "monitoring/alertmanager/smtp_password",
        "slack_webhook": "monitoring/alertmanager/slack_webhook",
        "pipeline_password": "jenkins/jenkins/smtp_password",
        "nvd_api_key": "jenkins/jenkins/nvd_api_key",
    }
)
# What the Parameter Store's standard tier takes.
LONGEST_BYTES = 4096


@dataclass(frozen=True)
class Given:
    """One of them, and when it was given; None if it was not."""

    name: str
    since: datetime | None


def give(ssm: Any, stack: str, name: str, value: str) -> None:
    """Keep a value, encrypted. Raises SecretRefused, which does not repeat it."""
    if not value or not value.isprintable() or len(value.encode()) > LONGEST_BYTES:
        raise SecretRefused(
            f"the value of {name} is empty, has more than one line, is longer than {LONGEST_BYTES} bytes or "
            "is not text in UTF-8: nothing was changed",
            f"python -m ec2 secret {name}",
        )
    if name == "slack_webhook" and not value.startswith("https://"):
        raise SecretRefused(
            "slack_webhook is no address that begins with https://: nothing was changed",
            "python -m ec2 secret slack_webhook",
        )
    write(ssm, path(stack, name), value)


def take_back(ssm: Any, stack: str, name: str) -> bool:
    """Remove a value; whether there was one."""
    try:
        ssm.delete_parameter(Name=path(stack, name))
    except ClientError as error:
        if error.response["Error"]["Code"] != "ParameterNotFound":
            raise
        return False
    return True


def given_secrets(ssm: Any, stack: str) -> tuple[Given, ...]:
    """Every one that a person can give; values stay encrypted."""
    pages = ssm.get_paginator("get_parameters_by_path").paginate(Path=f"/{stack}/", Recursive=True)
    since = {each["Name"]: each["LastModifiedDate"] for page in pages for each in page["Parameters"]}
    return tuple(Given(name, since.get(path(stack, name))) for name in GIVEN)


def missing_secrets(ssm: Any, stack: str, needed: tuple[str, ...]) -> tuple[str, ...]:
    """Those that are needed and that nobody has given."""
    if not needed:
        return ()
    there = {each.name for each in given_secrets(ssm, stack) if each.since}
    return tuple(name for name in needed if name not in there)


def path(stack: str, name: str) -> str:
    """The parameter's name."""
    return f"/{stack}/{GIVEN[name]}"
