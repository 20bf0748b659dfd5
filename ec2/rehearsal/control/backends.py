"""The one place that says which of moto's many accounts and regions is this cloud."""

from typing import Any

from moto.ec2.models import ec2_backends
from moto.ssm.models import ssm_backends

from ec2.rehearsal.settings import ACCOUNT, REGION


def ec2_backend() -> Any:
    """moto's model of EC2."""
    return ec2_backends[ACCOUNT][REGION]


def ssm_backend() -> Any:
    """moto's model of the Systems Manager."""
    return ssm_backends[ACCOUNT][REGION]
