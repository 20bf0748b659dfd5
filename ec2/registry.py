"""The deployer's own registry: it listens on loopback for as long as images are shipped."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.request import urlopen

import docker
from docker.errors import APIError, DockerException

from ec2 import this_process
from ec2.errors import ShipFailed
from ec2.images import ENGINE_FAILS, ENGINE_HINT, REGISTRY, Image

# Layers that were sent once stay here for a week, so the next deployment pushes what is new. A registry
# forgets nothing by itself.
STORE = "microblog-registry"
PORT = "5000/tcp"
START_TIMEOUT_SECONDS = 30
LASTS_SECONDS = "7200"
# Whose a registry is.
LABEL = "microblog.launcher"


@dataclass(frozen=True)
class Registry:
    """A registry that runs at a port of loopback."""

    client: docker.DockerClient
    container: Any
    port: int

    def push(self, image: Image) -> str:
        """Have the image in the registry; the digest that names exactly it, as sha256:….

        Raises ShipFailed with the engine's words.
        """
        repository = f"{self.address}/{image.name.rpartition(':')[0]}"
        tag = image.name.rpartition(":")[2]
        self.client.images.get(image.id).tag(repository, tag)
        try:
            return self.pushed(repository, tag, image)
        finally:
            # Why it was not pushed counts more.
            with suppress(*ENGINE_FAILS):
                self.client.images.remove(f"{repository}:{tag}")

    def pushed(self, repository: str, tag: str, image: Image) -> str:
        """Push, and read the digest off the engine's last words."""
        for event in self.client.images.push(repository, tag=tag, stream=True, decode=True):
            if "error" in event:
                raise ShipFailed(f"{image.name} could not be put into the registry: {event['error']}")
            if "Digest" in event.get("aux", {}):
                return str(event["aux"]["Digest"])
        raise ShipFailed(f"the engine did not say under which digest it pushed {image.name}")

    def sent_bytes(self) -> int:
        """What it has sent so far, to whomever: headers, acknowledgements and all."""
        counted = self.container.stats(stream=False, one_shot=True)["networks"]
        return sum(int(card["tx_bytes"]) for card in counted.values())

    @property
    def address(self) -> str:
        """Where it is, here and through the forward on every host."""
        return f"127.0.0.1:{self.port}"


@contextmanager
def open_registry() -> Iterator[Registry]:
    """A registry for as long as the context lasts; what it holds is kept for the next time.

    Raises ShipFailed when it does not start.
    """
    try:
        client = docker.from_env()
    except DockerException as error:
        raise failed(error) from error
    running: Any = None
    try:
        remove_abandoned(client)
        running = client.containers.run(
            REGISTRY,
            labels={LABEL: this_process.said()},
            # Where nobody comes after a launcher that was killed, this ends all the same.
            entrypoint=["timeout", LASTS_SECONDS, "docker-registry"],
            command=["serve", "/etc/docker/registry/config.yml"],
            auto_remove=True,
            detach=True,
            init=True,
            read_only=True,
            cap_drop=["ALL"],
            ports={PORT: ("127.0.0.1", 0)},
            volumes={this_weeks_store(client): {"bind": "/var/lib/registry", "mode": "rw"}},
        )
        yield Registry(client, running, wait_until_it_answers(running))
    except ENGINE_FAILS as error:
        raise failed(error) from error
    finally:
        if running:
            with suppress(*ENGINE_FAILS):
                running.remove(force=True)
        client.close()


def failed(error: Exception) -> ShipFailed:
    """What the engine did not do."""
    return ShipFailed(f"the registry on this machine failed: {error}", ENGINE_HINT)


def remove_abandoned(client: docker.DockerClient) -> None:
    """Remove the registries of launchers of this machine that were killed."""
    for container in client.containers.list(filters={"label": LABEL}):
        if this_process.is_gone(container.labels[LABEL]):
            with suppress(APIError):
                container.remove(force=True)


def this_weeks_store(client: docker.DockerClient) -> str:
    """The volume of this week; those of other weeks go, but for one that somebody still uses."""
    store = time.strftime(f"{STORE}-%GW%V")
    for volume in client.volumes.list(filters={"name": STORE}):
        if volume.name != store:
            with suppress(APIError):
                volume.remove()
    return store


def wait_until_it_answers(running: Any) -> int:
    """The port that the registry answers at, once it does; its health check would say so a second later."""
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        running.reload()
        for published in running.ports.get(PORT) or ():
            address = f"http://127.0.0.1:{published['HostPort']}/v2/"
            with suppress(OSError), urlopen(address, timeout=2):  # nosec B310
                return int(published["HostPort"])
        time.sleep(0.05)
    raise ShipFailed(
        f"the registry did not answer within {START_TIMEOUT_SECONDS} s:\n{running.logs(tail=10).decode()}"
    )
