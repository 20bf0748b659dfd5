"""What a person may not or cannot do is one clear message with a way out, and nothing is left half made."""

import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import docker
import pytest

from ec2.rehearsal.control.clients import connect
from ec2.rehearsal.machines.containers import Containers
from ec2.rehearsal.network import names
from ec2.rehearsal.process import LEAST_ROOM_BYTES
from ec2.rehearsal.settings import Rehearsal
from tests.e2e.conftest import free_ports
from tests.e2e.rehearsal.conftest import Cloud, free_pool, nothing_left
from tests.e2e.rehearsal.obstacles import bridge, refused, small_disk


def said_by(cloud: Cloud, *words: str, environment: dict[str, str] | None = None) -> Any:
    """Run `python -m ec2.rehearsal` about the cloud in other surroundings, and perhaps as somebody else."""
    return subprocess.run(
        [
            *words[:-1],
            str(Path(".venv/bin/python").absolute()),
            "-m",
            "ec2.rehearsal",
            *cloud.rehearsal.words(),
            words[-1],
        ],
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def absent(tmp_path: Path) -> Iterator[Cloud]:
    """A cloud that was never started."""
    rehearsal = Rehearsal(f"test-{uuid4().hex[:8]}", free_ports(1)[0], free_pool())
    containers = Containers(rehearsal, docker.from_env())
    cloud = Cloud(rehearsal, connect(rehearsal.endpoint), containers, tmp_path)
    yield cloud
    assert (
        names.table(rehearsal.name)
        not in subprocess.run(["nft", "list", "tables"], capture_output=True, text=True, check=True).stdout
    ), "left half made"
    assert cloud.command("down").returncode == 0
    nothing_left(rehearsal)
    containers.client.close()


@pytest.mark.parametrize("command", ["start", "serve", "down"])
def test_somebody_who_is_not_root_is_told_so(absent: Cloud, tmp_path: Path, command: str) -> None:
    nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
    done = said_by(absent, *nobody, command, environment={"HOME": "/nonexistent"})
    refused(done, "needs root", "try: repeat the command with sudo")


@pytest.mark.parametrize("command", ["start", "down"])
def test_without_an_engine_nothing_is_begun(absent: Cloud, command: str) -> None:
    done = said_by(absent, command, environment={"DOCKER_HOST": "unix:///nowhere"})
    refused(done, "no Docker Engine answers", "try: sh ec2/host/docker.sh")


def test_a_taken_port_is_named(absent: Cloud) -> None:
    port = absent.rehearsal.port
    with socket.create_server(("127.0.0.1", port)):
        refused(absent.command("start"), f"port {port} on 127.0.0.1 is taken", f"--port {port + 10}")


def test_a_port_that_another_cloud_has_is_not_taken_for_its_own(absent: Cloud, cloud: Cloud) -> None:
    words = [
        "--name",
        absent.rehearsal.name,
        "--port",
        str(cloud.rehearsal.port),
        "--pool",
        str(absent.rehearsal.pool),
    ]
    done = subprocess.run(
        [".venv/bin/python", "-m", "ec2.rehearsal", *words, "start"],
        capture_output=True,
        text=True,
        check=False,
    )
    refused(done, f"port {cloud.rehearsal.port} on 127.0.0.1 is taken")


def test_a_pool_that_leads_elsewhere_is_named_with_where(absent: Cloud) -> None:
    with bridge(f"{absent.rehearsal.pool[200]}/28") as elsewhere:
        refused(
            absent.command("start"),
            f"{absent.rehearsal.pool} is in use",
            f"is routed to {elsewhere}",
            "try: ",
        )


def test_a_disk_that_is_as_good_as_full_is_named(absent: Cloud) -> None:
    with small_disk(absent.rehearsal, LEAST_ROOM_BYTES // 2):
        refused(absent.command("start"), "the cloud needs 50 MiB in", "try: free some disk space")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--pool", "198.18.0.0/28", "start"], "at least 32 addresses"),
        (["--pool", "everything", "start"], "everything"),
        (["--port", "80", "start"], "1024"),
        (["--purple"], "--purple"),
        (["dance"], "dance"),
    ],
)
def test_wrong_usage_is_explained(words: list[str], reason: str) -> None:
    done = subprocess.run(
        [".venv/bin/python", "-m", "ec2.rehearsal", *words], capture_output=True, text=True, check=False
    )
    refused(done, reason, "Usage:", status=2)


@pytest.mark.parametrize("command", ["status", "try"])
def test_a_cloud_that_does_not_run_cannot_be_asked(absent: Cloud, command: str) -> None:
    refused(
        absent.command(command), f"the cloud '{absent.rehearsal.name}' is not running", "try: make rehearse"
    )
