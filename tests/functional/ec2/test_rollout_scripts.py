"""The steps of a roll-out on this machine's own engine: what serves, what goes back, what is left behind."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from ec2.ledger import Entry, read_entries
from ec2.rollout import step_words
from tests.conftest import NEEDS_ROOT

# A step closes a microblog's port to new connections, inside the network of its container.
pytestmark = NEEDS_ROOT

# Stands in for the microblog as far as the steps know it: a service of that name that listens on port 8000.
COMPOSE = """
services:
  microblog:
    image: debian:trixie-slim
    init: true
    command: [sh, -c, "{microblog}"]
    healthcheck: {{test: [CMD, test, -e, /ok], interval: 1s, retries: 3}}
  page:
    image: debian:trixie-slim
    init: true
    command: [sh, -c, "{page}"]
    healthcheck: {{test: [CMD, test, -e, /ok], interval: 1s, retries: 3}}
  left_out:
    image: 127.0.0.1:9/nobody:has-it
"""
WELL, SICK = "touch /ok; sleep 300", "echo no database; sleep 300"


@dataclass(frozen=True)
class Host:
    """This machine as a host: its folder of releases and the project's name."""

    root: Path
    project: str

    def place(self, release: str, microblog: str = WELL, page: str = WELL) -> None:
        """Have a release here, as its archive would bring it."""
        folder = self.root / "releases" / release
        folder.mkdir(parents=True)
        (folder / "compose.yaml").write_text(COMPOSE.format(microblog=microblog, page=page))
        (folder / "services").write_text("microblog\npage\n")

    @property
    def environment(self) -> dict[str, str]:
        """Where the steps find what is elsewhere on a host."""
        return {
            "COMPOSE_PROJECT_NAME": self.project,
            "STEP": str(self.root / "step"),
            "TEXTFILES": str(self.textfiles),
        }

    @property
    def textfiles(self) -> Path:
        """Where node_exporter would look."""
        return self.root / "textfiles"

    def step(self, script: str, release: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Take one step."""
        return subprocess.run(
            step_words(script, release, *arguments, root=str(self.root)),
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def take(self, *steps: str, release: str) -> None:
        """Take steps that must succeed."""
        for name in steps:
            done = self.step(name, release, *arguments(name, release))
            assert done.returncode == 0, done.stderr

    def roll_out(self, release: str) -> None:
        """All steps of a deployment that succeeds."""
        self.take("prepare.sh", "replace.sh", "switch.sh", "finish.sh", release=release)

    def containers(self, service: str) -> list[str]:
        """The running containers of a service, the oldest first."""
        words = ["docker", "ps", "--quiet", "--no-trunc"]
        for label in (f"project={self.project}", f"service={service}"):
            words += ["--filter", f"label=com.docker.compose.{label}"]
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()[::-1]

    @property
    def current(self) -> str:
        """The release that serves."""
        return (self.root / "current").resolve().name


def arguments(script: str, release: str) -> tuple[str, ...]:
    entry = Entry("deploy", release, "abc", "2026-11-24T00:00:00+00:00", "ada@desk")
    return {
        "prepare.sh": ("kept", entry.line(), "mariadb"),
        "finish.sh": (entry.done({"rollout": 1.0}, 5).line(),),
        "go_back.sh": (entry.failed("sick").line(),),
    }.get(script, ())


@pytest.fixture
def host(image: object, tmp_path: Path) -> Iterator[Host]:
    name = f"test-{uuid4().hex[:8]}"
    (tmp_path / "secrets").mkdir()
    yield Host(tmp_path, name)
    left = ["docker", "ps", "--all", "--quiet", "--filter", f"label=com.docker.compose.project={name}"]
    for container in subprocess.run(left, capture_output=True, text=True, check=True).stdout.split():
        subprocess.run(["docker", "rm", "--force", container], capture_output=True, check=True)
    subprocess.run(["docker", "network", "rm", f"{name}_default"], capture_output=True, check=False)


def closed(container: str) -> bool:
    """Whether the container refuses new connections."""
    pid = subprocess.run(
        ["docker", "inspect", "--format", "{{.State.Pid}}", container],
        capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    rules = subprocess.run(
        ["nsenter", "--target", pid, "--net", "iptables", "--list-rules", "INPUT"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return "--dport 8000" in rules


def test_the_new_microblog_takes_over_beside_the_old_one_and_the_rest_stays(host: Host) -> None:
    host.place("1")
    host.roll_out("1")
    (old,), page = host.containers("microblog"), host.containers("page")
    host.place("2", microblog="echo new; " + WELL)
    host.take("prepare.sh", release="2")
    first, second = host.containers("microblog")
    assert (first, closed(first), closed(second)) == (old, False, True)
    assert host.current == "1"
    host.take("replace.sh", "switch.sh", release="2")
    assert (closed(first), closed(second)) == (True, False)
    assert host.current == "2"
    host.take("finish.sh", release="2")
    assert host.containers("microblog") == [second]
    assert host.containers("page") == page


def test_a_sick_microblog_never_takes_over_and_says_why(host: Host) -> None:
    host.place("1")
    host.roll_out("1")
    serving = host.containers("microblog")
    host.place("2", microblog=SICK)
    failed = host.step("prepare.sh", "2", *arguments("prepare.sh", "2"))
    assert failed.returncode == 1
    assert "microblog is running, unhealthy:\n    no database" in failed.stderr
    host.take("go_back.sh", release="2")
    assert host.containers("microblog") == serving
    assert host.current == "1"
    assert not (host.root / "releases" / "2").exists()


def test_another_service_that_gets_sick_goes_back_and_the_microblog_with_it(host: Host) -> None:
    host.place("1")
    host.roll_out("1")
    serving = host.containers("microblog")
    host.place("2", microblog="echo new; " + WELL, page=SICK)
    host.take("prepare.sh", release="2")
    failed = host.step("replace.sh", "2")
    assert failed.returncode == 1
    assert "page is running, unhealthy:\n    no database" in failed.stderr
    host.take("go_back.sh", release="2")
    assert host.containers("microblog") == serving
    (page,) = host.containers("page")
    assert subprocess.run(["docker", "exec", page, "test", "-e", "/ok"], check=False).returncode == 0


def test_it_goes_back_also_after_the_switch_and_twice(host: Host) -> None:
    host.place("1")
    host.roll_out("1")
    serving = host.containers("microblog")
    host.place("2", microblog="echo new; " + WELL)
    host.take("prepare.sh", "replace.sh", "switch.sh", release="2")
    host.take("go_back.sh", "go_back.sh", release="2")
    assert host.containers("microblog") == serving
    assert not closed(serving[0])
    assert host.current == "1"


def test_a_host_that_ran_nothing_runs_nothing_again(host: Host) -> None:
    host.place("1", microblog=SICK)
    assert host.step("prepare.sh", "1", *arguments("prepare.sh", "1")).returncode == 1
    host.take("go_back.sh", release="1")
    assert host.containers("microblog") == host.containers("page") == []
    assert not (host.root / "current").exists()


def test_what_a_killed_deployment_left_is_cleared_by_the_next_one(host: Host) -> None:
    host.place("1")
    host.roll_out("1")
    host.place("2", microblog="echo broken off; " + WELL)
    host.take("prepare.sh", release="2")
    host.place("3", microblog="echo next; " + WELL)
    host.roll_out("3")
    (serving,) = host.containers("microblog")
    assert not closed(serving)
    assert {folder.name for folder in (host.root / "releases").iterdir()} == {"1", "3"}


def test_a_step_that_still_runs_is_ended_by_the_next_one(host: Host) -> None:
    host.place("1", microblog=SICK)
    words = step_words("prepare.sh", "1", *arguments("prepare.sh", "1"), root=str(host.root))
    with subprocess.Popen(words, env={**os.environ, **host.environment}, stdin=subprocess.DEVNULL) as waiting:
        while not host.containers("microblog"):
            assert waiting.poll() is None
        host.take("go_back.sh", release="1")
        assert waiting.wait(10) != 0
    assert host.containers("microblog") == []


def test_rolling_back_needs_a_release_that_is_kept(host: Host) -> None:
    refused = host.step("prepare.sh", "gone", *arguments("prepare.sh", "gone"))
    assert refused.returncode == 1
    assert "the release gone is not kept on this host" in refused.stderr


def test_the_ledger_tells_how_each_deployment_ended_and_five_releases_stay(host: Host) -> None:
    for number in range(1, 8):
        host.place(f"{number}")
        host.roll_out(f"{number}")
    entries = read_entries((host.root / "ledger").read_text().splitlines())
    assert [(entry.release, entry.outcome) for entry in entries] == [(f"{n}", "done") for n in range(1, 8)]
    assert {folder.name for folder in (host.root / "releases").iterdir()} == set("34567")
    assert json.loads((host.root / "ledger").read_text().splitlines()[0])["outcome"] == "begun"


def test_prometheus_is_told_how_each_deployment_ended_and_what_serves(host: Host) -> None:
    host.place("1")
    host.roll_out("1")
    host.place("2", microblog=SICK)
    assert host.step("prepare.sh", "2", *arguments("prepare.sh", "2")).returncode == 1
    host.take("go_back.sh", "go_back.sh", release="2")
    lines = (host.textfiles / "deployments.prom").read_text().splitlines()
    assert 'stack_deployments_total{action="deploy",outcome="done"} 1' in lines
    assert 'stack_deployments_total{action="deploy",outcome="failed"} 1' in lines
    assert 'stack_deployment_stage_seconds{action="deploy",stage="rollout"} 1' in lines
    assert 'stack_release_info{release="1",commit="abc"} 1' in lines
    assert [file.name for file in host.textfiles.iterdir()] == ["deployments.prom"]
    assert (host.textfiles / "deployments.prom").stat().st_mode & 0o777 == 0o644, (
        "its reader is somebody else"
    )


def test_a_full_disk_fails_no_step_and_leaves_what_prometheus_was_told(host: Host) -> None:
    host.textfiles.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8k", "tmpfs", host.textfiles], check=True)
    try:
        host.place("1")
        host.roll_out("1")
        told = (host.textfiles / "deployments.prom").read_text()
        with (host.textfiles / "filler").open("wb", buffering=0) as filler, suppress(OSError):
            while filler.write(b"x" * 512):
                pass
        host.place("2")
        host.roll_out("2")
        assert host.current == "2"
        assert (host.textfiles / "deployments.prom").read_text() == told
        assert {file.name for file in host.textfiles.iterdir()} == {"deployments.prom", "filler"}
    finally:
        subprocess.run(["umount", host.textfiles], check=True)
