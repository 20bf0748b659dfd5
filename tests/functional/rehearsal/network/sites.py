"""What the tests' cloud is made of: containers of their own network namespaces, and a stranger outside."""

import json
import random
import subprocess
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

import docker
from docker.types import IPAMConfig, IPAMPool

from ec2.rehearsal.errors import RehearsalError
from ec2.rehearsal.network.machine import check_range
from ec2.rehearsal.network.model import Interface, Vpc

WIRE = Path(__file__).with_name("wire.py")
IMAGE = "debian:trixie-slim"


@dataclass(frozen=True)
class Site:
    """Somewhere to send from: how a command gets into its network namespace."""

    enter: tuple[str, ...] = ()

    def probe(self, attempts: list[dict[str, Any]]) -> list[str]:
        done = subprocess.run(
            [*self.enter, sys.executable, str(WIRE), "probe"],
            input=json.dumps(attempts),
            capture_output=True,
            text=True,
            check=True,
        )
        answers: list[str] = json.loads(done.stdout)
        return answers

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*self.enter, *words], capture_output=True, text=True, check=False)

    @contextmanager
    def listening(self, places: Iterable[str]) -> Iterator[None]:
        words = [*self.enter, sys.executable, str(WIRE), "listen", *places]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as listener:
            assert listener.stdout is not None
            assert listener.stdout.readline() == "listening\n", f"{words} did not start"
            yield
            listener.kill()


HERE = Site()


def free_range(choices: list[str], cloud: str) -> IPv4Network:
    """One of the ranges that this machine uses for nothing."""
    for choice in random.sample(choices, len(choices)):
        try:
            check_range(IPv4Network(choice), cloud)
        except RehearsalError:
            continue
        return IPv4Network(choice)
    raise AssertionError(f"all of {choices[0]} … {choices[-1]} are in use")


@contextmanager
def docker_network(engine: docker.DockerClient, vpc: Vpc) -> Iterator[None]:
    """A VPC's bridge, as the reconcile loop makes it."""
    network = engine.networks.create(
        vpc.bridge,
        driver="bridge",
        ipam=IPAMConfig(pool_configs=[IPAMPool(subnet=str(vpc.cidr), gateway=str(vpc.cidr[1]))]),
        options={"com.docker.network.bridge.name": vpc.bridge},
    )
    try:
        yield
    finally:
        network.remove()


@contextmanager
def containers(
    engine: docker.DockerClient, vpcs: Iterable[Vpc], interfaces: Iterable[Interface], resolver: IPv4Address
) -> Iterator[dict[str, Site]]:
    """Every instance as a container with the address and the MAC that the model says, by its name."""
    bridges = {vpc.id: vpc.bridge for vpc in vpcs}
    started: dict[str, str] = {}

    def start(interface: Interface) -> Site:
        endpoint = engine.api.create_endpoint_config(
            ipv4_address=str(interface.private), mac_address=interface.mac
        )
        made = engine.api.create_container(
            IMAGE,
            ["sleep", "infinity"],
            host_config=engine.api.create_host_config(dns=[str(resolver)], init=True),
            networking_config=engine.api.create_networking_config({bridges[interface.vpc]: endpoint}),
        )
        started[interface.name] = made["Id"]
        engine.api.start(made["Id"])
        pid = engine.api.inspect_container(made["Id"])["State"]["Pid"]
        return Site(("nsenter", "--target", str(pid), "--net"))

    try:
        with ThreadPoolExecutor(4) as pool:
            wanted = list(interfaces)
            yield dict(zip((i.name for i in wanted), pool.map(start, wanted), strict=True))
    finally:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda made: engine.api.remove_container(made, force=True), started.values()))


@contextmanager
def stranger(name: str, cidr: IPv4Network) -> Iterator[Site]:
    """Somebody on the internet: a namespace behind an interface of this machine, with a route back to it."""
    with ExitStack() as undo:
        ip("netns", "add", name)
        undo.callback(ip, "netns", "delete", name)
        ip("link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name)
        ip("addr", "add", f"{cidr[1]}/{cidr.prefixlen}", "dev", name)
        ip("link", "set", name, "up")
        there = ("netns", "exec", name, "ip")
        ip(*there, "addr", "add", f"{cidr[2]}/{cidr.prefixlen}", "dev", "eth0")
        ip(*there, "link", "set", "eth0", "up")
        ip(*there, "route", "add", "default", "via", str(cidr[1]))
        yield Site(("ip", "netns", "exec", name))


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)
