"""The rules that every service keeps, read off compose.yaml and the Dockerfiles."""

import re
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
