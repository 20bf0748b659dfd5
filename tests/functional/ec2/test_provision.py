"""A bare Debian 13 becomes a host of the stack, and stays one."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import pytest

from ec2.errors import CommandFailed
from ec2.inventory import Volume
from ec2.provision import provision_host
from ec2.rehearsal.volumes import filesystems, loops, nodes
from tests.conftest import NEEDS_ROOT
from tests.functional.ec2.conftest import Machine
from tests.waiting import wait_until

# Volumes are loop devices.
pytestmark = NEEDS_ROOT
MIB = 1024**2
# Everything that a bare host with one volume lacks.
CHANGES = {
    "file /etc/ssh/sshd_config.d/10-stack.conf",
    "file /usr/local/sbin/print-host-keys",
    "file /etc/systemd/system/print-host-keys.service",
    "file /etc/systemd/journald.conf.d/50-stack.conf",
    "file system on {volume}",
    "file /etc/fstab",
    "mounted {volume} at /srv/database",
    "file /etc/systemd/system/docker.service.d/50-volumes.conf",
    "package docker.io",
    "file /etc/docker/daemon.json",
    "file /etc/apt/apt.conf.d/91stack-upgrades",
    "folder /srv/stack",
    "folder /srv/stack/releases",
    "folder /srv/stack/secrets",
    "folder /var/lib/prometheus/node-exporter",
}
HOLD_LISTS = """
import fcntl, signal
held = open("/var/lib/apt/lists/lock", "w")
fcntl.lockf(held, fcntl.LOCK_EX)
open("/tmp/holding", "w").close()
signal.pause()
"""


@dataclass
class Disk:
    """An EBS volume: a file behind a loop device, known in the host as udev would make it known."""

    volume: Volume
    file: Path
    device: Path

    def attach(self, machine: Machine) -> None:
        """Have the host see it; again after each start."""
        machine.container.reload()
        process = machine.container.attrs["State"]["Pid"]
        node = nodes.Node("nvme1n1", loops.minor(self.device))
        nodes.place(process, self.volume.id, node, filesystems.properties(self.device))
        nodes.announce(process)

    def resize(self, mib: int) -> None:
        with self.file.open("r+b") as file:
            file.truncate(mib * MIB)
        loops.refresh_size(self.device)


@dataclass(frozen=True)
class Provisioning:
    """The first time, while somebody else held apt's lock, and the second."""

    machine: Machine
    disk: Disk
    progress: list[str]
    first: tuple[str, ...]
    second: tuple[str, ...]


@pytest.fixture(scope="module")
def new_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Disk]]:
    made: list[Disk] = []

    def make() -> Disk:
        file = tmp_path_factory.mktemp("volume") / "disk"
        file.touch()
        with file.open("r+b") as opened:
            opened.truncate(64 * MIB)
        volume = Volume(f"vol-{uuid4().hex[:17]}", "/srv/database")
        made.append(Disk(volume, file, loops.attach(file)))
        return made[-1]

    yield make
    for disk in made:
        loops.detach(disk.device)


@pytest.fixture(scope="module")
def provisioned(new_machine: Callable[..., Machine], new_disk: Callable[[], Disk]) -> Provisioning:
    """A bare host with an empty volume, provisioned twice; apt's lists are locked until it is waited for."""
    disk = new_disk()
    machine = new_machine(volumes=(disk.volume,))
    disk.attach(machine)
    machine.container.exec_run(["python3", "-c", HOLD_LISTS], detach=True)
    wait_until(lambda: holding(machine), 10, "the lock held")
    progress: list[str] = []

    def listen(line: str) -> None:
        progress.append(line)
        if "waiting: " in line:
            machine.container.exec_run(["pkill", "-f", "^python3 -c"])

    with machine.session() as session:
        first = provision_host(session, listen)
        second = provision_host(session, progress.append)
        return Provisioning(machine, disk, progress, first.changes, second.changes)


def holding(machine: Machine) -> bool:
    return machine.inside("test -e /tmp/holding && echo yes || true") == "yes"


def test_the_first_time_changes_what_a_bare_host_lacks_and_says_what(provisioned: Provisioning) -> None:
    assert set(provisioned.first) == {line.format(volume=provisioned.disk.volume.id) for line in CHANGES}
    assert len(provisioned.first) == len(CHANGES), "each change is told once"


def test_the_second_time_changes_nothing(provisioned: Provisioning) -> None:
    assert provisioned.second == ()


def test_somebody_elses_lock_on_apt_is_waited_for(provisioned: Provisioning) -> None:
    (waited,) = [line for line in provisioned.progress if "waiting: " in line]
    assert waited.startswith("app: docker: waiting: E: Could not get lock /var/lib/apt/lists/lock.")


def test_docker_lets_containers_live_bounds_logs_and_listens_on_no_port(provisioned: Provisioning) -> None:
    inside = provisioned.machine.inside
    assert inside("docker info --format '{{.LiveRestoreEnabled}} {{.LoggingDriver}}'") == "true json-file"
    assert inside("systemctl is-enabled docker containerd unattended-upgrades").split() == ["enabled"] * 3
    listening = inside("ss --no-header --listening --tcp --numeric '! src 127.0.0.0/8'").splitlines()
    assert {line.split()[3].rpartition(":")[2] for line in listening} == {"22"}


def test_only_keys_open_the_door_and_never_roots(provisioned: Provisioning) -> None:
    options = provisioned.machine.inside("sshd -T").splitlines()
    expected = {
        "passwordauthentication no",
        "kbdinteractiveauthentication no",
        "permitrootlogin no",
        "allowagentforwarding no",
        "allowtcpforwarding yes",
        "gatewayports no",
        "maxsessions 30",
        "maxstartups 30:30:100",
    }
    assert expected <= set(options)


def test_secrets_have_a_folder_that_root_alone_enters(provisioned: Provisioning) -> None:
    assert provisioned.machine.inside("stat --format '%a %U' /srv/stack/secrets") == "700 root"


def test_upgrades_are_for_security_alone(provisioned: Provisioning) -> None:
    dump = provisioned.machine.inside("apt-config dump Unattended-Upgrade::Origins-Pattern")
    origins = [line for line in dump.splitlines() if "::Origins-Pattern::" in line]
    assert len(origins) == 1
    assert "codename=${distro_codename}-security" in origins[0]


def test_settings_of_others_stay_in_dockers_and_its_containers_survive(provisioned: Provisioning) -> None:
    machine = provisioned.machine
    machine.inside('echo \'{"labels": ["ours=no"]}\' >/etc/docker/daemon.json && systemctl restart docker')
    with machine.session() as session:
        assert provision_host(session, lambda _: None).changes == ("file /etc/docker/daemon.json",)
        settings = json.loads(machine.inside("cat /etc/docker/daemon.json"))
        assert settings["labels"] == ["ours=no"]
        assert settings["live-restore"] is True
        assert machine.inside("docker info --format '{{.LiveRestoreEnabled}}'") == "true"


def test_an_engine_that_strangers_can_reach_is_refused(provisioned: Provisioning) -> None:
    machine = provisioned.machine
    kept = machine.inside("cat /etc/docker/daemon.json")
    machine.inside('echo \'{"hosts": ["tcp://0.0.0.0:2375"]}\' >/etc/docker/daemon.json')
    with machine.session() as session, pytest.raises(CommandFailed, match="listen on the network"):
        provision_host(session, lambda _: None)
    machine.inside(f"cat >/etc/docker/daemon.json <<'END'\n{kept}\nEND")


def test_a_volume_that_grew_is_used_to_its_end(provisioned: Provisioning) -> None:
    volume = provisioned.disk.volume.id
    provisioned.machine.inside("echo kept >/srv/database/post")
    provisioned.disk.resize(128)
    heard: list[str] = []
    with provisioned.machine.session() as session:
        changes = provision_host(session, heard.append).changes
    if may_resize():
        assert changes == (f"grown {volume}",)
    else:
        assert changes == ()
        assert f"app: {volume} stays as small as it was: resize2fs: Permission denied" in " ".join(heard)
    size = provisioned.machine.inside("df --output=size --block-size=1M /srv/database | tail -n 1")
    assert (int(size) > 100) is may_resize()
    assert provisioned.machine.inside("cat /srv/database/post") == "kept"


def may_resize() -> bool:
    """Whether root has CAP_SYS_RESOURCE, which growing a mounted file system takes: not on every machine."""
    status = Path("/proc/self/status").read_text()
    (mask,) = [line.split()[1] for line in status.splitlines() if line.startswith("CapEff:")]
    return bool(int(mask, 16) >> 24 & 1)


def test_a_volume_with_anything_on_it_is_never_formatted(
    provisioned: Provisioning, new_disk: Callable[[], Disk]
) -> None:
    foreign = new_disk()
    # A partition table: no file system, and not nothing.
    table = b"\0" * 446 + bytes.fromhex("000000008300000000080000f8ff0100") + b"\0" * 48 + b"\x55\xaa"
    foreign.device.write_bytes(table)
    machine = provisioned.machine
    process = machine.container.attrs["State"]["Pid"]
    nodes.place(process, foreign.volume.id, nodes.Node("nvme2n1", loops.minor(foreign.device)), {})
    host = replace(machine.host, volumes=(Volume(foreign.volume.id, "/srv/jenkins"),))
    refused = pytest.raises(CommandFailed, match=f"{foreign.volume.id} is not empty")
    with replace(machine, host=host).session() as session, refused:
        provision_host(session, lambda _: None)
    assert foreign.device.read_bytes()[:512] == table
    nodes.remove(process, foreign.volume.id, nodes.Node("nvme2n1", loops.minor(foreign.device)))


def test_little_memory_without_swap_is_told_and_no_obstacle(provisioned: Provisioning) -> None:
    machine = provisioned.machine
    machine.inside("echo 'MemTotal: 970000 kB' >/tmp/meminfo && mount --bind /tmp/meminfo /proc/meminfo")
    heard: list[str] = []
    with machine.session() as session:
        assert provision_host(session, heard.append).changes == ()
    machine.inside("umount /proc/meminfo && test ! -e /swapfile")
    assert [line for line in heard if "no swap for 947 MiB of memory: /swapfile cannot be used here" in line]


def test_after_a_restart_docker_and_data_are_back_and_the_keys_on_the_console(
    provisioned: Provisioning,
) -> None:
    machine, disk = provisioned.machine, provisioned.disk
    machine.inside("echo kept >/srv/database/post")
    printed = machine.container.logs().count(b"BEGIN SSH HOST KEY KEYS")
    machine.reboot()
    disk.attach(machine)
    with machine.session() as session:
        wait_until(lambda: active(machine), 30, "Docker after the restart")
        assert session.run(["cat", "/srv/database/post"]) == "kept\n"
        assert provision_host(session, lambda _: None).changes == ()
    keys = b"BEGIN SSH HOST KEY KEYS"
    wait_until(lambda: machine.container.logs().count(keys) == printed + 1, 10, "the keys on the console")


def active(machine: Machine) -> bool:
    return machine.inside("systemctl is-active docker || true") == "active"


def test_a_first_boot_that_failed_is_shown_with_the_end_of_its_log(
    new_machine: Callable[..., Machine],
) -> None:
    broken = new_machine("jenkins", user_data="runcmd: [[sh, -c, 'echo the very reason; exit 3']]\n")
    heard: list[str] = []
    with broken.session() as session, pytest.raises(CommandFailed) as failed:
        provision_host(session, heard.append)
    assert "jenkins: the very reason" in heard
    assert "cloud-init failed: ('scripts-user', RuntimeError('Runparts: 1 failures" in failed.value.message
    assert broken.inside("command -v dockerd || true") == ""
