"""A stack of two hosts day by day: looked at, listened to, entered, stopped, started, destroyed."""

import json
import os
import pty
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import docker
import pytest
from docker.models.containers import Container

from ec2.errors import SomethingLeft
from ec2.leftovers import prove_gone
from ec2.tunnel import TUNNELS
from tests.conftest import LEFT_OUT, ROOT
from tests.e2e.person import Person
from tests.e2e.rehearsal.conftest import Cloud, opens
from tests.waiting import wait_until

STACK_FILE = """
name = "daily"
region = "us-east-1"
admin = "my address"
network = "10.216.0.0/16"

[hosts.app]
roles = ["app", "database"]
instance_type = "t3.small"
zone = 1
root_volume_gib = 20
data_volumes_gib = { database = 1 }

[hosts.tools]
roles = ["jenkins", "monitoring"]
instance_type = "t3.medium"
zone = 1
root_volume_gib = 20
data_volumes_gib = { jenkins = 1, monitoring = 1 }
"""
HELP_COLUMNS = 80
LINE_WITHIN_SECONDS = 30


@dataclass(frozen=True)
class Launcher:
    """`python -m ec2` about one stack file."""

    cloud: Cloud
    file: Path

    def words(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "ec2", "--file", str(self.file), *words]

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, **self.cloud.environment, **LEFT_OUT}

    def __call__(self, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.words(*words),
            cwd=ROOT,
            env=self.environment,
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )

    def on_terminal(self, *words: str, typed: str = "") -> tuple[int, str]:
        """The exit status, and what a person at a terminal saw, who types that."""
        ours, theirs = pty.openpty()
        with subprocess.Popen(
            self.words(*words), cwd=ROOT, env=self.environment, stdin=theirs, stdout=theirs, stderr=theirs
        ) as running:
            os.close(theirs)
            os.write(ours, typed.encode())
            seen = b"".join(iter(lambda: read(ours), b""))
        os.close(ours)
        return running.returncode, seen.decode().replace("\r\n", "\n")


def read(terminal: int) -> bytes:
    """What came; nothing once nobody is at the other end, which Linux calls an error."""
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""


class Held:
    """A command that runs until Ctrl-C, and the lines it has said."""

    def __init__(self, launcher: Launcher, *words: str) -> None:
        self.process = subprocess.Popen(
            launcher.words(*words),
            cwd=ROOT,
            env=launcher.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: queue.Queue[str] = queue.Queue()
        assert self.process.stdout is not None
        threading.Thread(target=lambda said: [*map(self.lines.put, said)], args=[self.process.stdout]).start()

    def wait_for(self, pattern: str) -> str:
        """The first line from now on that has the pattern in it."""
        while not re.search(pattern, line := self.lines.get(timeout=LINE_WITHIN_SECONDS)):
            pass
        return line

    def interrupt(self) -> tuple[int, str]:
        """Ctrl-C; the exit status, and what was said on stderr."""
        self.process.send_signal(signal.SIGINT)
        assert self.process.stderr is not None
        complaint = self.process.stderr.read()
        return self.process.wait(30), complaint


@pytest.fixture(scope="module")
def launcher(
    cloud: Cloud,
    image: Callable[[str], str],
    engine: docker.DockerClient,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Launcher]:
    """The launcher of a stack that stands; most of its images were built for this run already."""
    file = tmp_path_factory.mktemp("daily") / "stack.toml"
    file.write_text(STACK_FILE)
    launcher = Launcher(cloud, file)
    done = launcher("deploy", "--yes", "--uncommitted", "--json")
    assert done.returncode == 0, done.stderr
    yield launcher
    tag = json.loads(done.stdout)["release"].partition("-")[2]
    for built in engine.images.list():
        for name in built.tags:
            if name.startswith("microblog/") and name.endswith(f":{tag}"):
                engine.images.remove(name, force=True)


@pytest.fixture
def hosts(launcher: Launcher) -> dict[str, Container]:
    """The containers that are the hosts, by name."""
    rows = status(launcher)["hosts"]
    return {row["name"]: launcher.cloud.containers.container(row["instance"]) for row in rows}


def status(launcher: Launcher) -> dict[str, Any]:
    return dict(json.loads(launcher("status", "--json").stdout))


def address(launcher: Launcher, name: str = "app") -> str:
    return next(str(row["address"]) for row in status(launcher)["hosts"] if row["name"] == name)


def on_host(host: Container, command: str) -> str:
    code, output = host.exec_run(["sh", "-c", command])
    assert code == 0, output.decode()
    return str(output.decode())


def test_every_command_says_what_it_does_within_80_columns(launcher: Launcher) -> None:
    overview = launcher("--help").stdout
    names = re.findall(r"^  (\w+)  ", overview.partition("Commands:")[2], re.MULTILINE)
    assert {"deploy", "destroy", "exec", "logs", "open", "ssh", "start", "status", "stop"} <= set(names)
    for text in (overview, *(launcher(name, "--help").stdout for name in names)):
        assert all(len(line) <= HELP_COLUMNS for line in text.splitlines()), text
    assert "..." not in overview.partition("Commands:")[2]


def test_status_of_a_stack_that_is_well(launcher: Launcher) -> None:
    done = launcher("status")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == f"all is well at http://{address(launcher)}/"
    found = status(launcher)
    assert found["well"]
    app, tools = found["hosts"]
    assert app["release"] == tools["release"]
    assert app["release"] in launcher("ssh", "app", "readlink", "/srv/stack/current").stdout
    assert [disk["mount_point"] for disk in app["disks"]] == ["/", "/srv/database"]
    assert all(0 < disk["used"] < disk["total"] for disk in app["disks"])
    assert {"mariadb", "microblog", "nginx", "prometheus"} <= {row["service"] for row in found["services"]}


def test_a_service_that_ended_is_named_with_its_last_words(
    launcher: Launcher, hosts: dict[str, Container]
) -> None:
    on_host(hosts["tools"], "docker stop microblog-alertmanager-1")
    done = launcher("status")
    on_host(hosts["tools"], "docker start microblog-alertmanager-1")
    assert done.returncode == 1
    assert "tools/alertmanager ended with status 0; the last it said:" in done.stdout
    assert "Received SIGTERM" in done.stdout
    assert "try: python -m ec2 logs alertmanager" in done.stdout
    wait_until(lambda: launcher("status").returncode == 0, 60, "alertmanager healthy")


def test_logs_of_all_hosts_are_in_order_of_time_and_without_colour(launcher: Launcher) -> None:
    done = launcher("logs", "--tail", "3", "nginx", "node_exporter")
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
    sources = [line.partition("|")[0].strip() for line in done.stdout.splitlines()]
    assert set(sources) == {"app/nginx", "app/node_exporter", "tools/node_exporter"}
    times = re.findall(r"^\S+/node_exporter +\| time=(\S+)", done.stdout, re.MULTILINE)
    assert len(times) == 6
    assert times == sorted(times)


def test_logs_since_a_moment_leave_out_what_was_before(launcher: Launcher) -> None:
    assert launcher("logs", "--since", "1s", "mariadb").stdout == ""
    assert launcher("logs", "--since", "2d", "mariadb").stdout != ""
    assert launcher("logs", "--since", "yesterday").returncode == 2


def test_a_service_that_is_not_there_is_answered_with_those_that_are(launcher: Launcher) -> None:
    done = launcher("logs", "ngnix")
    assert done.returncode == 1
    assert "there is no service 'ngnix'; there are: alertmanager," in done.stderr


def test_following_goes_on_through_a_new_container_and_leaves_nothing_behind(
    launcher: Launcher, hosts: dict[str, Container]
) -> None:
    listening = Held(launcher, "logs", "--follow", "--tail", "1", "nginx", "blackbox_exporter")
    listening.wait_for("tools/blackbox_exporter")
    urlopen(f"http://{address(launcher)}/?followed", timeout=10).read()
    listening.wait_for(r"app/nginx +\| .*followed")
    on_host(
        hosts["tools"],
        "cd /srv/stack/current && docker compose up --detach --no-build --no-deps --force-recreate blackbox_exporter",
    )
    listening.wait_for(r"tools/blackbox_exporter +\| .*[Ss]tarting")
    assert listening.interrupt() == (0, "")
    for host in hosts.values():
        wait_until(lambda host=host: "compose" not in on_host(host, "ps ax"), 15, "no log is read")  # type: ignore[misc]


def test_a_command_on_a_host_passes_its_exit_status_on(launcher: Launcher) -> None:
    assert launcher("ssh", "app", "exit 7").returncode == 7
    assert launcher("ssh", "app", "sh", "-c", "exit 8").returncode == 8
    assert launcher("ssh", "app", "echo one | tr o O; echo two").stdout == "One\ntwo\n"
    assert launcher("ssh", "app", "printf", "%s,", "a b", "-n").stdout == "a b,-n,"
    unknown = launcher("ssh", "web")
    assert unknown.returncode == 1
    assert "there is no host 'web'; there are: app, tools" in unknown.stderr


def test_a_shell_on_a_host_has_the_terminal(launcher: Launcher) -> None:
    code, seen = launcher.on_terminal("ssh", "app", typed="test -t 0 && echo it is a ${PWD#/home/}\nexit 5\n")
    assert "it is a admin" in seen
    assert code == 5


def test_a_command_in_a_service_reads_input_and_passes_its_exit_status_on(launcher: Launcher) -> None:
    asked = launcher("exec", "mariadb", "mariadb", "--skip-column-names", "microblog", given="select 41 + 1")
    assert (asked.returncode, asked.stdout) == (0, "42\n"), asked.stderr
    assert launcher("exec", "microblog", "sh", "-c", "exit 3").returncode == 3
    assert launcher("exec", "microblog", "test", "-t", "0").returncode == 1
    assert launcher.on_terminal("exec", "microblog", "test", "-t", "0")[0] == 0


def test_of_a_service_on_several_hosts_one_must_be_chosen(launcher: Launcher) -> None:
    unclear = launcher("exec", "node_exporter", "hostname")
    assert unclear.returncode == 1
    assert "node_exporter runs on several hosts: app, tools" in unclear.stderr
    assert launcher("exec", "--host", "tools", "node_exporter", "true").returncode == 0


def test_a_tunnel_leads_to_pages_that_have_no_port_in_the_world(launcher: Launcher) -> None:
    assert not opens(address(launcher, "tools"), 9090)
    with socket.socket() as somebody:
        somebody.bind(("127.0.0.1", 9090))
        somebody.listen()
        tunnel = Held(launcher, "open", "prometheus")
        here = tunnel.wait_for("http").strip()
    assert here.startswith("http://127.0.0.1:")
    assert here != "http://127.0.0.1:9090/"
    assert urlopen(f"{here}-/ready", timeout=10).status == 200
    assert tunnel.interrupt() == (0, "prometheus on tools, until Ctrl-C\nclosed\n")
    assert not opens("127.0.0.1", int(here.rstrip("/").rpartition(":")[2]))


def test_a_tunnel_to_what_was_left_out_is_an_error(launcher: Launcher) -> None:
    done = launcher("open", "grafana")
    assert done.returncode == 1
    assert "grafana was left out of this release" in done.stderr
    assert launcher("open", "microblog").returncode == 2


def test_the_passwords_are_where_the_tunnels_look_for_them(launcher: Launcher) -> None:
    for name in ("grafana", "jenkins"):
        found = launcher.cloud.aws("ssm").get_parameter(
            Name=TUNNELS[name].parameter("daily"), WithDecryption=True
        )
        assert len(found["Parameter"]["Value"]) > 15


def test_a_host_that_does_not_answer_is_a_row_and_the_others_go_on(
    launcher: Launcher, hosts: dict[str, Container]
) -> None:
    hosts["tools"].pause()
    try:
        shown, logged, entered = (
            launcher("status"),
            launcher("logs", "nginx"),
            launcher("ssh", "tools", "true"),
        )
        silent = status(launcher)["hosts"][1]
    finally:
        hosts["tools"].unpause()
    assert shown.returncode == 1
    assert "running, no answer" in shown.stdout
    assert (silent["state"], silent["reached"], silent["release"]) == ("running", False, None)
    assert logged.returncode == 0
    assert "app/nginx" in logged.stdout
    assert "tools (" in logged.stderr
    assert entered.returncode == 1


def test_stopping_asks_and_says_what_goes_on_costing(launcher: Launcher) -> None:
    code, seen = launcher.on_terminal("stop", typed="n\n")
    assert code == 1
    assert "Elastic IPs and volumes go on costing" in seen
    assert launcher("stop").returncode == 1
    assert status(launcher)["well"]


def test_a_host_that_is_protected_is_not_stopped_and_neither_are_others(launcher: Launcher) -> None:
    ec2, protected = launcher.cloud.aws("ec2"), status(launcher)["hosts"][1]["instance"]
    ec2.modify_instance_attribute(InstanceId=protected, DisableApiStop={"Value": True})
    done = launcher("stop", "--yes")
    ec2.modify_instance_attribute(InstanceId=protected, DisableApiStop={"Value": False})
    assert done.returncode == 1
    assert "tools: protected from being stopped, so nothing was stopped" in done.stderr
    assert status(launcher)["well"]


def test_what_was_stopped_comes_back_with_its_data_under_its_address(launcher: Launcher) -> None:
    before = address(launcher)
    ada = Person(f"http://{before}", "ada")
    ada.register()
    ada.post("before the night")
    stopped = launcher("stop", "--yes")
    assert stopped.returncode == 0, stopped.stderr
    assert [row["state"] for row in status(launcher)["hosts"]] == ["stopped", "stopped"]
    assert launcher("status").returncode == 1
    assert "every host of 'daily' is stopped already" in launcher("stop").stdout
    assert "app is stopped" in launcher("ssh", "app").stderr
    started = launcher("start")
    assert started.returncode == 0, started.stderr
    assert started.stdout == f"every service is healthy; the microblog is at http://{before}/\n"
    assert status(launcher)["well"]
    assert "before the night" in ada.reads("/")


def test_starting_what_runs_changes_nothing(launcher: Launcher, hosts: dict[str, Container]) -> None:
    before = on_host(hosts["app"], "docker ps --quiet --no-trunc")
    again = launcher("start")
    assert again.returncode == 0, again.stderr
    assert "every host runs already" in again.stderr
    assert on_host(hosts["app"], "docker ps --quiet --no-trunc") == before


def test_what_is_destroyed_is_proved_to_be_gone_and_what_is_kept_is_named(launcher: Launcher) -> None:
    done = launcher("destroy", "--yes")
    assert done.returncode == 0, done.stderr
    assert "the stack 'daily' is gone: nothing with its tag or name is left" in done.stdout
    rows = [line.split() for line in done.stdout.splitlines() if line.startswith("snap-")]
    assert sorted((host, role, size) for _, host, role, size, *_ in rows) == [
        ("app", "database", "1"),
        ("tools", "jenkins", "1"),
        ("tools", "monitoring", "1"),
    ]
    for id, *_ in rows:
        assert f"aws ec2 delete-snapshot --region us-east-1 --snapshot-id {id}" in done.stdout
    again = launcher("destroy", "--yes")
    assert again.returncode == 0, again.stderr
    assert [line.split() for line in again.stdout.splitlines() if line.startswith("snap-")] == rows


def test_what_is_left_that_should_not_be_is_an_error_that_lists_it(launcher: Launcher) -> None:
    aws, tags = launcher.cloud.aws, [{"Key": "Stack", "Value": "daily"}]
    tagged = [{"ResourceType": "volume", "Tags": tags}]
    volume = aws("ec2").create_volume(AvailabilityZone="us-east-1a", Size=1, TagSpecifications=tagged)[
        "VolumeId"
    ]
    aws("ssm").put_parameter(Name="/daily/app/forgotten", Value="x", Type="String")
    with pytest.raises(SomethingLeft) as raised:
        prove_gone(aws, "daily", lambda _: None, limit_seconds=3)
    assert raised.value.message.splitlines()[1:] == [
        "    parameter /daily/app/forgotten",
        f"    volume {volume}",
    ]
    aws("ec2").delete_volume(VolumeId=volume)
    aws("ssm").delete_parameter(Name="/daily/app/forgotten")
    prove_gone(aws, "daily", lambda _: None)
