"""What every test with Docker shares: images under a tag of this run's own, and nothing left behind."""

import gc
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import docker
import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parents[1]
# A pipeline has none: what does as root on a host what the engine cannot do for it.
NEEDS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="needs root on the machine of the engine")
# No registry is at this address, so the two official images are left out wherever the tests run.
LEFT_OUT = {"GRAFANA_IMAGE": "127.0.0.1:9/grafana:absent", "JENKINS_IMAGE": "127.0.0.1:9/jenkins:absent"}
# Its image is on a registry; every container started here is removed by the fixture that started it.
os.environ["TESTCONTAINERS_RYUK_DISABLED"] = "true"
# A slow example is no failure: nothing here is measured.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
# A make that a test starts is nobody's sub-make: it does the same under `make test` as under pytest.
for inherited in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS"):
    os.environ.pop(inherited, None)


def pytest_collection_finish() -> None:
    """What is loaded by now stays: the collector would walk through all of AWS's models every few seconds."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def run_id() -> str:
    """A name that no other run on this machine has: the tag of the images, the name of the project."""
    return f"test-{uuid4().hex[:8]}"


@pytest.fixture(scope="session")
def engine() -> Iterator[docker.DockerClient]:
    client = docker.from_env()
    yield client
    client.close()


@pytest.fixture(scope="session")
def image(run_id: str, engine: docker.DockerClient) -> Iterator[Callable[[str], str]]:
    """Every image that can be built here, as `make build` builds it; gives an image's full name."""
    build = [sys.executable, "-m", "compose", "build"]
    done = subprocess.run(
        build,
        cwd=ROOT,
        env={**os.environ, **LEFT_OUT, "TAG": run_id},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    yield lambda name: f"microblog/{name}:{run_id}"
    remove_images(engine, run_id)


def remove_images(engine: docker.DockerClient, *tags: str) -> None:
    """Remove the project's images of those tags."""
    # One request: engine.images.list() asks for each again, and fails at one that somebody removed meanwhile.
    for built in engine.api.images():
        for name in built["RepoTags"] or ():
            if name.startswith("microblog/") and name.rpartition(":")[2] in tags:
                engine.images.remove(name, force=True)
