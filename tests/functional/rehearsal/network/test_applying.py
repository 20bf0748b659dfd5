"""Loading, failing to load, and leaving nothing behind."""

import subprocess
from collections.abc import Iterator
from dataclasses import replace

import pytest

from ec2.rehearsal.errors import RehearsalError
from ec2.rehearsal.network import applier, machine, names
from ec2.rehearsal.network.compiler import compile_rules
from ec2.rehearsal.settings import Rehearsal
from tests.functional.rehearsal.network.conftest import Cloud
from tests.functional.rehearsal.network.sites import free_range
from tests.functional.rehearsal.network.test_addresses import to


def test_what_is_loaded_already_is_not_loaded_again(cloud: Cloud) -> None:
    script = compile_rules(cloud.network, cloud.rehearsal, cloud.offered)
    assert not applier.apply(cloud.rehearsal, script)
    smaller = replace(cloud.network, interfaces=())
    assert applier.apply(cloud.rehearsal, compile_rules(smaller, cloud.rehearsal, cloud.offered))
    assert cloud.sites["here"].probe([to(cloud.public("web"))]) == [""]


def test_a_rule_set_that_does_not_load_leaves_the_instances_closed_and_says_so(cloud: Cloud) -> None:
    assert cloud.sites["here"].probe([to(cloud.public("web"))]) == [str(cloud.rehearsal.gateway)]
    script = (
        compile_rules(cloud.network, cloud.rehearsal, cloud.offered)
        .replace("icmp", "icnp")
        .replace("dport", "dprot")
    )
    with pytest.raises(RehearsalError, match=r"did not load.*closed.*dprot"):
        applier.apply(cloud.rehearsal, script.replace('"rules ', '"rules 0'))
    answers = cloud.answers(
        {
            "here": [to(cloud.public("web")), to(cloud.private("web"), mark=names.PROBE_MARK)],
            "web": [to(cloud.private("db")), to("169.254.169.254", 80)],
        }
    )
    assert answers == {"here": ["", ""], "web": ["", ""]}


def test_instances_are_closed_between_start_and_the_first_rules(cloud: Cloud) -> None:
    applier.close(cloud.rehearsal.name)
    assert cloud.sites["web"].probe([to(cloud.private("db"))]) == [""]


@pytest.fixture
def second() -> Iterator[Rehearsal]:
    """Another cloud beside the first."""
    name = f"beside-{names.digest(str(id(object())), 6)}"
    rehearsal = Rehearsal(name=name, pool=free_range([f"198.18.{n}.0/24" for n in range(1, 251)], name))
    yield rehearsal
    applier.remove_all(name)


def test_a_range_in_use_is_refused_with_who_uses_it(cloud: Cloud, second: Rehearsal) -> None:
    with pytest.raises(RehearsalError, match="is in use on this machine") as refused:
        applier.start(replace(second, pool=cloud.rehearsal.pool))
    assert names.pool_bridge(cloud.rehearsal.name) in refused.value.message
    with pytest.raises(RehearsalError, match="is in use on this machine"):
        machine.check_range(cloud.network.vpcs[0].cidr, second.name)
    machine.check_range(cloud.network.vpcs[0].cidr, cloud.rehearsal.name)
    assert not left_of(second)


def test_starting_twice_is_fine_and_removing_leaves_nothing(second: Rehearsal, cloud: Cloud) -> None:
    applier.start(second)
    applier.start(second)
    assert len(left_of(second)) == 2
    applier.remove_all(second.name)
    applier.remove_all(second.name)
    assert not left_of(second)
    assert cloud.sites["here"].probe([to(cloud.public("web"))]) == [str(cloud.rehearsal.gateway)]


def left_of(rehearsal: Rehearsal) -> list[str]:
    """Tables and interfaces of the cloud."""
    listed = subprocess.run(["nft", "list", "tables"], capture_output=True, text=True, check=True).stdout
    links = subprocess.run(["ip", "-brief", "link"], capture_output=True, text=True, check=True).stdout
    wanted = (names.table(rehearsal.name), names.pool_bridge(rehearsal.name))
    return [line for line in (listed + links).splitlines() if any(w in line for w in wanted)]
