"""This commit's images in the deployer's registry, ahead of a deployment: what it will push is there then."""

from dataclasses import dataclass
from typing import Any

from compose.build import Say
from ec2.images import Built, build_images, choose_tag
from ec2.registry import open_registry


@dataclass(frozen=True)
class Pushed:
    """What was pushed, and the digest that the registry knows each image by, by service."""

    built: Built
    digests: dict[str, str]

    def plain(self) -> dict[str, Any]:
        """As JSON has it: the record of what a build made."""
        return {
            "commit": self.built.tag,
            "images": {
                image.service: {"name": image.name, "id": image.id, "digest": self.digests[image.service]}
                for image in self.built.images
            },
            "left_out": dict(self.built.left_out),
        }


def push(uncommitted_too: bool, say: Say) -> Pushed:
    """Build what is not built, and push all. Raises ImageBuildFailed or ShipFailed."""
    built = build_images(choose_tag(uncommitted_too), say)
    with open_registry() as registry:
        say(f"pushing {len(built.images)} images")
        return Pushed(built, {image.service: registry.push(image) for image in built.images})
