"""Whose engine the script that installs Docker leaves alone, before it asks for anything."""

import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "ec2/host/docker.sh"


def said(folder: Path, docker: str, **environment: str) -> list[str]:
    """What it says where the docker command is this one, and no engine answers."""
    command = folder / "docker"
    command.write_text(f"#!/bin/sh\n{docker}\n")
    command.chmod(0o755)
    # Whatever it would do as root is not there.
    done = subprocess.run(
        ["/bin/sh", SCRIPT],
        env={"PATH": str(folder), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    return done.stderr.splitlines()


def test_an_engine_of_another_context_that_does_not_answer_is_left_alone(tmp_path: Path) -> None:
    desktop = '[ "$1 $2" = "context show" ] && echo desktop-linux'
    assert said(tmp_path, desktop) == [
        "docker: no engine answers in the docker command's context 'desktop-linux'",
        "docker: try: start it, or 'docker context use default' (where DOCKER_CONTEXT is set, unset it) "
        "to use this machine",
    ]


@pytest.mark.parametrize("environment", [{}, {"DOCKER_HOST": "unix:///run/podman/podman.sock"}])
def test_podmans_docker_command_is_not_replaced(tmp_path: Path, environment: dict[str, str]) -> None:
    podman = 'echo "Emulate Docker CLI using podman." >&2; [ "$1" = --version ] && echo podman version 5.4.2'
    assert said(tmp_path, podman, **environment) == [
        "docker: the docker command is Podman's, whose place Docker's would take",
        "docker: try: sudo apt-get remove podman-docker, then repeat the command",
    ]


def test_an_engine_at_an_address_is_named_by_it_whatever_the_context_is(tmp_path: Path) -> None:
    elsewhere = '[ "$1 $2" = "context show" ] && echo default'
    first, _ = said(tmp_path, elsewhere, DOCKER_HOST="tcp://198.18.0.9:2375")
    assert first == "docker: no engine answers at DOCKER_HOST=tcp://198.18.0.9:2375"
