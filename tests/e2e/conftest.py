"""The whole stack as a person starts it, under a project name and ports of this run's own."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import docker
import pytest
from docker.models.containers import Container
from playwright.sync_api import Browser, expect

from tests.conftest import LEFT_OUT, ROOT
from tests.e2e.browsing import chromium
from tests.e2e.community import Community, community
from tests.e2e.person import Person
from tests.waiting import PATIENCE

# What Playwright waits for by itself, on a busy machine.
expect.set_options(timeout=5_000 * PATIENCE)
PORTS = ("NGINX_PORT", "JENKINS_PORT", "PROMETHEUS_PORT", "ALERTMANAGER_PORT", "GRAFANA_PORT")


@dataclass(frozen=True)
class Stack:
    """A project of the local stack and what a test needs to know of it."""

    name: str
    environment: dict[str, str]
    engine: docker.DockerClient

    def compose(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run `python -m compose` on this project."""
        return subprocess.run(
            [sys.executable, "-m", "compose", *arguments],
            cwd=ROOT,
            env={**os.environ, **self.environment, **more},
            capture_output=True,
            text=True,
            check=False,
        )

    def up(self, *roles: str, **more: str) -> str:
        """Bring the stack up; what it printed."""
        done = self.compose("up", *roles, **more)
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    def clean(self) -> None:
        """Remove the stack; nothing of it may be left."""
        assert self.compose("clean", "--yes").returncode == 0
        mine = {"label": f"com.docker.compose.project={self.name}"}
        assert self.engine.containers.list(all=True, filters=mine) == []
        assert self.engine.volumes.list(filters=mine) == []
        assert self.engine.networks.list(filters=mine) == []
        assert not Path(self.environment["SECRETS_DIR"]).exists()

    def address(self, variable: str) -> str:
        return f"http://127.0.0.1:{self.environment[variable]}"

    @property
    def microblog(self) -> str:
        return self.address("NGINX_PORT")

    @property
    def prometheus(self) -> str:
        return self.address("PROMETHEUS_PORT")

    def container(self, service: str) -> Container:
        return self.engine.containers.get(f"{self.name}-{service}-1")

    def person(self, name: str) -> Person:
        return Person(self.microblog, name)


def free_ports(count: int) -> list[int]:
    """Ports that are free now, all different."""
    with ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


@pytest.fixture(scope="session")
def stack(
    run_id: str, image: object, engine: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """The stack, up and healthy; removed with its data at the end."""
    secrets: Path = tmp_path_factory.mktemp("secrets")
    running = Stack(
        run_id,
        {
            "COMPOSE_PROJECT_NAME": run_id,
            "TAG": run_id,
            "SECRETS_DIR": str(secrets),
            # Somebody writes without a break while the database is killed.
            "WRITES_PER_MINUTE": "1000000",
            **LEFT_OUT,
            **{name: str(port) for name, port in zip(PORTS, free_ports(len(PORTS)), strict=True)},
        },
        engine,
    )
    try:
        running.up()
        yield running
    finally:
        running.clean()


@pytest.fixture(scope="session")
def browser(engine: docker.DockerClient, run_id: str) -> Iterator[Browser]:
    """A browser for every test that looks at pages."""
    with chromium(engine, f"{run_id}-browser", *free_ports(1)) as started:
        yield started


@pytest.fixture(scope="session")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Community]:
    """A community to look at, without a stack."""
    with community(tmp_path_factory.mktemp("community")) as made:
        yield made
