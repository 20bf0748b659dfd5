"""What `stack.toml` may tell services: who is told of alerts, where the microblog is, how its mail leaves."""

import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from typing import Annotated, Any
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

# As the microblog and Alertmanager take it; a password is a secret.
HOST = "([A-Za-z0-9._%+-]+@)?[A-Za-z0-9.-]+"
MAIL_SERVER = rf"smtp\+starttls://{HOST}(:(465|587))?|smtps://{HOST}(:465)?"
MAIL_SERVER_WORDS = (
    "an address like smtp+starttls://user@mail.example.org:587, at port 465 or 587, smtps at 465 alone, "
    "and without a password"
)


class Table(BaseModel):
    """A table of the file: nothing unknown in it, and each key's description says what it expects."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def refused() -> Any:
    """What was expected is told by the key's description."""
    raise ValueError


def address(value: str) -> str:
    """A mail address, without a name before it."""
    return value if re.fullmatch(r"[A-Za-z0-9.!#$%&*+/=?^_{|}~-]+@[A-Za-z0-9.-]+", value) else refused()


def web_address(value: str) -> str:
    """An address on the web; hosts reach nothing but the usual ports."""
    return value if re.fullmatch(r"https?://[A-Za-z0-9.-]+(:(80|443))?(/[^\s'\"$]*)?", value) else refused()


def origin(value: str) -> str:
    """Where a site is, without a path."""
    return value if re.fullmatch(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?", value) else refused()


def address_range(value: str) -> str:
    """An address or a range of them, but not everybody's."""
    # What follows the scope's sign in an address of IPv6 may be anything.
    return value if "%" not in value and ip_network(value).prefixlen else refused()


def mail_server(value: str) -> str:
    """How mail leaves, without a password."""
    return value if re.fullmatch(MAIL_SERVER, value) else refused()


def user(mail_server: str | None) -> str:
    """Who logs in to a mail server; "" where nobody does."""
    return unquote(urlsplit(mail_server or "").username or "")


def quiet(value: str) -> str:
    """From when to when."""
    moment = "([01][0-9]|2[0-3]):[0-5][0-9]"
    begins, _, ends = value.partition("-")
    return value if re.fullmatch(f"{moment}-{moment}", value) and begins != ends else refused()


class AlertsTable(Table):
    """[alerts]"""

    email_to: Annotated[str, AfterValidator(address)] | None = Field(
        default=None, description="who is told by mail, such as ops@example.org"
    )
    email_from: Annotated[str, AfterValidator(address)] | None = Field(
        default=None, description="whom such mail is from, such as alerts@example.org"
    )
    smtp_url: Annotated[str, AfterValidator(mail_server)] | None = Field(
        default=None, description=MAIL_SERVER_WORDS
    )
    slack: Annotated[bool, Field(strict=True)] = Field(
        default=False, description="true, with the webhook's address in the secret slack_webhook"
    )
    slack_channel: Annotated[str, Field(pattern=r"^[#@][a-z0-9._-]{1,79}$")] | None = Field(
        default=None, description='a channel such as "#alerts"'
    )
    webhook_url: Annotated[str, AfterValidator(web_address)] | None = Field(
        default=None, description="an address such as https://example.org/alerts, at port 80 or 443"
    )
    sns_topic: (
        Annotated[str, Field(pattern=r"^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$")] | None
    ) = Field(
        default=None, description="the ARN of a topic, such as arn:aws:sns:us-east-1:123456789012:alerts"
    )
    heartbeat_url: Annotated[str, AfterValidator(web_address)] | None = Field(
        default=None, description="where somebody waits for a call every minute, at port 80 or 443"
    )
    quiet_hours: Annotated[str, AfterValidator(quiet)] | None = Field(
        default=None, description="from when to when in UTC warnings wait, such as 22:00-06:00"
    )


class MicroblogTable(Table):
    """[microblog]"""

    public_url: Annotated[str, AfterValidator(origin)] | None = Field(
        default=None, description="where people find it, such as https://blog.example.org"
    )
    trusted_proxies: tuple[Annotated[str, AfterValidator(address_range)], ...] = Field(
        default=(),
        description='what speaks TLS in front of it, by range such as ["198.51.100.0/24"]',
    )
    mail_url: Annotated[str, AfterValidator(mail_server)] | None = Field(
        default=None, description=MAIL_SERVER_WORDS
    )
    mail_from: Annotated[str, AfterValidator(address)] | None = Field(
        default=None, description="whom its mail is from, such as microblog@example.org"
    )


# What is of no use without another key of its table.
NEEDS = {
    "alerts": {
        "email_to": ("email_from", "smtp_url"),
        "email_from": ("email_to",),
        "smtp_url": ("email_to",),
        "slack_channel": ("slack",),
    },
    "microblog": {"mail_url": ("mail_from", "public_url"), "mail_from": ("mail_url",)},
}


def lonely_mistakes(given: Mapping[str, Any]) -> Iterator[str]:
    """Each key whose companion is missing."""
    for table, companions in NEEDS.items():
        said = given.get(table)
        if not isinstance(said, dict):
            continue
        for key, needed in companions.items():
            for other in needed:
                if said.get(key) and not said.get(other):
                    yield f"{table}.{key} needs {table}.{other}"
