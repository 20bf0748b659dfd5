"""Waiting for AWS, by boto3's own waiters with shorter steps: here nothing takes minutes."""

import time
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from ec2.rehearsal.stacks.resources.looking import refusal, unless_gone

STEP_SECONDS = 0.2
LIMIT_SECONDS = 600
# A host that goes down holds its subnet, its groups and its address for as long.
HELD_SECONDS = 120


def wait(client: Any, waiter: str, **arguments: Any) -> None:
    """Wait until AWS says so; a failed state, and LIMIT_SECONDS gone by, are refusals."""
    often = {"Delay": STEP_SECONDS, "MaxAttempts": int(LIMIT_SECONDS / STEP_SECONDS)}
    try:
        client.get_waiter(waiter).wait(**arguments, WaiterConfig=often)
    except WaiterError as error:
        raise refusal("NotStabilized", str(error), waiter) from error


def once_free(operation: Callable[..., Any], **arguments: Any) -> None:
    """Delete what another resource may still hold: as CloudFormation, again until nobody does.

    Raises AWS's refusal once HELD_SECONDS have gone by; what is gone already is fine.
    """
    end = time.monotonic() + HELD_SECONDS
    while True:
        try:
            with unless_gone():
                operation(**arguments)
            return
        except ClientError as error:
            if error.response["Error"]["Code"] != "DependencyViolation" or time.monotonic() > end:
                raise
        time.sleep(STEP_SECONDS)
