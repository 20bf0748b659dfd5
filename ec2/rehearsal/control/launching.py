"""What RunInstances makes of what was asked, where moto takes it too literally."""

from typing import Any

from ec2.rehearsal.control.backends import ssm_backend
from ec2.rehearsal.control.seeds import ROOT_DEVICE

# docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-systems-manager-parameter-to-find-AMI.html
BY_PARAMETER = "resolve:ssm:"
ROOT_SIZE_GIB = 8
Mapping = dict[str, Any]


def machine_image(asked: str | None) -> str | None:
    """The image's id, also where a parameter that holds it was named; what is not there stays as it is."""
    if not asked or not asked.startswith(BY_PARAMETER):
        return asked
    parameter = ssm_backend().get_parameter(asked.removeprefix(BY_PARAMETER))
    return str(parameter.value) if parameter else asked


def with_root_volume(mappings: list[Mapping]) -> list[Mapping]:
    """The volumes that were asked for, and the root volume as the image has it where nothing else was said.

    It goes with its instance; the others stay.
    """
    asked = next((one for one in mappings if one["DeviceName"] == ROOT_DEVICE), {})
    disk = {key: value for key, value in asked.get("Ebs", {}).items() if value is not None}
    if "SnapshotId" not in disk:
        disk.setdefault("VolumeSize", ROOT_SIZE_GIB)
    root = {"DeviceName": ROOT_DEVICE, **asked, "Ebs": {"DeleteOnTermination": True, **disk}}
    return [root, *(one for one in mappings if one["DeviceName"] != ROOT_DEVICE)]
