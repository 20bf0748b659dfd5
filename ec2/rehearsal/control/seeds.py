"""What every AWS account finds: Debian's machine images, and the public parameters that name the newest."""

from datetime import UTC, datetime
from typing import Any

from moto.ec2.models.amis import Ami
from moto.ssm.models import Parameter

from ec2.rehearsal.control.backends import ec2_backend, ssm_backend
from ec2.rehearsal.settings import ACCOUNT

# Debian's account on AWS, wiki.debian.org/Cloud/AmazonEC2Image.
DEBIAN = "136693071363"
ROOT_DEVICE = "/dev/xvda"
# Which host image boots for which machine image.
BARE = "ami-0debian13bare0000"
WITH_DOCKER = "ami-0debian13docker00"
TARGETS = {BARE: "bare", WITH_DOCKER: "docker"}
PUBLIC_PARAMETER = "/aws/service/debian/release/13/latest/amd64"


def seed(bare: bool) -> None:
    """Register the images; the public parameter names the bare one, or the one that has Docker already."""
    names = {BARE: "debian-13-amd64-rehearsal", WITH_DOCKER: "debian-13-amd64-docker-rehearsal"}
    backend = ec2_backend()
    for image_id, name in names.items():
        if image_id not in backend.amis:
            backend.amis[image_id] = machine_image(backend, image_id, name)
    ssm_backend()._parameters[PUBLIC_PARAMETER] = [public_parameter(BARE if bare else WITH_DOCKER)]


def machine_image(backend: Any, image_id: str, name: str) -> Ami:
    """A machine image as Debian publishes it."""
    return Ami(
        backend,
        image_id,
        name=name,
        description="Debian 13 (20261101-0000), as a system container",
        owner_id=DEBIAN,
        public=True,
        architecture="x86_64",
        virtualization_type="hvm",
        hypervisor="xen",
        root_device_name=ROOT_DEVICE,
        root_device_type="ebs",
    )


def public_parameter(image_id: str) -> Parameter:
    """The parameter under /aws/service that nobody but AWS may write."""
    return Parameter(  # type: ignore[abstract]
        account_id=ACCOUNT,
        name=PUBLIC_PARAMETER,
        value=image_id,
        parameter_type="String",
        description=None,
        allowed_pattern=None,
        keyid=None,
        last_modified_date=datetime.now(UTC),
        version=1,
        data_type="aws:ec2:image",
    )
