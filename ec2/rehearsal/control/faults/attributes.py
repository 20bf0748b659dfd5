"""ModifyInstanceAttribute and ModifyInstanceMetadataOptions: what is asked, and nothing else."""

from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.core.types import Base64EncodedString
from moto.ec2.exceptions import EC2ClientError, InvalidSecurityGroupNotFoundError
from moto.ec2.models.instances import InstanceBackend
from moto.ec2.responses.instances import InstanceResponse

from ec2.rehearsal.control.originals import original, replace

# What AWS changes of a stopped instance only.
WHILE_STOPPED = {"InstanceType", "UserData", "EbsOptimized", "Kernel", "Ramdisk"}
KNOWN = {
    *WHILE_STOPPED,
    "Attribute",
    "BlockDeviceMappings",
    "DisableApiStop",
    "DisableApiTermination",
    "Groups",
    "InstanceInitiatedShutdownBehavior",
    "SourceDestCheck",
}
# How AWS's options of the metadata service are called in moto's arguments.
OPTIONS = {
    "http_tokens": "http_tokens",
    "hop_limit": "http_put_response_hop_limit",
    "http_endpoint": "http_endpoint",
    "http_protocol": "http_protocol_ipv6",
    "metadata_tags": "instance_metadata_tags",
}


def mend_attributes() -> None:
    """One attribute at a time, and no option of the metadata service lost."""
    mend_modify()
    mend_metadata_options()


def mend_modify() -> None:
    """What moto does not know falls through to the groups and empties them there."""
    moto_modify = original(InstanceResponse, "modify_instance_attribute")

    def modify_instance_attribute(self: Any) -> ActionResult:
        instance = self.ec2_backend.get_instance(self._get_param("InstanceId"))
        if not KNOWN & set(self.params):
            raise NotImplementedError("ModifyInstanceAttribute")
        refuse_change(self, instance)
        behavior = self._get_param("InstanceInitiatedShutdownBehavior.Value")
        if not behavior and "UserData" not in self.params:
            answer: ActionResult = moto_modify(self)
            return answer
        self.error_on_dryrun()
        if behavior:
            instance.instance_initiated_shutdown_behavior = behavior
        else:
            instance.user_data = encoded(self._get_param("UserData.Value"))
        return EmptyResult()

    replace(InstanceResponse, "modify_instance_attribute", modify_instance_attribute)


def encoded(given: bytes | str | None) -> Base64EncodedString | None:
    """User data as moto keeps it: the request has been decoded once already."""
    if not given:
        return None
    return (
        Base64EncodedString.from_raw_bytes(given) if isinstance(given, bytes) else Base64EncodedString(given)
    )


def refuse_change(response: Any, instance: Any) -> None:
    """Raise EC2's error for a change that it would not make."""
    named = response._get_param("Attribute") or ""
    asked = {*response.params, named[:1].upper() + named[1:]}
    if asked & WHILE_STOPPED and instance._state.name != "stopped":
        raise EC2ClientError(
            "IncorrectInstanceState", f"The instance '{instance.id}' is not in the 'stopped' state."
        )
    for group in response._get_param("Groups", []):
        if not response.ec2_backend.get_security_group_from_id(group):
            raise InvalidSecurityGroupNotFoundError(group)
    for one in response._get_param("BlockDeviceMappings", []):
        if one.get("DeviceName") not in instance.block_device_mapping:
            raise EC2ClientError(
                "InvalidInstanceAttributeValue", f"No device is currently mapped at {one.get('DeviceName')}"
            )


def mend_metadata_options() -> None:
    """An option that the request leaves out stays as it is."""
    moto_modify = original(InstanceBackend, "modify_instance_metadata_options")

    def modify_instance_metadata_options(self: Any, instance_id: str, **asked: Any) -> Any:
        now = self.get_instance(instance_id).metadata_options
        kept = {ours: getattr(now, motos) for ours, motos in OPTIONS.items() if asked.get(ours) is None}
        return moto_modify(self, instance_id=instance_id, **{**asked, **kept})

    replace(InstanceBackend, "modify_instance_metadata_options", modify_instance_metadata_options)
