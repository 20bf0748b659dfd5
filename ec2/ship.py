"""Images to hosts: every digest on every host that needs it, only missing layers, nothing listening anywhere.

The registry on this machine is reached from a host through the connection that is there anyway.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from compose.build import Say
from ec2.everywhere import everywhere
from ec2.host_scripts import host_script
from ec2.images import Image
from ec2.registry import Registry, open_registry
from ec2.ssh import Session


@dataclass(frozen=True)
class Shipped:
    """What went to which host: names of images by name of host."""

    pulled: Mapping[str, tuple[str, ...]]


def ship_images(wanted: Mapping[Session, Sequence[Image]], say: Say) -> Shipped:
    """Have each host hold its images. Raises ShipFailed or one error that names every host that failed."""
    images = {image.id: image for held in wanted.values() for image in held}
    with open_registry() as registry:
        digests = {}
        for image in images.values():
            say(f"preparing {image.name}")
            digests[image.id] = registry.push(image)
        pulled = everywhere(
            list(wanted), lambda session: pull(session, registry, wanted[session], digests, say)
        )
    return Shipped({session.host.name: names for session, names in zip(wanted, pulled, strict=True)})


def pull(
    session: Session, registry: Registry, images: Sequence[Image], digests: Mapping[str, str], say: Say
) -> tuple[str, ...]:
    """Have one host pull what it lacks; the names of that."""
    arguments = [word for image in images for word in (image.name, image.id, digests[image.id])]
    with ExitStack() as forwarded:
        port = forwarded.enter_context(session.reverse_forward(0, registry.port))
        printed = session.run(
            host_script("pull.sh"),
            arguments=[f"127.0.0.1:{port}", *arguments],
            sudo=True,
            what="pulling images",
            on_line=lambda line: say(f"{session.host.name}: {line}"),
        )
    return tuple(printed.split())
