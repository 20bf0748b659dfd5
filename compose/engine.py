"""The wall around this machine's Docker Engine: whether it answers, and which images it has."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import docker
import requests
from docker.errors import APIError, DockerException, ImageNotFound
from urllib3.exceptions import HTTPError

from compose.errors import NO_COMMAND, EngineUnreachable

# `--start-interval` in HEALTHCHECK came with Engine 25; `depends_on … required` and named build
# contexts in their present form with Compose 2.24.
OLDEST_ENGINE = (25, 0)
OLDEST_COMPOSE = (2, 24)
# Until then Compose builds by itself: https://github.com/docker/compose/releases/tag/v2.37.0
BUILDS_BY_BUILDX = (2, 37)
# Between two pieces of a download; a registry that is silent for longer does not answer.
PULL_TIMEOUT_SECONDS = 30
NOBODY = 65534
# Where an engine listens that is reached in another way.
SOCKET = "/var/run/docker.sock"


class Engine:
    """A Docker Engine that answers and is new enough."""

    def __init__(self) -> None:
        """Connect as the docker command would. Raises EngineUnreachable with what to do."""
        with answering():
            self.client = docker.from_env(timeout=PULL_TIMEOUT_SECONDS)
            self.facts = self.client.info()
        require("Docker Engine", self.facts["ServerVersion"], OLDEST_ENGINE)
        compose = plugin_version("compose")
        require("Docker Compose", compose, OLDEST_COMPOSE)
        if release(compose) >= BUILDS_BY_BUILDX:
            plugin_version("buildx")

    def has_image(self, name: str) -> bool:
        """Whether the image is on this machine."""
        with answering():
            try:
                self.client.images.get(name)
            except ImageNotFound:
                return False
        return True

    def pull(self, name: str) -> str:
        """Fetch the image from its registry; "" when it is here, else why it could not be had."""
        repository, _, tag = name.rpartition(":")
        try:
            for event in self.client.api.pull(repository, tag=tag, stream=True, decode=True):
                if "error" in event:
                    return str(event["error"])
        except APIError as error:
            return str(error.explanation or error)
        except (requests.RequestException, HTTPError) as error:
            return str(error)
        return ""

    def publisher(self, port: int) -> str:
        """The container that has published the port, or ""."""
        with answering():
            for container in self.client.containers.list(ignore_removed=True):
                published = (mapping for mappings in container.ports.values() for mapping in mappings or [])
                if any(int(mapping["HostPort"]) == port for mapping in published):
                    return str(container.name)
        return ""

    @property
    def socket(self) -> Path:
        """What containers are given of it: the socket that answers, unless DOCKER_SOCKET names another."""
        transport = self.client.api.get_adapter(self.client.api.base_url)
        answers: str = getattr(transport, "socket_path", SOCKET)
        return Path(os.environ.get("DOCKER_SOCKET") or answers)

    def group(self) -> int:
        """Who may use its socket; 65534, nobody's group, where it has none on this machine."""
        if self.rootless:
            # In its containers root's group is that of the user whose engine it is.
            return 0
        return self.socket.stat().st_gid if self.socket.exists() else NOBODY

    @property
    def rootless(self) -> bool:
        """Whether it runs as a user who is not root."""
        return any("name=rootless" in option for option in self.facts.get("SecurityOptions") or ())

    def storage(self) -> Path:
        """Where the engine keeps images and volumes; it may be on another machine."""
        return Path(self.facts["DockerRootDir"])


@contextmanager
def answering() -> Iterator[None]:
    """Questions to the engine; what it does instead of answering becomes EngineUnreachable."""
    try:
        yield
    except APIError as error:
        told = error.explanation or error
        raise EngineUnreachable(f"the Docker Engine failed: {told}", "journalctl --unit docker") from error
    except (DockerException, requests.RequestException) as error:
        raise EngineUnreachable(*explain(str(error))) from error


def explain(error: str) -> tuple[str, str]:
    """Turn the client's words into a sentence and the next command to try."""
    if "Permission denied" in error:
        return (
            "this user may not use the Docker Engine's socket",
            "sudo usermod --append --groups docker $USER, then log in again",
        )
    return (
        f"no Docker Engine answers: {error.splitlines()[0]}",
        "sh ec2/host/docker.sh installs and starts one",
    )


def plugin_version(name: str) -> str:
    """The version that a docker command-line plugin reports. Raises EngineUnreachable if it is missing."""
    try:
        found = subprocess.run(["docker", name, "version"], capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise EngineUnreachable(*NO_COMMAND) from error
    if found.returncode != 0:
        raise EngineUnreachable(
            f"the docker command has no '{name}' plugin",
            f"install your distribution's docker-{name} package (Compose v2, not docker-compose 1)",
        )
    return next(word for word in found.stdout.split() if word.lstrip("v")[:1].isdigit()).lstrip("v")


def require(what: str, version: str, oldest: tuple[int, int]) -> None:
    """Refuse a version below the oldest one that works. Raises EngineUnreachable."""
    if release(version) < oldest:
        raise EngineUnreachable(
            f"{what} {version} is too old: this stack needs {oldest[0]}.{oldest[1]} or newer",
            "upgrade it from your distribution or from docs.docker.com/engine/install",
        )


def release(version: str) -> tuple[int, int]:
    """The part of a version that is compared."""
    major, minor = version.split(".")[:2]
    return int(major), int(minor)
