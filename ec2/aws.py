"""AWS as the launcher uses it: clients of one account and region, and the address that this machine has.

Which account, and where AWS answers, is told by the environment as to every client of AWS: credentials,
AWS_PROFILE, AWS_ENDPOINT_URL.
"""

import os
import re
import socket
from collections.abc import Callable
from functools import cache
from ipaddress import IPv4Address
from typing import Any
from urllib.parse import urlsplit

import boto3
import botocore.session
import requests
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, IncompleteReadError
from botocore.exceptions import ConnectionError as NoConnection

from ec2.errors import LauncherError

# AWS's own answer to the question; documented at docs.aws.amazon.com, default security group rules.
WHO_AM_I = "https://checkip.amazonaws.com"
ANSWER_TIMEOUT_SECONDS = 10
DENIED = re.compile(r"AccessDenied(Exception)?|(Client\.)?UnauthorizedOperation|NotAuthorized")
# What a region says as well that is not enabled in the account, as newer ones are not by themselves.
STRANGER = re.compile(r"InvalidClientTokenId|UnrecognizedClientException|AuthFailure")
EXPIRED = re.compile(rf"Expired\w*|RequestExpired|SignatureDoesNotMatch|{STRANGER.pattern}")
NOT_ENABLED = "; if they are right, enable the region in the account: only the older ones always are"
CUT = (NoConnection, HTTPClientError, IncompleteReadError)
HOW_TO_ASK = (
    "look at the variables AWS_… and at ~/.aws: set AWS_PROFILE or AWS_ACCESS_KEY_ID and"
    " AWS_SECRET_ACCESS_KEY; for a rehearsal: make rehearse says what to export"
)

# The Parameter Store takes a few writes a second, and a first deployment makes many at once. The SDK waits
# some fifteen seconds in all where AWS is asked too often, and less than one where nobody answers.
# Of the setting: its name in a file and in the environment, its value unless told, how that is read.
PATIENCE = {"max_attempts": ("max_attempts", "AWS_MAX_ATTEMPTS", 6, int)}

Clients = Callable[[str], Any]


class CloudUnreachable(LauncherError):
    """AWS does not answer, or does not know who asks."""


class Refused(LauncherError):
    """AWS answered a request with an error that is no part of the launcher's work."""


def connect(region: str) -> Clients:
    """A boto3 client per service name.

    Raises CloudUnreachable where nobody answers or nothing says how to ask, Refused where nobody trusts us.
    """
    try:
        known = botocore.session.Session(session_vars=PATIENCE)
        session = boto3.session.Session(region_name=region, botocore_session=known)
        client: Clients = cache(lambda service: session.client(service))
        client("sts").get_caller_identity()
    except ClientError as error:
        raise trouble(error) from error
    # boto3 passes on what it trips over in variables, files and the program that gives credentials.
    except (BotoCoreError, ValueError, OSError) as error:
        raise CloudUnreachable(f"AWS could not be asked in {region}: {error}", HOW_TO_ASK) from error
    return client


def trouble(error: BotoCoreError | ClientError) -> LauncherError:
    """What a person is told of an error of AWS's that nobody expected.

    Sources: the common errors of the Query API and those of EC2, docs.aws.amazon.com; SSM's own.
    """
    if isinstance(error, CUT):
        return CloudUnreachable(f"AWS does not answer any more: {error}", "repeat the command")
    if not isinstance(error, ClientError):
        return CloudUnreachable(f"AWS could not be asked any more: {error}", HOW_TO_ASK)
    code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
    asked = f"AWS refused {error.operation_name}: {message} ({code})"
    if DENIED.fullmatch(code):
        return Refused(asked, "have what python -m ec2 policy prints granted to you")
    if EXPIRED.fullmatch(code):
        return Refused(
            asked,
            "renew the credentials (AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY),"
            f" then repeat the command{NOT_ENABLED if STRANGER.fullmatch(code) else ''}",
        )
    return Refused(asked, "repeat the command; --verbose before its name shows where this came from")


def endpoint() -> str:
    """Where AWS answers if not at its own addresses; "" for those."""
    return os.environ.get("AWS_ENDPOINT_URL", "")


def my_address() -> IPv4Address:
    """The address under which hosts see this machine.

    Where AWS_ENDPOINT_URL names the way to AWS, it is this machine's own address on that way; else the one
    that AWS sees on the internet. Raises CloudUnreachable.
    """
    try:
        where = urlsplit(endpoint())
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
