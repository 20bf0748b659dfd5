"""The agent as compose runs it: what a session does with the host's engine, and where its files are."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import docker
import pytest
from docker.errors import ImageNotFound

from compose.engine import Engine
from compose.project import Project
from compose.secret_files import place_secrets
from compose.up import places
from tests.conftest import LEFT_OUT, ROOT

Session = Callable[..., subprocess.CompletedProcess[str]]
SCRIPT = ROOT / "compose/beside_engine.sh"
# Published on loopback by the engine, and asked for by whoever published it.
SERVE = (
    "import subprocess, time, urllib.request as r, sys\n"
    "image = sys.argv[1]\n"
    "run = ['docker', 'run', '--rm', '--detach', '--publish', '127.0.0.1::8000', '--entrypoint', 'python3']\n"
    "name = subprocess.check_output([*run, image, '-m', 'http.server', '8000'], text=True).strip()\n"
    "try:\n"
    "    port = subprocess.check_output(['docker', 'port', name, '8000'], text=True).strip()\n"
    "    for attempt in range(150):\n"
    "        try:\n"
    "            print(r.urlopen('http://' + port, timeout=2).status)\n"
    "            break\n"
    "        except OSError:\n"
    "            time.sleep(0.1)\n"
    "finally:\n"
    "    subprocess.run(['docker', 'rm', '--force', name], stdout=subprocess.DEVNULL)\n"
)


@pytest.fixture(scope="module")
def project(
    run_id: str, image: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Project]:
    image("jenkins_agent")
    secrets, name = tmp_path_factory.mktemp("secrets"), f"{run_id}-agent"
    environment = {
        **LEFT_OUT,
        "TAG": run_id,
        "SECRETS_DIR": str(secrets),
        **places(Engine(), name),
    }
    running = Project(name, ("jenkins",), environment)
    place_secrets(secrets, running.services.values())
    try:
        running.run("up", "--detach", "--no-build", "--wait", "--wait-timeout", "60", "jenkins_agent")
        yield running
    finally:
        running.run("down", "--volumes")


@pytest.fixture(scope="module")
def session(project: Project, run_id: str) -> Session:
    """A shell over SSH, as the controller has one; the client is a container in the same network."""
    secrets = Path(project.environment["SECRETS_DIR"])
    client = "install -m 600 /keys/agent_private_key /tmp/key && exec ssh -i /tmp/key -p 2222"
    options = "-o BatchMode=yes -o StrictHostKeyChecking=accept-new -o UserKnownHostsFile=/tmp/known"

    def run(line: str, given: str = "") -> subprocess.CompletedProcess[str]:
        words = [
            "docker", "run", "--rm", "--interactive", "--network", f"{project.name}_delivery",
            "--volume", f"{secrets / 'jenkins'}:/keys:ro", "--user", str(os.getuid()), "--entrypoint", "sh",
            f"microblog/jenkins_agent:{run_id}", "-c", f'{client} {options} jenkins@jenkins_agent "$1"',
            "sh", line,
        ]  # fmt: skip
        return subprocess.run(words, input=given, capture_output=True, text=True, timeout=120, check=False)

    return run


def test_a_session_reaches_the_engine_and_is_not_root(session: Session) -> None:
    done = session("id -u && docker version --format '{{.Server.Version}}'")
    assert done.returncode == 0, done.stderr
    uid, version = done.stdout.split()
    assert (uid, version) == ("1000", docker.from_env().version()["Version"])


def test_a_session_builds_an_image(session: Session, engine: docker.DockerClient, run_id: str) -> None:
    name = f"microblog/built-by-agent:{run_id}"
    try:
        done = session(f"docker build --quiet --tag {name} -", "FROM debian:trixie-slim\nRUN touch /built\n")
        assert done.returncode == 0, done.stderr
        assert engine.images.get(name)
    finally:
        with suppress(ImageNotFound):
            engine.images.remove(name, force=True)


def test_a_session_builds_what_only_buildkit_can(
    session: Session, engine: docker.DockerClient, run_id: str
) -> None:
    name = f"microblog/composed-by-agent:{run_id}"
    folder = session("mktemp --directory").stdout.strip()
    lines = "FROM debian:trixie-slim\nRUN --mount=type=tmpfs,target=/mounted touch /mounted/file\n"
    session(f"cat >{folder}/Dockerfile", lines)
    session(f"cat >{folder}/compose.yaml", f"services: {{ one: {{ image: '{name}', build: . }} }}\n")
    try:
        done = session(f"docker compose --file {folder}/compose.yaml build --quiet")
        assert done.returncode == 0, done.stderr
        assert engine.images.get(name)
    finally:
        with suppress(ImageNotFound):
            engine.images.remove(name, force=True)


def test_what_a_build_mounts_is_there_under_its_own_path(session: Session) -> None:
    read = 'docker run --rm --volume "$file:/file:ro" debian:trixie-slim cat /file'
    done = session(f'file=$(mktemp) && echo mounted >"$file" && {read}')
    assert done.stdout == "mounted\n", done.stderr
    assert session("cd /home/jenkins && ls -d tmp").stdout == "tmp\n", "the same folder under its other name"


def test_a_port_on_the_engines_loopback_is_reached_beside_it_alone(session: Session, run_id: str) -> None:
    image = f"microblog/jenkins_agent:{run_id}"
    session('cat >"$TMPDIR/beside_engine.sh"', SCRIPT.read_text())
    session('cat >"$TMPDIR/serve.py"', SERVE)
    assert session(f'python3 "$TMPDIR/serve.py" {image}').stdout == ""
    done = session(f'sh "$TMPDIR/beside_engine.sh" python3 "$TMPDIR/serve.py" {image}')
    assert done.stdout == "200\n", done.stderr


def test_the_agent_sees_its_own_secrets_and_no_others(session: Session) -> None:
    assert session("ls /run/secrets").stdout.split() == ["agent_authorized_key", "agent_host_key"]


def test_where_no_engine_made_the_machine_a_container_of_its_name_is_another() -> None:
    lines = (
        "printf '#!/bin/sh\\n[ $2 != inspect ] && echo $* || echo image\\n' >/bin/docker\n"
        "chmod +x /bin/docker\n"
        f"cat >/beside.sh <<'END'\n{SCRIPT.read_text()}END\n"
        "sh /beside.sh echo here\nrm /.dockerenv\nsh /beside.sh echo here\n"
    )
    words = ["docker", "run", "--rm", "--interactive", "debian:trixie-slim", "sh"]
    done = subprocess.run(words, input=lines, capture_output=True, text=True, check=True)
    beside, here = done.stdout.splitlines()
    assert beside.startswith("run --rm ")
    assert " --env=STACK_FILE " in beside
    assert here == "here"


def test_outside_of_a_container_a_command_runs_where_it_is() -> None:
    done = subprocess.run(["sh", SCRIPT, "echo", "a b"], capture_output=True, text=True, check=True)
    assert done.stdout == "a b\n"
