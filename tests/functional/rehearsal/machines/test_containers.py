"""What is the cloud's in Docker is known by its label, and everything else is somebody's."""

from collections.abc import Iterator
from uuid import uuid4

import docker
import pytest

from ec2.rehearsal.machines.containers import INSTANCE, VPC, Containers
from ec2.rehearsal.settings import Rehearsal


@pytest.fixture
def rehearsal() -> Rehearsal:
    return Rehearsal(f"test-{uuid4().hex[:8]}")


@pytest.fixture
def strangers(rehearsal: Rehearsal, image: object, engine: docker.DockerClient) -> Iterator[list[str]]:
    """A container, a network and a volume that are called as the cloud's would be, without its label."""
    name = f"{rehearsal.name}-i-stranger"
    container = engine.containers.run(
        "debian:trixie-slim", ["sleep", "300"], name=name, detach=True, init=True
    )
    network = engine.networks.create(f"{rehearsal.name}-vpc-stranger")
    volume = engine.volumes.create(f"{name}-docker")
    yield [container.id, network.id, volume.name]
    container.remove(force=True)
    network.remove()
    volume.remove()


def test_what_has_no_label_is_never_touched_whatever_its_name(
    rehearsal: Rehearsal, strangers: list[str], engine: docker.DockerClient
) -> None:
    containers = Containers(rehearsal, engine)
    assert containers.hosts() == {}
    assert containers.networks() == {}
    containers.remove_all()
    assert engine.containers.get(strangers[0]).status == "running"
    assert engine.networks.get(strangers[1])
    assert engine.volumes.get(strangers[2])


def test_what_has_the_label_of_another_cloud_is_not_touched_either(
    rehearsal: Rehearsal, image: object, engine: docker.DockerClient
) -> None:
    other = Rehearsal(f"{rehearsal.name}-other")
    labels = {**other.labels, INSTANCE: "i-1", VPC: "vpc-1"}
    theirs = engine.containers.run(
        "debian:trixie-slim", ["sleep", "300"], labels=labels, detach=True, init=True
    )
    try:
        Containers(rehearsal, engine).remove_all()
        theirs.reload()
        assert theirs.status == "running"
        assert list(Containers(other, engine).hosts()) == ["i-1"]
    finally:
        theirs.remove(force=True)
