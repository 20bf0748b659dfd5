"""What compose prints is read into values, and what it is told is a list of words."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import ThreadingUnixStreamServer
from threading import Thread
from typing import Any, ClassVar

import pytest
from click.testing import CliRunner

from compose.build import PINNED_BASE_IMAGE, build_images, failed_step, make_base, reason, revision
from compose.cli import commands
from compose.engine import Engine, explain, require
from compose.errors import BuildFailed, EngineUnreachable, PreflightFailed
from compose.one_image import build_image
from compose.project import HERE, Project, failure, last_lines, read_service
from compose.up import places


def test_a_command_names_the_project_its_files_and_the_roles() -> None:
    assert Project("trial", ("app", "database")).words("ps", "--all") == [
        "docker", "compose", "--project-name", "trial",
        "--file", str(HERE / "compose.yaml"), "--file", str(HERE / "compose.local.yaml"),
        "--profile", "app", "--profile", "database", "ps", "--all",
    ]  # fmt: skip


def test_after_a_build_that_failed_the_same_command_is_repeated_whichever_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "docker").write_text("#!/bin/sh\necho no room; exit 1\n")
    (tmp_path / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BuildFailed, match="no room") as failed:
        build_images(Project("trial"), ["nginx"], lambda _: None)
    assert (
        failed.value.hint == "mend what the lines above say, then repeat the command: it goes on from there"
    )


@pytest.mark.parametrize("fresh", [False, True])
def test_a_fresh_build_takes_no_layer_that_is_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fresh: bool
) -> None:
    (tmp_path / "docker").write_text(f'#!/bin/sh\necho "$*" >{tmp_path}/words\n')
    (tmp_path / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    build_images(Project("trial"), ["nginx"], lambda _: None, fresh)
    assert ("--no-cache" in (tmp_path / "words").read_text().split()) is fresh


@pytest.mark.parametrize("fresh", [True, False])
def test_an_image_alone_is_built_without_known_layers_where_a_fresh_one_is_wanted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fresh: bool
) -> None:
    (tmp_path / "docker").write_text(f'#!/bin/sh\necho "$*" >{tmp_path}/words\n')
    (tmp_path / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    build_image("alone", tmp_path, fresh=fresh)
    assert ("--no-cache" in (tmp_path / "words").read_text().split()) is fresh


def test_a_service_is_read_from_composes_own_rendering() -> None:
    service = read_service(
        "grafana",
        {
            "image": "microblog/grafana:local",
            "user": "472:0",
            "profiles": ["monitoring"],
            "mem_reservation": "125829120",
            "build": {"args": {"GRAFANA_IMAGE": "grafana/grafana:1"}},
            "ports": [{"published": "3999", "target": 3000}],
            "secrets": [{"source": "grafana_admin_password", "target": "admin_password"}],
        },
        {"grafana_admin_password": {"file": "/s/grafana/admin_password"}},
    )
    assert (service.uid, service.gid, service.idle_memory) == (472, 0, 120 * 1024**2)
    assert service.official_image == "grafana/grafana:1"
    assert (service.ports, service.port_variable) == ((3999,), "GRAFANA_PORT")
    assert service.secret_files == (Path("/s/grafana/admin_password"),)


def test_the_end_of_an_output_is_free_of_terminal_codes() -> None:
    assert last_lines("one\n\x1b[2Ktwo\n\x1b[31mthree\x1b[0m\n", 2) == "two\nthree"


def test_a_failed_command_is_named_with_the_end_of_what_it_printed() -> None:
    error = failure(("--profile", "*", "config", "--format", "json"), "services.nginx: bad\n")
    assert str(error) == "docker compose config failed:\nservices.nginx: bad"


def test_a_failed_build_shows_the_failed_step_alone() -> None:
    step = " > [microblog 3/7] RUN false:\n0.2 no\n------\nexit code: 1"
    output = f"#7 [nginx 2/5] RUN true\n#8 CANCELED\n------\n{step}"
    assert failed_step(output) == step
    assert failed_step("nothing ruled off") == "nothing ruled off"


def test_the_reason_of_a_failed_pull_is_its_last_part() -> None:
    said = 'Get "https://registry.example/v2/": dial tcp: lookup registry.example: no such host'
    assert reason(said) == "no such host"


@pytest.mark.parametrize("version", ["24.0.9", "20.10.24+dfsg1"])
def test_an_old_engine_is_refused_with_the_version_it_needs(version: str) -> None:
    with pytest.raises(EngineUnreachable, match=r"too old: this stack needs 25\.0 or newer"):
        require("Docker Engine", version, (25, 0))


@pytest.mark.parametrize("version", ["25.0.0", "26.1.5+dfsg1", "29.1"])
def test_a_new_enough_engine_is_taken(version: str) -> None:
    require("Docker Engine", version, (25, 0))


def test_a_refused_socket_tells_how_to_join_the_group() -> None:
    message, hint = explain("('Connection aborted.', PermissionError(13, 'Permission denied'))")
    assert "may not use" in message
    assert "usermod --append --groups docker" in hint


class FailingEngine(BaseHTTPRequestHandler):
    """An engine that says who it is, fails to find an image, and hangs up on other questions."""

    protocol_version = "HTTP/1.1"

    facts: ClassVar[dict[str, Any]] = {
        "ApiVersion": "1.44",
        "ServerVersion": "29.1",
        "DockerRootDir": "/var/lib/docker",
    }

    def do_GET(self) -> None:
        self.close_connection = True
        if self.path.endswith(("/version", "/info")):
            self.answer(200, self.facts)
        elif "/images/" in self.path:
            self.answer(500, {"message": "the disk is broken"})

    def do_POST(self) -> None:
        """A pull that breaks off."""
        self.close_connection = True
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b'99\r\n{"status": "pulling"}\r\n')

    def answer(self, status: int, said: dict[str, Any]) -> None:
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        # Or the next question may still come on this connection.
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class GivingEngine(FailingEngine):
    """One whose registry gives what is asked for."""

    def do_POST(self) -> None:
        self.close_connection = True
        self.answer(200, {"status": "Pull complete"})


@pytest.fixture
def failing_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with named(FailingEngine, tmp_path, monkeypatch) as command:
        yield command


@contextmanager
def named(engine: type[FailingEngine], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """It is the one that the environment names; gives where its command is."""
    command = tmp_path / "docker"
    command.write_text("#!/bin/sh\necho Docker Compose version v2.40.0\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with ThreadingHTTPServer(("127.0.0.1", 0), engine) as server:
        monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{server.server_port}")
        Thread(target=server.serve_forever).start()
        yield command
        server.shutdown()


class RootlessEngine(FailingEngine):
    """An engine of a user who is not root, with its data elsewhere."""

    facts: ClassVar[dict[str, Any]] = FailingEngine.facts | {
        "SecurityOptions": ["name=seccomp,profile=builtin", "name=rootless"],
        "DockerRootDir": "/home/ada/docker",
    }


@pytest.mark.parametrize(
    ("engine", "root", "group"),
    [(FailingEngine, "/var/lib/docker", os.getgid()), (RootlessEngine, "/home/ada/docker", 0)],
)
def test_services_are_given_the_engine_that_answers(
    engine: type[FailingEngine],
    root: str,
    group: int,
    failing_engine: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with ThreadingUnixStreamServer(str(tmp_path / "socket"), engine) as server:
        Thread(target=server.serve_forever).start()
        monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/socket")
        told = places(Engine(), "trial")
        server.shutdown()
    assert told == {
        "DOCKER_SOCKET": f"{tmp_path}/socket",
        "DOCKER_GID": str(group),
        "JENKINS_AGENT_FOLDER": f"{root}/volumes/trial_jenkins_agent/_data",
    }


def test_what_a_person_says_of_the_engines_places_counts(
    failing_engine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_SOCKET", "/run/other.sock")
    monkeypatch.setenv("JENKINS_AGENT_FOLDER", "/srv/agent")
    told = places(Engine(), "trial")
    assert (told["DOCKER_SOCKET"], told["JENKINS_AGENT_FOLDER"]) == ("/run/other.sock", "/srv/agent")


def test_an_engine_that_fails_in_the_middle_is_told(failing_engine: Path) -> None:
    engine = Engine()
    with pytest.raises(EngineUnreachable, match="the Docker Engine failed: the disk is broken"):
        engine.has_image("debian:trixie")
    with pytest.raises(EngineUnreachable, match=r"no Docker Engine answers: .*Connection aborted"):
        engine.publisher(80)
    assert engine.pull("debian:trixie") != ""
    engine.client.close()


def test_a_base_from_a_registry_is_brought_up_to_date_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with named(GivingEngine, tmp_path, monkeypatch) as command:
        engine = Engine()
        command.write_text(f'#!/bin/sh\necho "$*" >{tmp_path}/words\ncat >{tmp_path}/shape\n')
        make_base(engine, lambda _: None)
        engine.client.close()
    assert "--no-cache" in (tmp_path / "words").read_text().split()
    image = json.loads((tmp_path / "shape").read_text())["services"]["image"]
    assert image["image"] == "debian:trixie-slim"
    assert image["build"]["context"] == str(HERE.parent / "images/base")
    assert image["build"]["args"] == {"PUBLISHED": PINNED_BASE_IMAGE}


def test_an_engine_without_the_docker_command_is_of_no_use(
    failing_engine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing_engine.unlink()
    monkeypatch.setenv("PATH", str(failing_engine.parent))
    with pytest.raises(EngineUnreachable, match="the docker command is not installed"):
        Engine()


def test_what_a_container_logs_may_be_any_bytes(failing_engine: Path) -> None:
    failing_engine.write_text("#!/bin/sh\nprintf 'caf\\351\\n'\n")
    assert Project("trial").run("logs") == "caf\ufffd\n"


def test_nothing_is_removed_where_the_secrets_cannot_be(failing_engine: Path, tmp_path: Path) -> None:
    folder, said = tmp_path / "secrets", tmp_path / "said"
    folder.mkdir()
    (folder / "grafana").write_text("no folder")
    services = {"grafana": {"image": "grafana", "secrets": [{"source": "password"}]}}
    shape = {"services": services, "secrets": {"password": {"file": f"{folder}/grafana/password"}}}
    (tmp_path / "shape.json").write_text(json.dumps(shape))
    failing_engine.write_text(
        f'#!/bin/sh\necho "$*" >>{said}\n[ "$2" != version ] || exec echo 2.40\ncat {tmp_path}/shape.json\n'
    )
    done = CliRunner().invoke(commands, ["clean", "--yes"])
    assert isinstance(done.exception, PreflightFailed)
    assert "config" in said.read_text()
    assert "down" not in said.read_text()


def test_an_environment_that_an_interruption_left_without_pip_is_made_anew(tmp_path: Path) -> None:
    folder, said, python = tmp_path / "venv", tmp_path / "said", tmp_path / "python"
    (folder / "bin").mkdir(parents=True)
    python.write_text(
        f'#!/bin/sh\n[ "$2" != venv ] || {{ echo "$*" >>{said}; ln -fs /bin/true {folder}/bin/python; }}\n'
    )
    python.chmod(0o755)

    def made() -> list[str]:
        said.write_text("")
        subprocess.run(["sh", HERE / "venv.sh", python, "lock", folder], check=True, capture_output=True)
        return said.read_text().splitlines()

    assert made() == [f"-m venv {folder}"]
    assert made() == []
    (folder / "pyvenv.cfg").touch()
    (folder / "bin/python").unlink()
    (folder / "bin/python").symlink_to("/bin/false")
    assert made() == [f"-m venv --clear {folder}"]


def test_an_environment_behind_a_link_is_made_and_filled_by_its_real_name(tmp_path: Path) -> None:
    said, python, link = tmp_path / "said", tmp_path / "python", tmp_path / "link"
    (tmp_path / "real").mkdir()
    link.symlink_to("real")
    program = f'#!/bin/sh\\necho "$0" >>{said}\\n'
    make = f'mkdir -p "$3/bin"; printf \'{program}\' >"$3/bin/python"; chmod +x "$3/bin/python"'
    python.write_text(f'#!/bin/sh\n[ "$2" != venv ] || {{ {make}; }}\n')
    python.chmod(0o755)
    subprocess.run(["sh", HERE / "venv.sh", python, "lock", link / "scan"], check=True, capture_output=True)
    assert set(said.read_text().splitlines()) == {str(tmp_path / "real/scan/bin/python")}


@pytest.mark.parametrize(("given", "believed"), [("/etc/ours.crt", "/etc/ours.crt"), ("", "its own")])
def test_an_environment_is_filled_from_behind_a_proxy_with_an_authority_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str, believed: str
) -> None:
    monkeypatch.setenv("CA_BUNDLE", given)
    monkeypatch.delenv("PIP_CERT", raising=False)
    said, pip, folder = tmp_path / "said", tmp_path / "venv/bin/python", tmp_path / "venv"
    pip.parent.mkdir(parents=True)
    pip.write_text(f'#!/bin/sh\n[ "$3" = --version ] || echo "${{PIP_CERT:-its own}}" >{said}\n')
    pip.chmod(0o755)
    subprocess.run(["sh", HERE / "venv.sh", "true", "lock", folder], check=True, capture_output=True)
    assert said.read_text().strip() == believed


def test_a_folder_that_is_no_checkout_has_an_unknown_revision(tmp_path: Path) -> None:
    assert revision(tmp_path) == "unknown"


def test_a_changed_or_new_file_shows_in_the_revision(tmp_path: Path) -> None:
    def git(*words: str) -> None:
        identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
        subprocess.run(["git", "-C", tmp_path, *identity, *words], check=True, capture_output=True)

    (tmp_path / "file").write_text("one")
    git("init")
    assert revision(tmp_path) == "unknown"
    git("add", "file")
    git("commit", "--message", "one")
    assert re.fullmatch(r"[0-9a-f]{12}", revision(tmp_path))
    (tmp_path / "file").write_text("two")
    assert re.fullmatch(r"[0-9a-f]{12}-dirty", revision(tmp_path))
    git("checkout", "file")
    (tmp_path / "new").write_text("one")
    assert re.fullmatch(r"[0-9a-f]{12}-dirty", revision(tmp_path))
