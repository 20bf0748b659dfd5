"""KMS keys: how often one rotates, and the log groups that one seals later."""

import json
from typing import Any

from moto.kms.models import KmsBackend
from moto.kms.responses import KmsResponse
from moto.logs.exceptions import ResourceNotFoundException
from moto.logs.responses import LogsResponse

from ec2.rehearsal.control.originals import original, replace

# What KMS takes where nobody says.
PERIOD_DAYS = 365


def mend_keys() -> None:
    """A rotation's period, and a log group's key."""
    mend_rotation()
    mend_log_groups()


def mend_rotation() -> None:
    """The period is kept and told."""
    moto_enable, moto_tell = (
        original(KmsResponse, "enable_key_rotation"),
        original(KmsResponse, "get_key_rotation_status"),
    )

    def enable_key_rotation(self: Any) -> str:
        answer: str = moto_enable(self)
        key_of(self).rotation_period_days = self._get_param("RotationPeriodInDays") or PERIOD_DAYS
        return answer

    def get_key_rotation_status(self: Any) -> str:
        told = json.loads(moto_tell(self))
        key = key_of(self)
        if told["KeyRotationEnabled"]:
            told["RotationPeriodInDays"] = getattr(key, "rotation_period_days", PERIOD_DAYS)
        return json.dumps({**told, "KeyId": key.id})

    replace(KmsResponse, "enable_key_rotation", enable_key_rotation)
    replace(KmsResponse, "get_key_rotation_status", get_key_rotation_status)


def key_of(response: Any) -> Any:
    """The key that the request names."""
    backend: KmsBackend = response.kms_backend
    return backend.keys[backend.get_key_id(response._get_param("KeyId"))]


def mend_log_groups() -> None:
    """A log group gets a key after its creation, and loses it."""

    def associate_kms_key(self: Any) -> str:
        log_group(self).kms_key_id = self._get_param("kmsKeyId")
        return ""

    def disassociate_kms_key(self: Any) -> str:
        log_group(self).kms_key_id = None
        return ""

    replace(LogsResponse, "associate_kms_key", associate_kms_key)
    replace(LogsResponse, "disassociate_kms_key", disassociate_kms_key)


def log_group(response: Any) -> Any:
    """The group that the request names, by its name or as a resource. Raises the service's error for none."""
    name = response._get_param("logGroupName")
    asked = name or (response._get_param("resourceIdentifier") or "").rpartition(":log-group:")[2]
    found = response.logs_backend.groups.get(asked)
    if found is None:
        raise ResourceNotFoundException()
    return found
