"""A stack of two hosts that stands, for the tests of what a person does with one day by day."""

import json
import os
import pty
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self

import docker
import pytest
from docker.models.containers import Container

from tests.conftest import LEFT_OUT, ROOT, remove_images
from tests.e2e.rehearsal.stacks import two_hosts
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    # It has the fixtures of this module.
    from tests.e2e.rehearsal.conftest import Cloud

STACK_FILE = two_hosts("daily", "10.216.0.0/16")
LINE_WITHIN_SECONDS = 30 * PATIENCE


@dataclass(frozen=True)
class Launcher:
    """`python -m ec2` about one stack file."""

    cloud: "Cloud"
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
    """A command that runs until Ctrl-C, at the latest until the context ends, and the lines it has said."""

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
        self.listening = threading.Thread(target=self.listen, args=[self.process.stdout], daemon=True)
        self.listening.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self.process:
            if self.process.poll() is None:
                self.process.kill()
            self.listening.join()

    def listen(self, said: IO[str]) -> None:
        for line in said:
            self.lines.put(line)

    def wait_for(self, pattern: str) -> str:
        """The first line from now on that has the pattern in it."""
        deadline = time.monotonic() + LINE_WITHIN_SECONDS
        while not re.search(pattern, line := self.lines.get(timeout=max(deadline - time.monotonic(), 0))):
            pass
        return line

    def interrupt(self) -> tuple[int, str]:
        """Ctrl-C; the exit status, and what was said on stderr."""
        self.process.send_signal(signal.SIGINT)
        assert self.process.stderr is not None
        complaint = self.process.stderr.read()
        self.listening.join()
        self.process.wait()
        return self.process.returncode, complaint


@pytest.fixture(scope="session")
def daily(
    cloud: "Cloud",
    image: Callable[[str], str],
    engine: docker.DockerClient,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Launcher]:
    """The launcher of a stack that stands until a test destroys it; most of its images are there already."""
    file = tmp_path_factory.mktemp("daily") / "stack.toml"
    file.write_text(STACK_FILE)
    launcher = Launcher(cloud, file)
    done = launcher("deploy", "--yes", "--uncommitted", "--json")
    assert done.returncode == 0, done.stderr
    yield launcher
    remove_images(engine, json.loads(done.stdout)["release"].partition("-")[2])


@pytest.fixture
def hosts(daily: Launcher) -> dict[str, Container]:
    """The containers that are the hosts, by name."""
    rows = status(daily)["hosts"]
    return {row["name"]: daily.cloud.containers.container(row["instance"]) for row in rows}


def status(launcher: Launcher) -> dict[str, Any]:
    return dict(json.loads(launcher("status", "--json").stdout))


def address(launcher: Launcher, name: str = "app") -> str:
    return next(str(row["address"]) for row in status(launcher)["hosts"] if row["name"] == name)


def on_host(host: Container, command: str) -> str:
    code, output = host.exec_run(["sh", "-c", command])
    assert code == 0, output.decode()
    return str(output.decode())
