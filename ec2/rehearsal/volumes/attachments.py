"""What EC2 answers about volumes and moto does not: refusals, and what takes its time on the machine."""

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.elastic_block_store import EBSBackend, Snapshot, VolumeAttachment
from moto.ec2.responses.elastic_block_store import ElasticBlockStore

from ec2.rehearsal.control.backends import ec2_backend
from ec2.rehearsal.control.originals import original, replace
from ec2.rehearsal.control.turns import TURN
from ec2.rehearsal.settings import ACCOUNT, Rehearsal
from ec2.rehearsal.volumes import places
from ec2.rehearsal.volumes.reconcile import Report
from ec2.rehearsal.volumes.wanted import OF_AN_IMAGE


class Detachments:
    """Volumes that the API has been asked to detach and that may still be in use in their hosts."""

    def __init__(self) -> None:
        self.by_force: set[str] = set()

    @property
    def forced(self) -> frozenset[str]:
        """Those whose DetachVolume said Force; for reconcile."""
        return frozenset(self.by_force)

    def settle(self, report: Report) -> None:
        """Tell the API what has come of them: gone from their host, or still mounted there."""
        moto_detach = original(EBSBackend, "detach_volume")
        with TURN:
            for instance, volume in report.left:
                self.by_force.discard(volume)
                if attached := attachment(volume, instance):
                    moto_detach(ec2_backend(), volume, instance, attached.device)
            for instance, volume in report.busy:
                if (attached := attachment(volume, instance)) and attached.status == "detaching":
                    attached.status = "busy"


def attachment(volume: str, instance: str) -> Any:
    """moto's attachment of the volume to the instance, None when it has ended."""
    there = ec2_backend().volumes.get(volume)
    attached = there.attachment if there else None
    return attached if attached and attached.instance.id == instance else None


def patch_volumes(rehearsal: Rehearsal) -> Detachments:
    """Apply every patch; a second call takes the place of the first."""
    patch_attach()
    patch_sizes()
    patch_completion(rehearsal)
    detachments = Detachments()
    patch_detach(detachments)
    return detachments


def patch_attach() -> None:
    """A volume is attached once, in its own zone, under a name of its own; moto attaches anything."""
    moto_attach = original(EBSBackend, "attach_volume")

    def attach_volume(self: Any, volume_id: str, instance_id: str, device_path: str, *more: Any) -> Any:
        refuse_attachment(self.get_volume(volume_id), self.get_instance(instance_id), device_path)
        return moto_attach(self, volume_id, instance_id, device_path, *more)

    def delete_on_termination(self: Any) -> bool:
        mapping = self.instance.block_device_mapping.get(self.device)
        return bool(mapping and mapping.delete_on_termination)

    replace(EBSBackend, "attach_volume", attach_volume)
    # DescribeVolumes says it too; moto says it in DescribeInstances alone.
    replace(VolumeAttachment, "delete_on_termination", property(delete_on_termination))


def refuse_attachment(volume: Any, instance: Any, device: str) -> None:
    """Raise EC2's error for an attachment that it would not make."""
    if volume.attachment:
        raise EC2ClientError(
            "VolumeInUse", f"{volume.id} is already attached to an instance ({volume.attachment.instance.id})"
        )
    if volume.zone and instance._placement.zone and volume.zone.name != instance._placement.zone:
        raise EC2ClientError(
            "InvalidVolume.ZoneMismatch",
            f"The volume '{volume.id}' is not in the same zone as '{instance.id}'",
        )
    if device in instance.block_device_mapping:
        raise EC2ClientError(
            "InvalidParameterValue",
            f"Invalid value '{device}' for unixDevice. Attachment point {device} is already in use",
        )
    if instance._state.name in ("shutting-down", "terminated"):
        raise EC2ClientError("IncorrectState", f"Instance '{instance.id}' is not 'running'.")


def patch_detach(detachments: Detachments) -> None:
    """A detached volume is `detaching` until its host has let go of it; moto forgets at once, any Force too.

    Terminating an instance goes past this: its host ends anyway.
    """

    def detach_volume(self: Any) -> ActionResult:
        self.error_on_dryrun()
        volume = self.ec2_backend.get_volume(self._get_param("VolumeId"))
        attached = volume.attachment
        refuse_detachment(volume, self._get_param("InstanceId"), self._get_param("Device"))
        attached.status = "detaching"
        if self._get_bool_param("Force", False):
            detachments.by_force.add(volume.id)
        return ActionResult(
            {
                "VolumeId": volume.id,
                "InstanceId": attached.instance.id,
                "Device": attached.device,
                "State": "detaching",
                "AttachTime": attached.attach_time,
            }
        )

    replace(ElasticBlockStore, "detach_volume", detach_volume)


def refuse_detachment(volume: Any, instance: str | None, device: str | None) -> None:
    """Raise EC2's error for a detachment that it would not make."""
    attached = volume.attachment
    if not attached:
        raise EC2ClientError("IncorrectState", f"Volume '{volume.id}' is in the 'available' state.")
    if (instance and instance != attached.instance.id) or (device and device != attached.device):
        raise EC2ClientError(
            "InvalidAttachment.NotFound",
            f"The volume '{volume.id}' is not attached to instance '{instance}' as device '{device}'.",
        )
    state = attached.instance._state.name
    if attached.device == attached.instance.root_device_name and state not in ("stopped", "terminated"):
        raise EC2ClientError(
            "OperationNotPermitted",
            f"Unable to detach root volume '{volume.id}' from instance '{attached.instance.id}'",
        )


def patch_sizes() -> None:
    """A snapshot keeps the size of its moment, no volume is smaller than its snapshot, and none shrinks."""
    moto_birth = original(Snapshot, "__init__")
    moto_create, moto_modify = original(EBSBackend, "create_volume"), original(EBSBackend, "modify_volume")

    def birth(self: Any, *arguments: Any, **choices: Any) -> None:
        moto_birth(self, *arguments, **choices)
        self.size_then = self.volume.size

    def create_volume(self: Any, size: int | None, *more: Any, **choices: Any) -> Any:
        source = choices.get("snapshot_id")
        if source:
            smallest = self.get_snapshot(source).size_then
            size = smallest if size is None else size
            if size < smallest:
                raise EC2ClientError(
                    "InvalidParameterValue",
                    f"Volume of {size}GiB is smaller than snapshot '{source}', expect size >= {smallest}GiB",
                )
        return moto_create(self, size, *more, **choices)

    def modify_volume(self: Any, volume_id: str, target_size: int | None = None, *more: Any) -> Any:
        if target_size and target_size < self.get_volume(volume_id).size:
            raise EC2ClientError("InvalidParameterValue", "New size cannot be smaller than existing size")
        return moto_modify(self, volume_id, target_size, *more)

    def copy_snapshot(self: Any) -> ActionResult:
        raise NotImplementedError("CopySnapshot")

    replace(Snapshot, "__init__", birth)
    replace(Snapshot, "volume_size", property(lambda self: self.size_then))
    replace(EBSBackend, "create_volume", create_volume)
    replace(EBSBackend, "modify_volume", modify_volume)
    replace(ElasticBlockStore, "copy_snapshot", copy_snapshot)


def patch_completion(rehearsal: Rehearsal) -> None:
    """A snapshot is pending until its content is there, or known never to be; moto's are born completed."""

    def status(self: Any) -> str:
        # Hosts, and so volumes with content, are in one region.
        here = self.owner_id == ACCOUNT and self.ec2_backend is ec2_backend()
        copied = here and not (self.description or "").startswith(OF_AN_IMAGE)
        return "pending" if copied and not places.is_settled(rehearsal, self.id) else "completed"

    def ignored(self: Any, wanted: Any) -> None:
        """moto's own word."""

    def progress(self: Any) -> str:
        return "100%" if self.status == "completed" else "0%"

    replace(Snapshot, "status", property(status, ignored))
    replace(Snapshot, "progress", property(progress))
