"""Credentials of an instance's role: made when first asked for, and made anew before they end."""

import json
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

from ec2.rehearsal.control.clients import Clients

LAST_SECONDS = 3600
# Clients take new ones well before the end; AWS has them ready five minutes before.
RENEWED_BEFORE_END = timedelta(minutes=20)


class RoleSessions:
    """The newest credentials of each instance, as sts:AssumeRole gave them."""

    def __init__(self, aws: Clients) -> None:
        self.aws = aws
        self.lock = threading.Lock()
        self.newest: dict[tuple[str, str], dict[str, Any]] = {}

    def credentials(self, instance_id: str, role: str) -> str:
        """The document that the SDKs of AWS read."""
        with self.lock:
            known = self.newest.get((instance_id, role))
            if known is None or known["Expiration"] - datetime.now(UTC) < RENEWED_BEFORE_END:
                known = self.assume(instance_id, role)
                self.newest[(instance_id, role)] = known
        return document(known)

    def assume(self, instance_id: str, role: str) -> dict[str, Any]:
        """New credentials from the Security Token Service."""
        arn = self.aws("iam").get_role(RoleName=role)["Role"]["Arn"]
        answer = self.aws("sts").assume_role(
            RoleArn=arn, RoleSessionName=instance_id, DurationSeconds=LAST_SECONDS
        )
        return dict(answer["Credentials"])


def document(credentials: dict[str, Any]) -> str:
    """Credentials as the metadata service writes them."""
    ends = credentials["Expiration"]
    return json.dumps(
        {
            "Code": "Success",
            "LastUpdated": moment(ends - timedelta(seconds=LAST_SECONDS)),
            "Type": "AWS-HMAC",
            "AccessKeyId": credentials["AccessKeyId"],
            "SecretAccessKey": credentials["SecretAccessKey"],
            "Token": credentials["SessionToken"],
            "Expiration": moment(ends),
        },
        indent=2,
    )


def moment(when: datetime) -> str:
    """A time as AWS writes it."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
