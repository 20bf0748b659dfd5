"""Which of this machine's routes stand in the way of a range."""

from ipaddress import IPv4Network

import pytest

from ec2.rehearsal.errors import RehearsalError
from ec2.rehearsal.network import names
from ec2.rehearsal.network.machine import route_in_the_way

WANTED = IPv4Network("10.20.0.0/16")


@pytest.mark.parametrize("taken", ["10.20.0.0/16", "10.20.30.0/24", "10.0.0.0/8", "10.20.1.1"])
def test_a_route_to_a_part_or_to_more_is_in_the_way(taken: str) -> None:
    assert "eth7" in route_in_the_way(WANTED, "mine", [{"dst": taken, "dev": "eth7"}])


@pytest.mark.parametrize("taken", ["default", "0.0.0.0/1", "10.21.0.0/16", "192.168.0.0/16"])
def test_a_default_route_or_a_neighbour_is_not(taken: str) -> None:
    assert not route_in_the_way(WANTED, "mine", [{"dst": taken, "dev": "eth7"}])


def test_the_clouds_own_bridges_are_not_in_its_way_but_in_anothers() -> None:
    routes = [{"dst": "10.20.0.0/16", "dev": names.bridge("mine", "vpc-1")}]
    assert not route_in_the_way(WANTED, "mine", routes)
    assert route_in_the_way(WANTED, "another", routes)


def test_a_route_without_an_interface_counts() -> None:
    assert "unreachable" in route_in_the_way(WANTED, "mine", [{"dst": "10.20.0.0/16", "type": "unreachable"}])


@pytest.mark.parametrize("name", ["", "a b", 'x"', "ü", "a;b"])
def test_a_cloud_that_nft_could_not_name_is_refused(name: str) -> None:
    with pytest.raises(RehearsalError, match="cannot be called"):
        names.table(name)
