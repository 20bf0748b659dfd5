"""Waiting for AWS, by boto3's own waiters with shorter steps: here nothing takes minutes."""

from typing import Any

from botocore.exceptions import WaiterError

from ec2.rehearsal.stacks.resources.looking import refusal

STEP_SECONDS = 0.2
LIMIT_SECONDS = 600


def wait(client: Any, waiter: str, **arguments: Any) -> None:
    """Wait until AWS says so; a failed state, and LIMIT_SECONDS gone by, are refusals."""
    often = {"Delay": STEP_SECONDS, "MaxAttempts": int(LIMIT_SECONDS / STEP_SECONDS)}
    try:
        client.get_waiter(waiter).wait(**arguments, WaiterConfig=often)
    except WaiterError as error:
        raise refusal("NotStabilized", str(error), waiter) from error
