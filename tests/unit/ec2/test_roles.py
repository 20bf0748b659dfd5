"""The table of roles against what is really run: services, ports, scrape jobs."""

from pathlib import Path
from typing import Any

import yaml

from ec2.roles import ADMIN, EVERY_HOST, ROLES, VOLUMES, WORLD, openings, targets

ROOT = Path(__file__).parents[3]
SERVICES: dict[str, Any] = yaml.safe_load((ROOT / "compose/compose.yaml").read_text())["services"]
SCRAPED: list[dict[str, Any]] = yaml.safe_load((ROOT / "prometheus/scrape/ec2.yml").read_text())[
    "scrape_configs"
]
# It asks as people do, at the port that is open to the world.
LIKE_PEOPLE = "blackbox"


def test_the_roles_are_the_profiles_of_compose() -> None:
    profiles = {profile for service in SERVICES.values() for profile in service.get("profiles", [])}
    assert set(ROLES) == profiles


def test_a_role_opens_ports_of_its_own_services_only() -> None:
    for role in ROLES.values():
        for opening in role.openings:
            assert SERVICES[opening.service]["profiles"] == [role.name]


def test_only_nginx_is_open_to_the_world_and_only_ssh_to_the_administrator() -> None:
    every = {(role.name, opening) for role in ROLES.values() for opening in openings(role)}
    world = {(role, opening.port) for role, opening in every if opening.to == WORLD}
    assert world == {("app", 80)}
    assert {opening.port for _, opening in every if opening.to == ADMIN} == {22}


def test_monitoring_reaches_exactly_what_it_scrapes_on_other_hosts() -> None:
    scraped = {
        (job["job_name"], discovery["port"])
        for job in SCRAPED
        for discovery in job.get("ec2_sd_configs", [])
        if job["job_name"] != LIKE_PEOPLE
    }
    assert {(opening.service, opening.port) for _, opening in targets("monitoring")} == scraped


def test_the_database_answers_the_app_alone_and_reaches_nobody() -> None:
    assert [(role, opening.port) for role, opening in targets("app")] == [("database", 3306)]
    assert targets("database") == ()


def test_jenkins_logs_in_to_every_host_that_it_deploys_to() -> None:
    assert {(role, opening.port) for role, opening in targets("jenkins")} == {(role, 22) for role in ROLES}


def test_every_host_is_measured() -> None:
    assert ("monitoring", 9100) in {(opening.to, opening.port) for opening in EVERY_HOST}
    assert "profiles" not in SERVICES["node_exporter"]


# The host's own file system, and what each release brings with it.
MADE_ANEW = ("/", "assets:")


def source(volume: str | dict[str, Any]) -> str:
    """Where a mount comes from, in its short form or its long one."""
    return volume if isinstance(volume, str) else f"{volume['source']}:"


def test_a_role_keeps_a_volume_if_its_services_keep_data() -> None:
    keeping = {
        profile
        for service in SERVICES.values()
        for profile in service.get("profiles", [])
        if any(not source(volume).startswith(MADE_ANEW) for volume in service.get("volumes", []))
    }
    assert set(VOLUMES) == keeping


def test_roles_that_share_a_host_share_no_port_device_or_folder() -> None:
    ports = [opening.port for role in ROLES.values() for opening in role.openings]
    ports += {opening.port for opening in EVERY_HOST}
    assert len(set(ports)) == len(ports)
    assert len({volume.device for volume in VOLUMES.values()}) == len(VOLUMES)
    assert len({volume.mount_point for volume in VOLUMES.values()}) == len(VOLUMES)
