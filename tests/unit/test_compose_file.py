"""The rules that every service keeps, read off compose.yaml and the Dockerfiles."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from compose.secret_files import SECRETS

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "compose/compose.yaml").read_text())
LOCAL = yaml.safe_load((ROOT / "compose/compose.local.yaml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
OFFICIAL = {"grafana", "jenkins"}
HOSTS: dict[str, Any] = tomllib.loads((ROOT / "stack.toml").read_text())["hosts"]
# https://aws.amazon.com/ec2/instance-types/t3/
MEBIBYTES = {"t3.small": 2048, "t3.medium": 4096}

every_service = pytest.mark.parametrize("name", SERVICES)


def dockerfile(name: str) -> str:
    return (ROOT / "images" / name / "Dockerfile").read_text()


@every_service
def test_a_service_cannot_gain_rights_or_write_to_its_own_files(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert "cap_add" not in service


@every_service
def test_a_service_is_bounded_in_memory_processes_and_logs(name: str) -> None:
    service = SERVICES[name]
    assert {"mem_limit", "mem_reservation", "pids_limit"} <= set(service)
    assert service["logging"]["options"] == {"max-size": "10m", "max-file": "3"}


def mebibytes(size: str) -> int:
    """A limit as the file has it, where nobody chooses another."""
    number = re.fullmatch(r"(?:\$\{\w+:-)?(\d+)m\}?", size)
    assert number, size
    return int(number[1])


def test_grafana_has_the_memory_that_its_thirteenth_version_wants() -> None:
    assert mebibytes(SERVICES["grafana"]["mem_reservation"]) >= 256
    assert mebibytes(SERVICES["grafana"]["mem_limit"]) >= 512


@pytest.mark.parametrize("host", HOSTS)
def test_the_services_of_a_host_fit_into_its_memory_all_at_their_limits(host: str) -> None:
    roles = set(HOSTS[host]["roles"])
    there = [one for one in SERVICES.values() if roles & set(one.get("profiles", roles))]
    assert sum(mebibytes(one["mem_limit"]) for one in there) < MEBIBYTES[HOSTS[host]["instance_type"]]


@every_service
def test_a_service_comes_back_and_has_a_process_that_reaps(name: str) -> None:
    assert SERVICES[name]["restart"] == "unless-stopped"
    assert SERVICES[name]["init"] is (name != "jenkins"), "the official Jenkins image brings tini"


@every_service
def test_the_user_is_a_number_and_the_same_as_the_images(name: str) -> None:
    user = SERVICES[name]["user"]
    assert re.fullmatch(r"[1-9]\d+:\d+", user)
    if name not in OFFICIAL:
        assert re.findall(r"^USER (\S+)$", dockerfile(name), re.MULTILINE)[-1] == user


@every_service
def test_the_image_knows_how_to_tell_its_health(name: str) -> None:
    assert re.search(r"^HEALTHCHECK .*--start-interval=", dockerfile(name), re.MULTILINE)


@pytest.mark.parametrize("name", sorted(OFFICIAL))
def test_an_official_image_is_the_same_whoever_builds_on_it(name: str) -> None:
    variable = f"{name.upper()}_IMAGE"
    [pinned] = re.findall(rf"^ARG {variable}=(\S+)$", dockerfile(name), re.MULTILINE)
    assert SERVICES[name]["build"]["args"] == {variable: f"${{{variable}:-{pinned}}}"}


@pytest.mark.parametrize(("name", "fixed"), [("grafana", (13, 1, 6)), ("jenkins", (2, 580, 2))])
def test_an_official_image_is_none_with_a_vulnerability_that_was_known_when_it_was_chosen(
    name: str, fixed: tuple[int, ...]
) -> None:
    # CVE-2026-76154; https://www.jenkins.io/security/advisory/2026-10-28/
    [numbers] = re.findall(r"^ARG \w+_IMAGE=\S+:([\d.]+)", dockerfile(name), re.MULTILINE)
    assert tuple(map(int, numbers.split("."))) >= fixed


def test_each_uid_belongs_to_one_service() -> None:
    users = [service["user"] for name, service in SERVICES.items() if not name.startswith("jenkins")]
    assert len(users) == len(set(users))


@every_service
def test_a_secret_is_a_file_and_never_an_environment_value(name: str) -> None:
    for key, value in (SERVICES[name].get("environment") or {}).items():
        if re.search("PASSWORD|SECRET|KEY|TOKEN", key):
            assert re.search(r"_+FILE$", key), f"{key}={value}"


def test_the_secrets_that_compose_mounts_are_the_ones_that_are_made() -> None:
    mounted = {
        secret["file"].removeprefix("${SECRETS_DIR:-./secrets}/")
        for name, secret in COMPOSE["secrets"].items()
        if name != "ca"
    }
    assert mounted == {name for secret in SECRETS for names in secret.files for name in names}


def test_a_service_mounts_only_secrets_of_its_own_folder() -> None:
    for name, service in SERVICES.items():
        for secret in service.get("secrets", []):
            assert COMPOSE["secrets"][secret["source"]]["file"].split("/")[-2] == name


def test_the_database_has_no_way_out_and_only_those_who_need_it_see_it() -> None:
    assert COMPOSE["networks"]["data"] == {"internal": True}
    assert SERVICES["mariadb"]["networks"] == ["data"]
    assert {n for n, s in SERVICES.items() if "data" in s.get("networks", [])} == {
        "mariadb",
        "microblog",
        "mysqld_exporter",
    }


def test_nothing_is_published_but_on_loopback_and_under_a_port_that_can_be_chosen() -> None:
    assert not any("ports" in service for service in SERVICES.values())
    for name, service in LOCAL["services"].items():
        for port in service.get("ports", []):
            assert re.fullmatch(rf"127\.0\.0\.1:\$\{{{name.upper()}_PORT:-\d+\}}:\d+", port)


def test_order_is_asked_for_only_within_a_role() -> None:
    for name, service in SERVICES.items():
        for other in service.get("depends_on", {}):
            assert SERVICES[other].get("profiles") == service.get("profiles"), f"{name} depends on {other}"


def test_every_host_is_measured_and_its_containers_are() -> None:
    everywhere = [name for name, service in SERVICES.items() if "profiles" not in service]
    assert everywhere == ["node_exporter", "container_metrics"]


def test_whoever_measures_containers_listens_nowhere() -> None:
    assert "docker.sock" in str(SERVICES["container_metrics"]["volumes"])
    assert SERVICES["container_metrics"]["network_mode"] == "none"


def test_a_socket_that_is_not_there_is_not_made_as_a_folder() -> None:
    mounted = [mount for service in SERVICES.values() for mount in service.get("volumes", [])]
    sockets = [mount for mount in mounted if "docker.sock" in str(mount)]
    assert [socket["bind"] for socket in sockets] == [{"create_host_path": False}] * 2


def test_the_engine_of_builds_can_be_another_than_the_one_that_is_measured() -> None:
    sources = {
        name: mount["source"]
        for name in ("container_metrics", "jenkins_agent")
        for mount in SERVICES[name]["volumes"]
        if "docker.sock" in str(mount)
    }
    assert sources == {
        "container_metrics": "${DOCKER_SOCKET:-/var/run/docker.sock}",
        "jenkins_agent": "${AGENT_DOCKER_SOCKET:-${DOCKER_SOCKET:-/var/run/docker.sock}}",
    }


@every_service
def test_an_image_is_made_of_its_own_folder_and_knows_no_history(name: str) -> None:
    build = SERVICES[name].get("build", {})
    chosen = build if isinstance(build, dict) else {"context": build}
    contexts = [*chosen.get("additional_contexts", {}).values(), *filter(None, [chosen.get("context")])]
    for context in contexts:
        folder = (ROOT / "compose" / context).resolve()
        assert folder.is_relative_to(ROOT)
        assert not (folder / ".git").exists()
