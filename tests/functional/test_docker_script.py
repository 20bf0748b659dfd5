"""The script that gives a host its Docker Engine, on a Debian 13 that has none."""

from collections.abc import Callable, Iterator
from typing import Any

import docker
import pytest

from tests.conftest import ROOT

SCRIPT = ROOT / "ec2/host/docker.sh"


@pytest.fixture
def host(image: object, engine: docker.DockerClient) -> Iterator[Callable[..., tuple[int, str]]]:
    """Run shell lines on a bare Debian 13 that carries the script; gives exit status and output."""
    started = []

    def run(lines: str, **choices: Any) -> tuple[int, str]:
        container = engine.containers.run(
            "debian:trixie-slim",
            ["sh", "-c", lines],
            volumes={str(SCRIPT): {"bind": "/docker.sh", "mode": "ro"}},
            detach=True,
            **choices,
        )
        started.append(container)
        status = container.wait(timeout=600)["StatusCode"]
        return status, container.logs().decode()

    yield run
    for container in started:
        container.remove(force=True, v=True)


def test_a_bare_host_gets_an_engine_compose_and_buildx_and_a_second_run_touches_nothing(host: Any) -> None:
    lines = """
        sh /docker.sh || exit 1
        find /etc /usr -newer /docker.sh -type f 2>/dev/null | sort | xargs ls -l --full-time > /before
        echo second run:
        sh /docker.sh || exit 2
        find /etc /usr -newer /docker.sh -type f 2>/dev/null | sort | xargs ls -l --full-time > /after
        cmp /before /after || exit 3
        docker compose version && docker buildx version
    """
    status, said = host(lines, privileged=True, tmpfs={"/var/lib/docker": ""})
    assert status == 0, said
    first, _, second = said.partition("second run:\n")
    assert "installing docker.io" in first
    assert "starting dockerd" in first
    assert "docker:" not in second, "nothing to do, nothing to say"
    assert "Docker Compose version 2" in second


def test_an_unknown_distribution_gets_one_message_and_nothing_installed(host: Any) -> None:
    status, said = host("sed -i s/^ID=.*/ID=plan9/ /etc/os-release && sh /docker.sh")
    assert status == 1
    assert "is not one of Debian 12 and 13, Ubuntu 22.04 and 24.04" in said
    assert "try: install Docker Engine 25 or newer" in said
    assert len(said.splitlines()) == 2


def test_somebody_without_root_is_told_who_can_install(host: Any) -> None:
    status, said = host("sh /docker.sh", user="1234")
    assert status == 1
    assert said.splitlines() == [
        "docker: Docker is not installed and installing it needs root",
        "docker: try: run this as root, or install sudo",
    ]


def test_somebody_with_sudo_gets_docker_and_is_told_to_log_in_again(host: Any) -> None:
    lines = """
        apt-get update -q >/dev/null 2>&1 && apt-get install -yq --no-install-recommends sudo >/dev/null 2>&1
        useradd ada && echo 'ada ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/ada
        su ada -c 'sh /docker.sh'; echo first: $?
        su ada -c 'sh /docker.sh'; echo after logging in again: $?
    """
    status, said = host(lines, privileged=True, tmpfs={"/var/lib/docker": ""})
    assert status == 0, said
    assert "installing docker.io" in said
    assert "ada was added to the group docker" in said
    assert "first: 1" in said
    assert said.splitlines()[-1] == "after logging in again: 0", said


def test_an_engine_of_another_origin_is_started_but_never_replaced(host: Any) -> None:
    lines = """
        printf '#!/bin/sh\ntouch /running; exec sleep 60\n' > /usr/bin/dockerd
        printf '#!/bin/sh\n[ "$1" = info ] && test -e /running\n' > /usr/bin/docker
        chmod +x /usr/bin/dockerd /usr/bin/docker
        sh /docker.sh; echo $?; dpkg --status docker.io >/dev/null 2>&1 || echo not installed
    """
    _, said = host(lines)
    assert "installing" not in said
    assert "starting dockerd" in said
    assert said.splitlines()[-1] == "not installed"


def test_an_engine_elsewhere_that_does_not_answer_is_left_alone(host: Any) -> None:
    lines = "printf '#!/bin/sh\\nexit 1\\n' > /usr/bin/docker && chmod +x /usr/bin/docker && sh /docker.sh"
    status, said = host(lines, environment={"DOCKER_HOST": "tcp://198.18.0.9:2375"})
    assert status == 1
    assert "no engine answers at DOCKER_HOST=tcp://198.18.0.9:2375" in said
