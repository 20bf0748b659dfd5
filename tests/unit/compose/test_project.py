"""What compose prints is read into values, and what it is told is a list of words."""

import re
import subprocess
from pathlib import Path

import pytest

from compose.build import failed_step, reason, revision
from compose.engine import explain, require
from compose.errors import EngineUnreachable
from compose.project import HERE, Project, failure, last_lines, read_service


def test_a_command_names_the_project_its_files_and_the_roles() -> None:
    assert Project("trial", ("app", "database")).words("ps", "--all") == [
        "docker", "compose", "--project-name", "trial",
        "--file", str(HERE / "compose.yaml"), "--file", str(HERE / "compose.local.yaml"),
        "--profile", "app", "--profile", "database", "ps", "--all",
    ]  # fmt: skip


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


def test_a_folder_that_is_no_checkout_has_an_unknown_revision(tmp_path: Path) -> None:
    assert revision(tmp_path) == "unknown"


def test_a_changed_file_shows_in_the_revision(tmp_path: Path) -> None:
    def git(*words: str) -> None:
        identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
        subprocess.run(["git", "-C", tmp_path, *identity, *words], check=True, capture_output=True)

    (tmp_path / "file").write_text("one")
    git("init")
    git("add", "file")
    git("commit", "--message", "one")
    assert re.fullmatch(r"[0-9a-f]{12}", revision(tmp_path))
    (tmp_path / "file").write_text("two")
    assert re.fullmatch(r"[0-9a-f]{12}-dirty", revision(tmp_path))
