"""Waiting for AWS, by boto3's own waiters with shorter steps: here nothing takes minutes."""

from typing import Any

STEP_SECONDS = 0.2
LIMIT_SECONDS = 600


def wait(client: Any, waiter: str, **arguments: Any) -> None:
    """Wait until AWS says so; raises botocore's WaiterError at a failed state or after LIMIT_SECONDS."""
    often = {"Delay": STEP_SECONDS, "MaxAttempts": int(LIMIT_SECONDS / STEP_SECONDS)}
    client.get_waiter(waiter).wait(**arguments, WaiterConfig=often)
