"""A registry on this machine: hosts pull from it through SSH, and the cloud's S3 may keep its images."""

import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import docker
import pytest
import requests
from docker.models.containers import Container

from tests.conftest import ROOT
from tests.e2e.conftest import free_ports
from tests.e2e.rehearsal.conftest import Cloud, Host
from tests.e2e.rehearsal.templates import SSH_IN, group, host, network, ref, template
from tests.waiting import wait_until

# A line of its access log: what was asked for, and how many bytes were given.
GIVEN = re.compile(r'"GET (/v2/\S+) HTTP/1\.1" 200 (\d+) ')
TOP_LAYER_BYTES = 100_000
BASE_LAYER_BYTES = 10_000_000
RECIPE = 'FROM debian:trixie-slim\nCOPY top /top\nCMD ["head", "--lines=1", "/top"]\n'
Build = Callable[[str, str], str]


@dataclass(frozen=True)
class Registry:
    """A registry that listens on loopback."""

    container: Container
    port: int

    def name(self, image: str) -> str:
        """What Docker calls an image of this registry."""
        return f"127.0.0.1:{self.port}/{image}"

    def given(self) -> int:
        """How many bytes it has given so far."""
        return sum(int(length) for _, length in GIVEN.findall(self.container.logs().decode()))

    def noted(self) -> int:
        """How many once it has noted all: it does so after it has given them."""
        before = -1
        while (now := self.given()) != before:
            before = now
            time.sleep(1)
        return now

    def answers(self) -> bool:
        """Whether it is ready."""
        try:
            return requests.get(f"http://127.0.0.1:{self.port}/v2/", timeout=5).status_code == 200
        except requests.RequestException:
            return False


@pytest.fixture(scope="module")
def registry_image(run_id: str) -> Iterator[str]:
    name = f"registry:{run_id}"
    words("docker", "build", "--quiet", "--tag", name, str(ROOT / "tests/registry"))
    yield name
    words("docker", "rmi", name)


@contextmanager
def started(engine: docker.DockerClient, image: str, **settings: str) -> Iterator[Registry]:
    """A registry with these settings of its own; in this machine's network, so that it reaches the cloud."""
    (port,) = free_ports(1)
    environment = {"REGISTRY_HTTP_ADDR": f"127.0.0.1:{port}", **settings}
    container = engine.containers.run(image, detach=True, network_mode="host", environment=environment)
    try:
        registry = Registry(container, port)
        wait_until(registry.answers, 10, "the registry")
        yield registry
    finally:
        container.remove(force=True, v=True)


def words(*command: str) -> str:
    """What a command of this machine printed; it must succeed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def push(tmp_path: Path) -> Iterator[Build]:
    """Builds an image whose top layer begins with a line, and pushes it; gives its digest."""
    names = []

    def build(name: str, line: str) -> str:
        (tmp_path / "top").write_bytes(f"{line}\n".encode() + os.urandom(TOP_LAYER_BYTES))
        (tmp_path / "Dockerfile").write_text(RECIPE)
        words("docker", "build", "--quiet", "--tag", name, str(tmp_path))
        names.append(name)
        words("docker", "push", "--quiet", name)
        return digest(words("docker", "image", "inspect", "--format", '{{join .RepoDigests " "}}', name))

    yield build
    for name in names:
        subprocess.run(["docker", "rmi", name], capture_output=True, check=False)


def digest(repository_digests: str) -> str:
    """The digest of an image that has been pushed to one registry."""
    return repository_digests.partition("@")[2]


def pull(host: Host, registry: Registry, image: str) -> None:
    """Have the host's own engine pull the image, through the connection that asks for it."""
    there = f"127.0.0.1:{registry.port}"
    ssh, *rest = host.ssh(f"sudo docker pull --quiet {registry.name(image)}")
    words(ssh, "-o", "ExitOnForwardFailure=yes", "-R", f"{there}:{there}", *rest)


@pytest.fixture(scope="module")
def app(cloud: Cloud) -> Iterator[Host]:
    admin = {**SSH_IN, "CidrIp": f"{cloud.rehearsal.gateway}/32"}
    resources = network(222) | {"Group": group(admin)} | host("App", [ref("Group")])
    outputs = cloud.launch("registry", template(resources, "App"), PublicKey=cloud.public_key)
    yield cloud.reach(outputs["App"], outputs["AppAddress"])
    cloud.delete("registry")


def test_a_host_pulls_through_ssh_by_digest_and_of_a_change_only_the_changed_layer(
    engine: docker.DockerClient, registry_image: str, app: Host, push: Build
) -> None:
    with started(engine, registry_image) as registry:
        given = []
        for line in ("first", "second"):
            before, pinned = registry.noted(), f"app@{push(registry.name(f'app:{line}'), line)}"
            pull(app, registry, pinned)
            given.append(registry.noted() - before)
            assert app.run(f"sudo docker run --rm {registry.name(pinned)}") == line
            known = app.run(
                f"sudo docker image inspect --format '{{{{.RepoDigests}}}}' {registry.name(pinned)}"
            )
            assert known == f"[{registry.name(pinned)}]"
        print(f"pulled: {given[0]:,} bytes at first, {given[1]:,} after a change of the top layer")
        assert given[0] > BASE_LAYER_BYTES
        assert TOP_LAYER_BYTES <= given[1] < 2 * TOP_LAYER_BYTES


def test_a_registry_keeps_its_images_in_the_clouds_s3(
    cloud: Cloud, engine: docker.DockerClient, registry_image: str, push: Build
) -> None:
    s3, bucket = cloud.aws("s3"), "images"
    s3.create_bucket(Bucket=bucket)
    settings = {
        "REGISTRY_STORAGE": "s3",
        "REGISTRY_STORAGE_S3_BUCKET": bucket,
        "REGISTRY_STORAGE_S3_REGION": "us-east-1",
        "REGISTRY_STORAGE_S3_REGIONENDPOINT": cloud.rehearsal.endpoint,
        "REGISTRY_STORAGE_S3_SECURE": "false",
        "REGISTRY_STORAGE_S3_ACCESSKEY": "rehearsal",
        "REGISTRY_STORAGE_S3_SECRETKEY": "rehearsal",
        "REGISTRY_STORAGE_REDIRECT_DISABLE": "true",
    }
    with started(engine, registry_image, **settings) as registry:
        name = registry.name("app:kept")
        pushed = push(name, "kept")
        words("docker", "rmi", name)
        # Another process on the same bucket: nothing of it was only in the first one's memory.
    with started(engine, registry_image, **settings) as registry:
        name = registry.name("app:kept")
        words("docker", "pull", "--quiet", name)
        known = words("docker", "image", "inspect", "--format", '{{join .RepoDigests " "}}', name)
        assert digest(known) == pushed
        assert words("docker", "run", "--rm", name) == "kept"
        words("docker", "rmi", name)
    kept = s3.list_objects_v2(Bucket=bucket, Prefix="docker/registry/v2/blobs/")["Contents"]
    assert sum(one["Size"] for one in kept) > BASE_LAYER_BYTES
    for one in s3.list_objects_v2(Bucket=bucket)["Contents"]:
        s3.delete_object(Bucket=bucket, Key=one["Key"])
    s3.delete_bucket(Bucket=bucket)
