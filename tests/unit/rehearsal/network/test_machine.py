"""Which of this machine's routes stand in the way of a range."""

from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest

from ec2.rehearsal.errors import RehearsalError
from ec2.rehearsal.network import machine, names
from ec2.rehearsal.network.machine import route_in_the_way
from tests.conftest import ROOT

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


def test_behind_systemds_stub_are_the_servers_that_docker_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub, real = tmp_path / "stub", tmp_path / "real"
    stub.write_text("# a comment\nnameserver 127.0.0.53\noptions edns0\n")
    real.write_text("nameserver 10.9.9.9\nnameserver fe80::1\nsearch example\n")
    monkeypatch.setattr(machine, "RESOLVERS", stub)
    monkeypatch.setattr(machine, "BEHIND_STUB", real)
    assert machine.resolvers() == (IPv4Address("10.9.9.9"),)
    monkeypatch.setattr(machine, "RESOLVERS", real)
    assert machine.resolvers() == (IPv4Address("10.9.9.9"),)
    monkeypatch.setattr(machine, "RESOLVERS", tmp_path / "absent")
    assert machine.resolvers() == ()


def test_a_range_around_this_machines_dns_server_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "resolv.conf"
    file.write_text("nameserver 10.20.0.53\n")
    monkeypatch.setattr(machine, "RESOLVERS", file)
    assert machine.resolver_within(WANTED) == "its DNS server is 10.20.0.53"
    assert not machine.resolver_within(IPv4Network("10.21.0.0/16"))


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The settings of one that can carry a cloud."""
    fit = {
        "net/bridge/bridge-nf-call-iptables": 1,
        "net/bridge/bridge-nf-call-ip6tables": 1,
        "net/ipv4/ip_forward": 1,
        machine.WATCHERS: 1024,
    }
    for name, value in fit.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"{value}\n")
    monkeypatch.setattr(machine, "KERNEL", tmp_path)
    return tmp_path


def test_a_kernel_with_all_settings_is_fit(kernel: Path) -> None:
    machine.check_kernel()


@pytest.mark.parametrize(
    ("setting", "value", "hint"),
    [
        ("net/bridge/bridge-nf-call-iptables", "0", "modprobe br_netfilter"),
        ("net/bridge/bridge-nf-call-ip6tables", None, "modprobe br_netfilter"),
        ("net/ipv4/ip_forward", "0", "sysctl -w net.ipv4.ip_forward=1"),
        (machine.WATCHERS, "128", "ec2/rehearsal/packages.sh"),
    ],
)
def test_a_kernel_that_is_not_is_refused_with_what_to_do(
    kernel: Path, setting: str, value: str | None, hint: str
) -> None:
    (kernel / setting).write_text(f"{value}\n") if value else (kernel / setting).unlink()
    with pytest.raises(RehearsalError) as refused:
        machine.check_kernel()
    assert hint in refused.value.hint


def test_the_script_sets_what_is_asked_for() -> None:
    script = (ROOT / "ec2/rehearsal/packages.sh").read_text()
    assert f"WATCHERS={machine.WATCHERS_AT_LEAST}\n" in script
