"""What survey.sh says of a machine that we know: this one."""

import os
import platform
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import docker
import psutil
import pytest

from compose.one_image import build_image
from ec2.facts import Facts, Sending, read_facts, to_send
from ec2.host_scripts import FOLDER
from ec2.images import Image
from ec2.layers import layers


def survey(**environment: str) -> Facts:
    started = time.time()
    done = subprocess.run(
        ["sh", str(FOLDER / "survey.sh")],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return read_facts(done.stdout, started, time.time())


@pytest.fixture
def built(engine: docker.DockerClient, run_id: str, tmp_path: Path) -> Iterator[Image]:
    """An image of two layers, a big one below a small one."""
    (tmp_path / "big").write_bytes(os.urandom(1_000_000))
    (tmp_path / "small").write_bytes(os.urandom(1000))
    (tmp_path / "Dockerfile").write_text('FROM scratch\nCOPY big /\nENV A=1\nCOPY small /\nCMD ["a"]\n')
    name = f"surveyed:{run_id}"
    build_image(name, tmp_path)
    found = engine.images.get(name)
    held = layers(found.attrs["RootFS"]["Layers"], found.history(), found.attrs["Size"])
    yield Image("app", name, str(found.id), found.attrs["Architecture"], found.attrs["Size"], held)
    engine.images.remove(name)


def test_the_machine_and_its_images_are_as_they_are_known_here(
    engine: docker.DockerClient, built: Image
) -> None:
    facts = survey()
    assert facts.architecture == built.architecture
    assert facts.clock_off_seconds == 0
    assert facts.memory_bytes == psutil.virtual_memory().total
    root = engine.info()["DockerRootDir"]
    assert facts.free_bytes == pytest.approx(psutil.disk_usage(root).free, rel=0.05)
    assert facts.docker == ""
    assert facts.names[built.name] == built.id
    assert to_send([built], facts) == Sending(0, 0)


def test_what_a_host_without_the_image_would_be_sent_is_counted_by_layers(built: Image) -> None:
    assert [layer.bytes for layer in built.layers] == [1_000_000, 1000]
    facts = replace(survey(), names={})
    assert to_send([built], facts) == Sending(0, 0)
    below = frozenset({(built.layers[0].digest,)})
    assert to_send([built], replace(facts, chains=below)) == Sending(1, 1000)


def test_an_engine_that_does_not_answer_is_a_fact_and_no_failure() -> None:
    facts = survey(DOCKER_HOST="unix:///nowhere")
    assert "unix:///nowhere" in facts.docker
    assert facts.architecture in (platform.machine(), "amd64", "arm64")
    assert facts.names == {}
    assert facts.free_bytes > 0
