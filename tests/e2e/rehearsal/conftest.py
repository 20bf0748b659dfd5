"""A local EC2 of this run's own, driven by the clients that people use, and nothing of it left at the end."""

import fcntl
import json
import os
import random
import shlex
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

import docker
import pytest
from botocore.exceptions import WaiterError

from ec2.rehearsal import process, trial
from ec2.rehearsal.control.clients import Clients, connect
from ec2.rehearsal.errors import RehearsalError
from ec2.rehearsal.machines.containers import Containers
from ec2.rehearsal.network import machine, names
from ec2.rehearsal.settings import FOLDER, LABEL, Rehearsal
from ec2.rehearsal.status import environment
from tests.conftest import ROOT
from tests.e2e.conftest import free_ports
from tests.e2e.rehearsal.daily import daily, hosts  # noqa: F401 - fixtures
from tests.e2e.rehearsal.rolling import rolling  # noqa: F401 - a fixture
from tests.waiting import PATIENCE, wait_until

QUICKLY = {"Delay": 1, "MaxAttempts": 180}
POOLS = [IPv4Network(f"198.18.{number}.0/24") for number in range(100, 120)]
Template = dict[str, Any]


@dataclass(frozen=True)
class Host:
    """A host that is reached by its address, perhaps through another; its keys are those on its console."""

    instance: str
    address: str
    folder: Path
    through: "Host | None" = None

    def ssh(self, *words: str) -> list[str]:
        """The command line that says the words to the host, or opens a shell there."""
        command, *options = trial.ssh(self.folder, self.address)
        if self.through:
            *hop, there = self.through.ssh()
            options = ["-o", f"ProxyCommand={shlex.join([*hop, '-W', '%h:%p', there])}", *options]
        return [command, *options, *words]

    def run(self, command: str, timeout_seconds: int = 120 * PATIENCE) -> str:
        """What the command printed on the host; it must succeed."""
        done = subprocess.run(
            self.ssh(command), capture_output=True, text=True, check=False, timeout=timeout_seconds
        )
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def reachable(self) -> bool:
        """Whether it can be logged in to."""
        return self.status("true") == 0

    def status(self, command: str) -> int:
        """What the command ends with, or ssh's 255 where the host cannot be logged in to."""
        *options, there = self.ssh()
        words = [*options, "-o", "ConnectTimeout=2", there, command]
        return subprocess.run(words, capture_output=True, check=False, timeout=30).returncode


@dataclass(frozen=True)
class Cloud:
    """A local EC2 that runs behind."""

    rehearsal: Rehearsal
    aws: Clients
    containers: Containers
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """What points AWS's own clients at it."""
        return {**os.environ, **environment(self.rehearsal), "AWS_PAGER": ""}

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `python -m ec2.rehearsal` about this cloud."""
        return subprocess.run(
            [sys.executable, "-m", "ec2.rehearsal", *self.rehearsal.words(), *words],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )

    def cli(self, *words: str) -> Any:
        """What AWS's command line gives, as plain values."""
        done = subprocess.run(
            [str(Path(sys.executable).parent / "aws"), *words, "--output", "json"],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    def start(self) -> None:
        """Have it run behind."""
        done = self.command("start")
        assert done.returncode == 0, done.stderr

    def log(self) -> str:
        """What it said."""
        return process.log_file(self.rehearsal).read_text()

    @property
    def public_key(self) -> str:
        """Whose logins the hosts admit."""
        return trial.key(self.folder)

    def launch(self, stack: str, template: Template, **parameters: str) -> dict[str, str]:
        """Create a stack; its outputs when it is complete."""
        stacks = self.aws("cloudformation")
        given = [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()]
        stacks.create_stack(
            StackName=stack,
            TemplateBody=json.dumps(template),
            Parameters=given,
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )
        try:
            stacks.get_waiter("stack_create_complete").wait(StackName=stack, WaiterConfig=QUICKLY)
        except WaiterError:
            events = stacks.describe_stack_events(StackName=stack)["StackEvents"]
            reasons = [e.get("ResourceStatusReason") for e in events if "FAILED" in e["ResourceStatus"]]
            raise AssertionError(f"{stack}: {reasons}\n{self.log()}") from None
        (found,) = stacks.describe_stacks(StackName=stack)["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}

    def delete(self, stack: str) -> None:
        """Delete a stack, and return when nothing of it is left."""
        stacks = self.aws("cloudformation")
        stacks.delete_stack(StackName=stack)
        stacks.get_waiter("stack_delete_complete").wait(StackName=stack, WaiterConfig=QUICKLY)

    def reach(self, instance: str, address: str, through: Host | None = None) -> Host:
        """The host of the instance, once it has booted."""
        folder = self.folder / instance
        if not folder.exists():
            folder.mkdir()
            for half in ("key", "key.pub"):
                (folder / half).write_text((self.folder / half).read_text())
                (folder / half).chmod(0o600)
        trial.pin_host_keys(self.aws, {"Address": address, "Host": instance}, folder)
        host = Host(instance, address, folder, through)
        wait_until(host.reachable, 60, f"{instance} at {address}")
        return host

    def wait_for(self, waiter: str, *instances: str) -> None:
        """Wait with boto3's own waiter of that name."""
        self.aws("ec2").get_waiter(waiter).wait(InstanceIds=list(instances), WaiterConfig=QUICKLY)


def opens(address: str, port: int) -> bool:
    """Whether a new connection is taken."""
    with socket.socket() as asking:
        asking.settimeout(1.5)
        try:
            asking.connect((address, port))
        except OSError:
            return False
        return True


def free_pool() -> IPv4Network:
    """Public addresses that no other cloud on this machine has; any, since another run may choose now too."""
    for pool in random.sample(POOLS, len(POOLS)):
        try:
            machine.check_range(pool, "none")
        except RehearsalError:
            continue
        return pool
    raise AssertionError("every pool is in use")


def nothing_left(rehearsal: Rehearsal) -> None:
    """No container, network, volume, interface, table, loop device or file of the cloud is here."""
    engine = docker.from_env()
    mine = {"label": f"{LABEL}={rehearsal.name}"}
    assert engine.containers.list(all=True, filters=mine) == []
    assert engine.networks.list(filters=mine) == []
    assert engine.volumes.list(filters=mine) == []
    engine.close()
    # The kernel lists a disk for a moment more where somebody looks at it just now.
    wait_until(lambda: not traces(rehearsal), 5, f"nothing left: {traces(rehearsal)}")
    assert not rehearsal.state.exists()


def traces(rehearsal: Rehearsal) -> list[str]:
    """What the kernel lists of the cloud."""
    listed = (
        ["nft", "list", "tables"],
        ["ip", "-brief", "link"],
        ["losetup", "--list", "--output", "BACK-FILE"],
    )
    said = "".join(
        subprocess.run(words, capture_output=True, text=True, check=True).stdout for words in listed
    )
    known = (
        names.table(rehearsal.name),
        names.bridge_prefix(rehearsal.name),
        names.pool_bridge(rehearsal.name),
        str(rehearsal.state),
    )
    return [line for line in said.splitlines() if any(trace in line for trace in known)]


@pytest.fixture(scope="session")
def alone() -> Iterator[None]:
    """One run at a time has clouds on this machine, since every run takes the same private ranges.

    What an earlier run left, because it was killed, goes first: whoever holds the lock is the only one alive.
    """
    with Path("/var/lock/rehearsal-tests").open("w") as lock:
        wait_until(lambda: locked(lock), 1200, "another run of these tests on this machine")
        for left in FOLDER.glob("test-*"):
            abandoned = [sys.executable, "-m", "ec2.rehearsal", "--name", left.name, "down"]
            subprocess.run(abandoned, cwd=ROOT, capture_output=True, check=True)
        yield


def locked(file: IO[str]) -> bool:
    """Whether the file's lock is ours now; it is let go when this process ends, however it ends."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@pytest.fixture(scope="session")
def new_cloud(alone: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Cloud]]:
    """Makes a local EC2 that runs; it is removed at the end, and nothing of it may be left."""
    made: list[Cloud] = []

    def make(*, bare: bool = False) -> Cloud:
        rehearsal = Rehearsal(f"test-{uuid4().hex[:8]}", free_ports(1)[0], free_pool(), bare=bare)
        containers = Containers(rehearsal, docker.from_env())
        cloud = Cloud(rehearsal, connect(rehearsal.endpoint), containers, tmp_path_factory.mktemp("cloud"))
        made.append(cloud)
        cloud.start()
        return cloud

    yield make
    for cloud in made:
        assert cloud.command("down").returncode == 0
        nothing_left(cloud.rehearsal)
        cloud.containers.client.close()


@pytest.fixture(scope="session")
def cloud(new_cloud: Callable[[], Cloud]) -> Cloud:
    """The local EC2 that most tests share; each makes its own VPC."""
    return new_cloud()
