"""Who can talk to whom in the composed stack, tried from inside the containers."""

import pytest

from tests.e2e.conftest import Stack


def connects(stack: Stack, service: str, target: str, port: int) -> bool:
    """Whether a process in the service's container gets a connection."""
    attempt = ["timeout", "3", "bash", "-c", f"exec 3<>/dev/tcp/{target}/{port}"]
    return bool(stack.container(service).exec_run(attempt)[0] == 0)


@pytest.mark.parametrize("service", ["microblog", "mysqld_exporter"])
def test_those_who_need_the_database_reach_it(stack: Stack, service: str) -> None:
    assert connects(stack, service, "mariadb", 3306)


@pytest.mark.parametrize("service", ["nginx", "prometheus", "node_exporter", "jenkins_agent", "alertmanager"])
def test_nobody_else_reaches_the_database_by_name_or_by_address(stack: Stack, service: str) -> None:
    networks = stack.container("mariadb").attrs["NetworkSettings"]["Networks"]
    [address] = [network["IPAddress"] for network in networks.values()]
    assert not connects(stack, service, "mariadb", 3306)
    assert not connects(stack, service, address, 3306)


def test_the_database_has_no_way_out(stack: Stack) -> None:
    status, table = stack.container("mariadb").exec_run(["cat", "/proc/net/route"])
    assert status == 0
    destinations = [line.split()[1] for line in table.decode().splitlines()[1:]]
    assert destinations
    assert "00000000" not in destinations, "a default route"


def test_the_agent_that_runs_builds_reaches_no_service_of_the_application(stack: Stack) -> None:
    for target, port in (("nginx", 8080), ("microblog", 8000), ("prometheus", 9090)):
        assert not connects(stack, "jenkins_agent", target, port)


def test_only_loopback_is_published(stack: Stack) -> None:
    addresses = {
        mapping["HostIp"]
        for container in stack.engine.containers.list(
            filters={"label": f"com.docker.compose.project={stack.name}"}
        )
        for mappings in container.ports.values()
        for mapping in mappings or []
    }
    assert addresses == {"127.0.0.1"}
