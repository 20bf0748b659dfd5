"""Real hosts: Debian 13 with systemd, sshd and cloud-init, each a container on a network of our own."""

import io
import tarfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from random import randrange
from typing import Any
from uuid import uuid4

import docker
import pytest
from docker.errors import APIError
from docker.types import IPAMConfig, IPAMPool, Mount

from compose.secret_files import ssh_key_pair
from ec2.host_keys import pin_host_keys
from ec2.inventory import Host, Volume
from ec2.rehearsal.machines.containers import LEGACY_CGROUPS
from ec2.rehearsal.machines.images import build_host_images, host_image
from ec2.ssh import Session

SEED = "var/lib/cloud/seed/nocloud"
# The image asks for EC2's metadata, which is not here: the same facts come from files.
NO_CLOUD = "datasource_list: [NoCloud]\n"


@dataclass(frozen=True)
class Machine:
    """What stands in for an EC2 instance, with what a deployer knows of it."""

    container: Any
    host: Host
    identity: Path
    known_hosts: Path

    def session(self, **choices: Any) -> Session:
        return Session(self.host, self.identity, self.known_hosts, **choices)

    def inside(self, lines: str) -> str:
        """What shell lines print on the host, said by Docker and not by SSH."""
        status, said = self.container.exec_run(["sh", "-c", lines])
        assert status == 0, f"{lines}: {said.decode()}"
        return str(said.decode().strip())

    def connections(self) -> int:
        """How many connections to its sshd are established."""
        rows = self.inside("ss --no-header --tcp --numeric state established sport = :22")
        return len(rows.splitlines())

    def reboot(self) -> None:
        """Off and on again."""
        self.container.restart(timeout=20)


class Console:
    """The one request of EC2's that reading host keys needs, answered from the containers' terminals."""

    def __init__(self, *machines: Any) -> None:
        self.machines = {machine.labels["instance"]: machine for machine in machines}

    def get_console_output(self, InstanceId: str, Latest: bool) -> dict[str, str]:
        assert Latest
        return {"Output": self.machines[InstanceId].logs().decode(errors="replace")}


@pytest.fixture(scope="session")
def network(engine: docker.DockerClient, run_id: str) -> Iterator[str]:
    """A network for hosts that nobody else is on."""
    for _ in range(20):
        pool = IPAMPool(subnet=f"10.250.{randrange(1, 255)}.0/24")  # noqa: S311
        try:
            made = engine.networks.create(f"{run_id}-hosts", ipam=IPAMConfig(pool_configs=[pool]))
            break
        except APIError:
            continue
    else:
        raise AssertionError("every range for a network is taken")
    yield made.name
    made.remove()


@pytest.fixture(scope="session")
def host_images() -> None:
    build_host_images(lambda _: None)


@pytest.fixture(scope="session")
def new_machine(
    engine: docker.DockerClient, network: str, host_images: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Machine]]:
    """Boots a host without Docker, its keys pinned from its console."""
    with ExitStack() as cleaning:

        def make(name: str = "app", user_data: str = "", volumes: tuple[Volume, ...] = ()) -> Machine:
            folder = tmp_path_factory.mktemp("host")
            private, public = ssh_key_pair()
            identity = folder / "key"
            identity.touch(mode=0o600)
            identity.write_text(private)
            container = create(engine, network, host_image("bare"))
            cleaning.callback(container.remove, force=True, v=True)
            container.put_archive("/", seed(container.labels["instance"], public, user_data))
            container.start()
            container.reload()
            address = container.attrs["NetworkSettings"]["Networks"][network]["IPAddress"]
            host = Host(name, (name,), container.labels["instance"], address, address, volumes)
            machine = Machine(container, host, identity, folder / "known_hosts")
            pin_host_keys(Console(container), [host], machine.known_hosts)
            return machine

        yield make


def create(engine: docker.DockerClient, network: str, image: str) -> Any:
    """A container that is a host as the local EC2 makes them; it does not run yet."""
    environment = {"container": "docker"}
    if engine.info()["CgroupVersion"] == "1":
        environment["SYSTEMD_PROC_CMDLINE"] = LEGACY_CGROUPS
    return engine.containers.create(
        image,
        labels={"instance": f"i-{uuid4().hex[:17]}"},
        environment=environment,
        tty=True,
        privileged=True,
        cgroupns="private",
        network=network,
        mounts=[Mount("/var/lib/docker", None)],
    )


def seed(instance: str, public_key: str, more: str) -> bytes:
    """What cloud-init finds instead of EC2's metadata, as a tar archive."""
    files = {
        "etc/cloud/cloud.cfg.d/99_seed.cfg": NO_CLOUD,
        f"{SEED}/meta-data": f"instance-id: {instance}\nlocal-hostname: {instance}\n",
        f"{SEED}/user-data": f"#cloud-config\nssh_authorized_keys: [{public_key.strip()!r}]\n{more}",
    }
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    return packed.getvalue()


@pytest.fixture(scope="module")
def machine(new_machine: Callable[..., Machine]) -> Machine:
    """A host that a module's tests share."""
    return new_machine()


@pytest.fixture
def session(machine: Machine) -> Iterator[Session]:
    with machine.session() as session:
        yield session
