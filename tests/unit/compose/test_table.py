"""The closing table tells at a glance what runs and what does not."""

import io

import pytest
from rich.console import Console

from compose.project import Container, Service
from compose.table import service_table


def service(name: str, roles: tuple[str, ...], *ports: int) -> Service:
    return Service(name, f"microblog/{name}:local", roles, 1, 1, 0, "", ports, ())


def container(name: str, state: str, health: str) -> Container:
    return Container("abc", name, state, health, state)


def lines(*arguments: object) -> list[list[str]]:
    page = Console(file=io.StringIO(), width=120)
    page.print(service_table(*arguments))  # type: ignore[arg-type]
    return [line.split() for line in page.file.getvalue().splitlines()]  # type: ignore[attr-defined]


def test_a_healthy_service_shows_its_address() -> None:
    rows = lines([service("nginx", ("app",), 8080)], {"nginx": container("nginx", "running", "healthy")}, {})
    assert rows[1] == ["nginx", "app", "healthy", "http://127.0.0.1:8080"]


@pytest.mark.parametrize(
    ("containers", "left_out", "state"),
    [
        ({}, {"grafana": "no registry"}, ["left", "out"]),
        ({}, {}, ["not", "started"]),
        ({"grafana": container("grafana", "exited", "")}, {}, ["exited"]),
        ({"grafana": container("grafana", "running", "unhealthy")}, {}, ["running,", "unhealthy"]),
    ],
)
def test_a_service_that_cannot_serve_shows_its_state_and_no_address(
    containers: dict[str, Container], left_out: dict[str, str], state: list[str]
) -> None:
    rows = lines([service("grafana", ("monitoring",), 3000)], containers, left_out)
    assert rows[1] == ["grafana", "monitoring", *state]


def test_a_service_without_role_is_on_every_host() -> None:
    rows = lines([service("node_exporter", ())], {}, {})
    assert rows[1][:2] == ["node_exporter", "every"]
