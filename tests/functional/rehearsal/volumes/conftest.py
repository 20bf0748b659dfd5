"""A control plane with nothing behind it, and privileged containers that stand for its instances."""

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import docker
import pytest
import requests
from moto.server import ThreadedMotoServer

from ec2.rehearsal.settings import REGION, Rehearsal
from ec2.rehearsal.volumes.attachments import Detachments, patch_volumes
from ec2.rehearsal.volumes.reconcile import Report, reconcile, remove_all
from tests.conftest import ROOT

HERE = Path(__file__).parent
AN_IMAGE = "ami-12c6146b"  # one that moto knows
# Without it systemd 257 expects cgroup v2, which not every machine has.
BOOT = {
    "container": "docker",
    "SYSTEMD_PROC_CMDLINE": "systemd.unified_cgroup_hierarchy=0 SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1",
}


@dataclass
class Host:
    """An instance in the API and its container."""

    id: str
    container: Any

    @property
    def pid(self) -> int:
        self.container.reload()
        return int(self.container.attrs["State"]["Pid"])

    def run(self, script: str) -> str:
        status, output = self.container.exec_run(["sh", "-euc", script])
        assert status == 0, output.decode()
        return str(output.decode()).strip()

    def fails(self, script: str) -> str:
        status, output = self.container.exec_run(["sh", "-euc", script])
        assert status != 0, output.decode()
        return str(output.decode()).strip()


@dataclass
class Cloud:
    """What a test speaks to: the API as boto3, the hosts, and one pass of the loop."""

    ec2: Any
    rehearsal: Rehearsal
    start_host: Callable[[str], Any]
    detachments: Detachments
    hosts: list[Host] = field(default_factory=list)

    def host(self, command: str = "sleep infinity", **choices: Any) -> Host:
        """A running instance with its container."""
        made = self.ec2.run_instances(ImageId=AN_IMAGE, MinCount=1, MaxCount=1, **choices)["Instances"][0]
        self.hosts.append(Host(made["InstanceId"], self.start_host(command)))
        return self.hosts[-1]

    def volume(self, gib: int = 1, **choices: Any) -> str:
        made = self.ec2.create_volume(AvailabilityZone=f"{REGION}a", Size=gib, **choices)
        return str(made["VolumeId"])

    def attach(self, volume: str, host: Host, device: str = "/dev/sdf") -> None:
        self.ec2.attach_volume(VolumeId=volume, InstanceId=host.id, Device=device)

    def detach(self, volume: str, force: bool = False) -> None:
        self.ec2.detach_volume(VolumeId=volume, Force=force)

    def state(self, volume: str) -> str:
        """The state of its attachment, or its own."""
        (there,) = self.ec2.describe_volumes(VolumeIds=[volume])["Volumes"]
        return str(there["Attachments"][0]["State"] if there["Attachments"] else there["State"])

    def step(self) -> Report:
        """One pass that meets no problem."""
        report = self.tried()
        assert not report.problems
        return report

    def tried(self) -> Report:
        running = {host.id: host.pid for host in self.hosts if host.pid}
        report = reconcile(self.rehearsal, self.ec2, running, self.detachments.forced)
        self.detachments.settle(report)
        return report

    def disk(self, volume: str) -> Path:
        return self.rehearsal.state / "volumes" / f"{volume}.img"

    def copy(self, snapshot: str) -> Path:
        return self.rehearsal.state / "snapshots" / f"{snapshot}.img"

    def loop(self, volume: str) -> str:
        """The name of the volume's loop device, as losetup says; empty without."""
        words = ["losetup", "--associated", str(self.disk(volume)), "--output", "NAME", "--noheadings"]
        return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture(scope="session")
def control_plane() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def host_image(run_id: str, engine: docker.DockerClient) -> Iterator[str]:
    name = f"volumes-host:{run_id}"
    words = [
        "docker",
        "build",
        "--quiet",
        "--tag",
        name,
        "--file",
        HERE / "host.Dockerfile",
        ROOT / "images/host",
    ]
    subprocess.run(words, check=True, capture_output=True)
    yield name
    engine.images.remove(name, force=True)


@pytest.fixture
def start_host(engine: docker.DockerClient, host_image: str) -> Iterator[Callable[[str], Any]]:
    started: list[Any] = []

    def start(command: str) -> Any:
        container = engine.containers.run(
            host_image, command, detach=True, tty=True, privileged=True, cgroupns="private", environment=BOOT
        )
        started.append(container)
        return container

    yield start
    for container in started:
        container.remove(force=True)


@pytest.fixture
def rehearsal(tmp_path: Path, run_id: str) -> Rehearsal:
    return Rehearsal(name=run_id, folder=tmp_path)


@pytest.fixture
def cloud(control_plane: str, rehearsal: Rehearsal, start_host: Callable[[str], Any]) -> Iterator[Cloud]:
    detachments = patch_volumes(rehearsal)
    requests.post(f"{control_plane}/moto-api/reset", timeout=10)
    ec2 = boto3.client(
        "ec2",
        region_name=REGION,
        endpoint_url=control_plane,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    yield Cloud(ec2, rehearsal, start_host, detachments)
    ec2.close()
    remove_all(rehearsal)
