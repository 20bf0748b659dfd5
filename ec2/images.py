"""The images of this commit, built on this machine: free, local, and the likeliest stage to fail."""

import re
import shutil
from collections.abc import Iterable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import docker
from docker.errors import DockerException
from requests import RequestException

from compose.build import UNCOMMITTED, Say, commit, revision
from compose.engine import Engine
from compose.errors import CommitUnknown, StackError
from compose.one_image import build_image
from compose.project import HERE, Project, Service
from compose.up import prepare_images
from ec2.errors import ImageBuildFailed
from ec2.layers import Layer, layers

REGISTRY = "microblog/registry"
# A name that build_images gave.
COMMIT = re.compile(f"[0-9a-f]{{12}}({UNCOMMITTED})?")
# What docker-py raises, and what it passes on where the engine ends in the middle.
ENGINE_FAILS = (DockerException, RequestException)
ENGINE_HINT = "look whether 'docker info' answers, then repeat the command"
FORGOTTEN_AFTER_SECONDS = 86_400
# Of an image's id in its name; as git has it of a commit's.
ID_LENGTH = 12


@dataclass(frozen=True)
class Image:
    """An image of this release, known by the id that says what is in it.

    On hosts it is called after that id, so an image that a commit did not change keeps its name there, and
    its service keeps running.
    """

    service: str
    name: str
    id: str
    architecture: str
    bytes: int
    layers: tuple[Layer, ...] = ()


@dataclass(frozen=True)
class Built:
    """The images under their tag, the services that are left out, each with the reason, and every service."""

    tag: str
    images: tuple[Image, ...]
    left_out: Mapping[str, str]
    services: Mapping[str, Service]

    @property
    def names(self) -> Mapping[str, str]:
        """The image of each service as hosts call it."""
        return {image.service: image.name for image in self.images}

    def of(self, services: Iterable[str]) -> tuple[Image, ...]:
        """The images of these services."""
        wanted = set(services)
        return tuple(image for image in self.images if image.service in wanted)


def choose_tag(uncommitted_too: bool, folder: Path = HERE) -> str:
    """The short commit id that the images are called after.

    Raises ImageBuildFailed when files differ from the commit or nobody knows it, unless that is wanted: what
    runs would be in no repository. Without git it is never known.
    """
    if shutil.which("git") is None:
        raise ImageBuildFailed(
            "there is no git on this machine, so nobody could say later what was deployed", "install git"
        )
    if uncommitted_too:
        return revision(folder)
    try:
        tag = commit(folder)
    except CommitUnknown as error:
        raise ImageBuildFailed(
            f"git does not know the commit, so nobody could say later what was deployed:\n{error.message}",
            "deploy from a checkout, or what is here all the same: python -m ec2 deploy --uncommitted",
        ) from error
    if tag.endswith(UNCOMMITTED):
        raise ImageBuildFailed(
            "there are changes or new files that no commit holds: nobody could say later what was deployed",
            "commit them, or deploy them all the same: python -m ec2 deploy --uncommitted",
        )
    return tag


def build_images(tag: str, say: Say) -> Built:
    """Have every image of every role under the tag; those of services left out are not there.

    Raises ImageBuildFailed with the end of the build's output.
    """
    try:
        engine = Engine()
        project = Project("microblog", environment={"TAG": tag})
        left_out = prepare_images(engine, project, say)
        build_registry(say)
        chosen = [service for name, service in project.services.items() if name not in left_out]
        images = tuple(read_image(engine, service) for service in chosen)
    except StackError as error:
        raise ImageBuildFailed(error.message, error.hint) from error
    except (*ENGINE_FAILS, FileNotFoundError) as error:
        raise ImageBuildFailed(f"the Docker Engine on this machine failed: {error}", ENGINE_HINT) from error
    return Built(tag, images, left_out, project.services)


def read_image(engine: Engine, service: Service) -> Image:
    """What the engine says of a service's image."""
    found = engine.client.images.get(service.image)
    facts = found.attrs
    repository, identity = service.image.rpartition(":")[0], str(facts["Id"])
    name = f"{repository}:{identity.removeprefix('sha256:')[:ID_LENGTH]}"
    held = layers(facts["RootFS"]["Layers"], found.history(), facts["Size"])
    return Image(service.name, name, identity, facts["Architecture"], facts["Size"], held)


def build_registry(say: Say) -> None:
    """Have the registry that the hosts are fed from; it runs here and on no host."""
    say("building registry")
    folder = HERE.parent / "images"
    build_image(REGISTRY, folder / "registry", {"base": folder / "base"})


def forget_old_images(tag: str) -> None:
    """Take from this machine's images the names of other commits that are older than a day.

    Hosts keep what they may go back to, so here only the build cache is of use; a day, because somebody may
    still be testing what was just built. What the engine does not do now is done after the next deployment.
    """
    with suppress(*ENGINE_FAILS), closing(docker.from_env()) as client:
        for listed in client.api.images(filters={"reference": "microblog/*"}):
            others = [name for name in listed["RepoTags"] or () if of_other_commit(name, tag)]
            if others and age_seconds(client.images.get(listed["Id"]).attrs) > FORGOTTEN_AFTER_SECONDS:
                for name in others:
                    with suppress(DockerException):
                        client.images.remove(name)


def of_other_commit(name: str, tag: str) -> bool:
    """Whether an image is called after another commit than this one."""
    said = name.rpartition(":")[2]
    return said != tag and COMMIT.fullmatch(said) is not None


def age_seconds(facts: Mapping[str, Any]) -> float:
    """How long ago the image was given a name; 0 where the engine does not know."""
    told = facts.get("Metadata", {}).get("LastTagTime") or ""
    # The engine writes nanoseconds; a year 1 means never.
    tagged = datetime.fromisoformat(told[:19]).replace(tzinfo=UTC) if told[:4] > "0001" else datetime.now(UTC)
    return (datetime.now(UTC) - tagged).total_seconds()
