"""Where a service runs, and what is said when it is nowhere, or in several places."""

import pytest

from ec2.errors import NotThere
from ec2.host_state import Container, HostState
from ec2.inventory import Host
from ec2.service_places import check_services, named_host, place_of

APP = Host("app", ("app", "database"), "i-1", "198.18.0.7", "10.20.1.5")
MONITORING = Host("monitoring", ("monitoring",), "i-2", "198.18.0.8", "10.20.1.6")


def container(service: str, id: str, state: str = "running", health: str = "healthy") -> Container:
    return Container(id, service, 1, state, health, None, 0, f"microblog/{service}:1")


LOOKS = {
    APP: HostState(
        left_out=("grafana",),
        containers=(
            container("mariadb", "m", state="exited"),
            container("microblog", "old", health="unhealthy"),
            container("microblog", "new"),
            container("node_exporter", "n1"),
        ),
    ),
    MONITORING: HostState(containers=(container("node_exporter", "n2"),)),
}


def test_of_two_containers_the_one_that_is_well_is_meant() -> None:
    place = place_of("microblog", LOOKS)
    assert (place.host, place.container.id) == (APP, "new")


def test_a_service_of_several_hosts_is_found_on_the_one_that_is_named() -> None:
    assert place_of("node_exporter", LOOKS, "monitoring").container.id == "n2"


@pytest.mark.parametrize(
    ("service", "host", "said", "hint"),
    [
        ("node_exporter", "", "node_exporter runs on several hosts: app, monitoring", "--host app"),
        ("mariadb", "", "mariadb does not run", "python -m ec2 status"),
        ("microblog", "monitoring", "microblog does not run on monitoring", "python -m ec2 status"),
        (
            "grafana",
            "",
            "grafana was left out of this release: its image could not be had",
            "python -m ec2 deploy says why",
        ),
        ("nope", "", "there is no service 'nope'; there are: mariadb, microblog, node_exporter", ""),
    ],
)
def test_where_there_is_no_one_place_that_is_said(service: str, host: str, said: str, hint: str) -> None:
    with pytest.raises(NotThere) as raised:
        place_of(service, LOOKS, host)
    assert (raised.value.message, raised.value.hint) == (said, hint)


def test_services_that_are_there_may_be_wanted() -> None:
    check_services(["mariadb", "node_exporter"], LOOKS.values())
    with pytest.raises(NotThere, match="there is no service 'node'"):
        check_services(["mariadb", "node"], LOOKS.values())


def test_an_unknown_host_is_answered_with_those_there_are() -> None:
    assert named_host("app", [APP, MONITORING]) == APP
    with pytest.raises(NotThere, match="there is no host 'db'; there are: app, monitoring"):
        named_host("db", [APP, MONITORING])
