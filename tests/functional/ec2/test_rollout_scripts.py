"""A release that does not become healthy: what start.sh says, and what go_back.sh has running again."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from ec2.host_scripts import FOLDER

COMPOSE = """
services:
  page:
    image: debian:trixie-slim
    init: true
    command: [sh, -c, "{command}"]
    healthcheck: {{test: [CMD, test, -e, /ok], interval: 1s, retries: 3}}
  left_out:
    image: 127.0.0.1:9/nobody:has-it
"""
WELL, SICK = "touch /ok; sleep 300", "echo no database; sleep 300"


@pytest.fixture
def project(image: object) -> Iterator[str]:
    name = f"test-{uuid4().hex[:8]}"
    yield name
    left = ["docker", "ps", "--all", "--quiet", "--filter", f"label=com.docker.compose.project={name}"]
    for container in subprocess.run(left, capture_output=True, text=True, check=True).stdout.split():
        subprocess.run(["docker", "rm", "--force", container], capture_output=True, check=True)
    subprocess.run(["docker", "network", "rm", f"{name}_default"], capture_output=True, check=False)


def script(name: str, project: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", str(FOLDER / name), *map(str, arguments)],
        env={**os.environ, "COMPOSE_PROJECT_NAME": project},
        capture_output=True,
        text=True,
        check=False,
    )


def release(folder: Path, command: str) -> Path:
    folder.mkdir()
    (folder / "compose.yaml").write_text(COMPOSE.format(command=command))
    return folder


def test_a_host_goes_back_to_what_it_ran_without_what_is_left_out(tmp_path: Path, project: str) -> None:
    current, first = tmp_path / "current", release(tmp_path / "first", WELL)
    started = script("start.sh", project, first, current, 60, 5, "page")
    assert started.returncode == 0, started.stderr
    second = release(tmp_path / "second", SICK)
    failed = script("start.sh", project, second, current, 60, 5, "page")
    assert failed.returncode == 1
    assert "no database" in failed.stderr
    assert current.resolve() == first
    back = script("go_back.sh", project, current, project)
    assert back.returncode == 0, back.stderr
    running = ["docker", "compose", "--project-name", project, "exec", "page", "test", "-e", "/ok"]
    assert subprocess.run(running, cwd=first, check=False).returncode == 0


def test_a_host_that_ran_nothing_runs_nothing_again(tmp_path: Path, project: str) -> None:
    failed = script(
        "start.sh", project, release(tmp_path / "first", SICK), tmp_path / "current", 60, 5, "page"
    )
    assert failed.returncode == 1
    assert script("go_back.sh", project, tmp_path / "current", project).returncode == 0
    left = ["docker", "ps", "--all", "--quiet", "--filter", f"label=com.docker.compose.project={project}"]
    assert subprocess.run(left, capture_output=True, text=True, check=True).stdout == ""
