"""The volumes that an instance is born with: always a root volume, each as fast as asked."""

from collections.abc import Mapping
from typing import Any

from moto.ec2.exceptions import MissingParameterError
from moto.ec2.models.instances import InstanceBackend
from moto.ec2.responses.instances import InstanceResponse

from ec2.rehearsal.control.originals import original, replace

# What the machine images have; a root volume of another size says so.
ROOT_GIB = 8
# What AWS gives a gp3 volume of which nothing else is said.
GP3_THROUGHPUT = 125

Asked = Mapping[str, Any]


def mend_devices() -> None:
    """Volumes are made from the whole mapping, over the root volume that the image has anyway."""
    moto_run = original(InstanceBackend, "run_instances")

    def parse(self: Any) -> list[dict[str, Any]]:
        asked: list[dict[str, Any]] = self._get_param("BlockDeviceMappings", [])
        if any("Ebs" not in one and "NoDevice" not in one for one in asked):
            raise MissingParameterError("ebs")
        return asked

    def run_instances(self: Any, *arguments: Any, **choices: Any) -> Any:
        wanted = choices.get("block_device_mappings") or []
        tags = choices.get("tags", {}).get("volume", {})
        reservation = moto_run(self, *arguments, **{**choices, "block_device_mappings": []})
        try:
            for instance in reservation.instances:
                for name, device in devices(instance.root_device_name, wanted).items():
                    give_volume(self, instance, name, device, tags)
        except Exception:
            forget(self, reservation)
            raise
        return reservation

    replace(InstanceResponse, "_parse_block_device_mapping", parse)
    replace(InstanceBackend, "run_instances", run_instances)


def devices(root: str, wanted: list[dict[str, Any]]) -> dict[str, Asked]:
    """What is asked for each name, the root's first; a mapping may leave all of it to the image."""
    asked = {one["DeviceName"]: one.get("Ebs", {}) for one in wanted if "NoDevice" not in one}
    root_volume = {"VolumeSize": ROOT_GIB} if "SnapshotId" not in asked.get(root, {}) else {}
    return {root: {**root_volume, **asked.pop(root, {})}, **asked}


def give_volume(backend: Any, instance: Any, name: str, asked: Asked, tags: dict[str, str]) -> None:
    """Make the volume and attach it. Raises EC2's errors."""
    if "VolumeSize" not in asked and "SnapshotId" not in asked:
        raise MissingParameterError("size or snapshotId")
    kind = asked.get("VolumeType")
    volume = backend.create_volume(
        size=asked.get("VolumeSize"),
        zone_name=instance._placement.zone,
        snapshot_id=asked.get("SnapshotId"),
        encrypted=asked.get("Encrypted", False),
        kms_key_id=asked.get("KmsKeyId"),
        volume_type=kind,
        iops=asked.get("Iops"),
        throughput=asked.get("Throughput", GP3_THROUGHPUT if kind == "gp3" else None),
    )
    volume.add_tags(tags)
    backend.attach_volume(volume.id, instance.id, name, asked.get("DeleteOnTermination", True))


def forget(backend: Any, reservation: Any) -> None:
    """Leave nothing of instances whose volumes cannot be made: RunInstances does all or nothing."""
    for instance in reservation.instances:
        instance.terminate()
    backend.reservations.pop(reservation.id)
