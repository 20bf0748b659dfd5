"""The control plane in this process, with hosts that are only said to be there."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Network

import moto.settings
import pytest
from moto.moto_api._internal.models import moto_api_backend

from ec2.rehearsal.control import patches, seeds, server
from ec2.rehearsal.control.clients import Clients, connect
from ec2.rehearsal.control.originals import as_it_was

POOL = IPv4Network("198.18.77.0/27")


@dataclass
class Hosts:
    """A hypervisor for which every host is as the test says."""

    wakes: int = 0
    rebooted: list[str] = field(default_factory=list)
    reachable: dict[str, str] = field(default_factory=dict)
    consoles: dict[str, str] = field(default_factory=dict)

    def changed(self) -> None:
        self.wakes += 1

    def reboot(self, instance_id: str) -> None:
        self.rebooted.append(instance_id)

    def reachability(self, instance_id: str) -> str:
        return self.reachable.get(instance_id, "initializing")

    def console(self, instance_id: str) -> str:
        return self.consoles.get(instance_id, "")


@dataclass
class Cloud:
    """The API, and the hosts behind it."""

    aws: Clients
    hosts: Hosts
    gate: server.Gate
    endpoint: str


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    """moto with every patch, on a free port; moto as it was at the end."""
    with motos_settings_as_they_were(), as_it_was():
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        server.configure_moto(port)
        hosts, gate = Hosts(), server.Gate()
        patches.patch_moto(hosts, POOL)
        moto_api_backend.reset()
        seeds.seed(bare=False)
        listening = server.listen("127.0.0.1", port, server.Api(gate, hosts.changed))
        endpoint = f"http://127.0.0.1:{port}"
        yield Cloud(connect(endpoint), hosts, gate, endpoint)
        listening.shutdown()
        listening.server_close()
    moto_api_backend.reset()


@contextmanager
def motos_settings_as_they_were() -> Iterator[None]:
    """In the environment and as moto has read them."""
    known, environment = dict(vars(moto.settings)), dict(os.environ)
    yield
    vars(moto.settings).update(known)
    for name in set(os.environ) - set(environment):
        del os.environ[name]
    os.environ.update(environment)


@pytest.fixture
def hosts(cloud: Cloud) -> Hosts:
    return cloud.hosts


@pytest.fixture
def ec2(cloud: Cloud) -> object:
    return cloud.aws("ec2")
