"""Grafana and Jenkins in the composed stack, on stand-ins that keep the official images' contract.

The stand-ins are for the tests alone: they prove mounts, users, ports, secrets, health checks and what our
files say, and nothing about the official images themselves.
"""

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import docker
import pytest
import requests

from tests.conftest import ROOT
from tests.e2e.conftest import PORTS, Stack, free_ports
from tests.e2e.test_monitoring import SCRAPED_WITHIN_SECONDS, targets
from tests.waiting import wait_until


@pytest.fixture(scope="module")
def complete(
    stack: Stack, run_id: str, engine: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """The roles jenkins and monitoring with nothing left out."""
    images = {f"{name.upper()}_IMAGE": f"{run_id}-{name}:stand-in" for name in ("grafana", "jenkins")}
    for name, image in zip(("grafana", "jenkins"), images.values(), strict=True):
        subprocess.run(
            ["docker", "build", "--quiet", "--tag", image, ROOT / "tests/stand_ins" / name], check=True
        )
    running = replace(
        stack,
        name=f"{run_id}-complete",
        environment=stack.environment
        | images
        | {
            "COMPOSE_PROJECT_NAME": f"{run_id}-complete",
            "SECRETS_DIR": str(tmp_path_factory.mktemp("secrets")),
        }
        | {name: str(port) for name, port in zip(PORTS, free_ports(len(PORTS)), strict=True)},
    )
    try:
        running.up("jenkins", "monitoring")
        yield running
    finally:
        running.clean()
        for image in images.values():
            engine.images.remove(image, force=True)


def test_an_official_image_that_ours_does_not_build_on_is_left_out_with_the_reason(stack: Stack) -> None:
    done = stack.compose("build", "jenkins", JENKINS_IMAGE="debian:trixie-slim")
    assert done.returncode == 0
    assert "jenkins was left out: an image could not be built" in done.stderr
    assert "jenkins-plugin-cli: not found" in done.stderr
    assert "built 3 images" in done.stdout, "the agent and what measures the host"


def secret(complete: Stack, name: str) -> str:
    return (Path(complete.environment["SECRETS_DIR"]) / name).read_text()


def test_both_become_healthy_and_prometheus_scrapes_them(complete: Stack) -> None:
    said = complete.up("jenkins", "monitoring")
    assert "left out" not in said
    assert complete.address("GRAFANA_PORT") in said
    assert complete.address("JENKINS_PORT") in said

    def both_up() -> bool:
        return {targets(complete).get("grafana grafana"), targets(complete).get("jenkins jenkins")} == {"up"}

    wait_until(both_up, SCRAPED_WITHIN_SECONDS, f"grafana and jenkins up: {targets(complete)}")


@pytest.mark.parametrize(("password", "status"), [("admin", 401), ("", 401), (None, 200)])
def test_grafana_knows_the_generated_password_and_no_other(
    complete: Stack, password: str | None, status: int
) -> None:
    credentials = ("admin", secret(complete, "grafana/admin_password") if password is None else password)
    answer = requests.get(complete.address("GRAFANA_PORT") + "/api/login-check", auth=credentials, timeout=10)
    assert answer.status_code == status


def test_jenkins_shows_strangers_the_log_in_page_and_nothing_else(complete: Stack) -> None:
    address = complete.address("JENKINS_PORT")
    assert requests.get(f"{address}/login", timeout=10).status_code == 200
    assert requests.get(f"{address}/", timeout=10).status_code == 403
    password = secret(complete, "prometheus/jenkins_password")
    metrics = requests.get(f"{address}/prometheus/", auth=("prometheus", password), timeout=10)
    assert metrics.status_code == 200
