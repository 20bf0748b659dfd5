"""AWS as the launcher uses it: clients of one account and region, and the address that this machine has.

Which account, and where AWS answers, is told by the environment as to every client of AWS: credentials,
AWS_PROFILE, AWS_ENDPOINT_URL.
"""

import os
import socket
from collections.abc import Callable
from functools import cache
from ipaddress import IPv4Address
from typing import Any
from urllib.parse import urlsplit

import boto3
import requests
from botocore.exceptions import BotoCoreError, ClientError

from ec2.errors import LauncherError

# AWS's own answer to the question; documented at docs.aws.amazon.com, default security group rules.
WHO_AM_I = "https://checkip.amazonaws.com"
ANSWER_TIMEOUT_SECONDS = 10

Clients = Callable[[str], Any]


class CloudUnreachable(LauncherError):
    """AWS does not answer, or does not know who asks."""


def connect(region: str) -> Clients:
    """A boto3 client per service name. Raises CloudUnreachable where nobody answers or trusts us."""
    session = boto3.session.Session(region_name=region)
    client: Clients = cache(lambda service: session.client(service))
    try:
        client("sts").get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        raise CloudUnreachable(
            f"AWS does not answer in {region}: {error}",
            "set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY;"
            " for a rehearsal: make rehearse says what to export",
        ) from error
    return client


def endpoint() -> str:
    """Where AWS answers if not at its own addresses; "" for those."""
    return os.environ.get("AWS_ENDPOINT_URL", "")


def my_address() -> IPv4Address:
    """The address under which hosts see this machine.

    Where AWS_ENDPOINT_URL names the way to AWS, it is this machine's own address on that way; else the one
    that AWS sees on the internet. Raises CloudUnreachable.
    """
    where = urlsplit(endpoint())
    try:
        if where.hostname:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
                # Sends nothing: it only asks the routing table.
                asking.connect((where.hostname, where.port or 443))
                return IPv4Address(asking.getsockname()[0])
        return IPv4Address(requests.get(WHO_AM_I, timeout=ANSWER_TIMEOUT_SECONDS).text.strip())
    except (OSError, ValueError, requests.RequestException) as error:
        raise CloudUnreachable(
            f"the address of this machine on the internet could not be found: {error}",
            'write it into stack.toml in the place of "my address"',
        ) from error
