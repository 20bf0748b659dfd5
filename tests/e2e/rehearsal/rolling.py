"""A stack that is updated again and again from a checkout of its own, and how it must be after each try."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import docker
import pytest
from docker.models.containers import Container

from tests.conftest import LEFT_OUT, ROOT, remove_images
from tests.e2e.person import Person
from tests.e2e.rehearsal.stacks import two_hosts
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    # It has the fixtures of this module.
    from tests.e2e.rehearsal.conftest import Cloud

STACK_FILE = two_hosts("rolling", "10.218.0.0/16")
# What a release is made of, and what deploys it.
PARTS = ("compose", "ec2", "images", "prometheus", "grafana", "jenkins")
ENDS_WITHIN_SECONDS = 180 * PATIENCE
BETWEEN_LOOKS_SECONDS = 0.05


@dataclass(frozen=True)
class Checkout:
    """The project in a repository of its own, in which somebody commits."""

    folder: Path
    tags: list[str] = field(default_factory=list)

    def git(self, *words: str) -> str:
        who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
        done = ["git", "-C", str(self.folder), *who, *words]
        return subprocess.run(done, check=True, capture_output=True, text=True).stdout.strip()

    def begin(self) -> None:
        """Have what is here, as a first commit."""
        for part in PARTS:
            nothing_made = shutil.ignore_patterns("__pycache__", "secrets", "instance")
            shutil.copytree(ROOT / part, self.folder / part, ignore=nothing_made)
        # Somebody posts without a break while all of it is updated.
        self.change("compose/compose.yaml", "${WRITES_PER_MINUTE:-}", "1000000")
        (self.folder / ".gitignore").write_text((ROOT / ".gitignore").read_text())
        self.git("init", "--quiet")
        self.commit()

    def commit(self) -> str:
        """Commit what has changed; the commit as a release's id has it."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "a change")
        self.tags.append(self.git("describe", "--always", "--abbrev=12"))
        return self.tags[-1]

    def change(self, path: str, old: str, new: str) -> None:
        """Change a text that is there."""
        file = self.folder / path
        text = file.read_text()
        assert old in text, f"{old!r} is not in {path}"
        file.write_text(text.replace(old, new))

    def append(self, path: str, text: str) -> None:
        """Add to the end of a text that is there."""
        with (self.folder / path).open("a") as file:
            file.write(text)

    def mark(self, word: str) -> str:
        """Commit a page that says the word."""
        self.change("images/microblog/microblog/templates/layout.html", "<body", f"<!-- {word} --><body")
        return self.commit()


class Try:
    """A command of the launcher that runs, and what it has said."""

    def __init__(self, words: list[str], folder: Path, environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            words, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        self.lines: list[str] = []
        self.listening = threading.Thread(target=self.listen, daemon=True)
        self.listening.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        self.end()

    def listen(self) -> None:
        for line in self.process.stderr or ():
            self.lines.append(line)

    @property
    def said(self) -> str:
        return "".join(self.lines)

    def wait_for(self, reached: Callable[[], bool]) -> None:
        """Return as soon as it holds; the command must run until then."""
        deadline = time.monotonic() + ENDS_WITHIN_SECONDS
        while not reached():
            assert self.process.poll() is None, f"it ended before that:\n{self.said}"
            assert time.monotonic() < deadline, f"not reached:\n{self.said}"
            time.sleep(BETWEEN_LOOKS_SECONDS)

    def wait_to_say(self, pattern: str) -> None:
        self.wait_for(lambda: re.search(pattern, self.said) is not None)

    def kill(self) -> None:
        """As the kernel does it when memory runs out."""
        self.process.send_signal(signal.SIGKILL)
        self.end()

    def end(self) -> int:
        """Its exit status, once it has ended."""
        status = self.process.wait(ENDS_WITHIN_SECONDS)
        self.listening.join()
        if self.process.stderr:
            self.process.stderr.close()
        return status

    def cut(self, address: str) -> None:
        """Cut its connection to a host, as a network does that forgets it."""
        for process in descendants(self.process.pid):
            words = command_line(process)
            if words[0] == "ssh" and "ControlMaster=yes" in words and words[-2].endswith(f"@{address}"):
                os.kill(process, signal.SIGKILL)
                return
        raise AssertionError(f"no connection to {address}:\n{self.said}")


def command_line(process: int) -> list[str]:
    """The words that a process was started with; one without any where it is gone by now."""
    try:
        return Path(f"/proc/{process}/cmdline").read_text().split("\0")
    except (FileNotFoundError, ProcessLookupError):
        return [""]


def descendants(process: int) -> Iterator[int]:
    """The processes that a process started, and those that they did."""
    listed = ["pgrep", "--parent", str(process)]
    for child in subprocess.run(listed, capture_output=True, text=True, check=False).stdout.split():
        yield int(child)
        yield from descendants(int(child))


@dataclass(frozen=True)
class Rolling:
    """`python -m ec2`, run in the checkout, about one stack."""

    cloud: "Cloud"
    file: Path
    checkout: Checkout

    def words(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "ec2", "--file", str(self.file), *words]

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, **self.cloud.environment, **LEFT_OUT}

    def __call__(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.words(*words),
            cwd=self.checkout.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def start(self, *words: str) -> Try:
        """Run a command behind."""
        return Try(self.words(*words), self.checkout.folder, self.environment)

    def deploy(self) -> dict[str, Any]:
        """Deploy what is committed, without any help; the report."""
        done = self("deploy", "--yes", "--json")
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout))

    def fail(self, *words: str) -> str:
        """Deploy what cannot be; all that was said, which has the words and nobody's insides."""
        done = self("deploy", "--yes")
        refused(done.returncode, done.stderr, *words)
        return done.stderr

    def instance(self, name: str) -> dict[str, Any]:
        """What EC2 says of a host."""
        wanted = {"tag:Stack": "rolling", "tag:Host": name, "instance-state-name": "running"}
        filters = [{"Name": key, "Values": [value]} for key, value in wanted.items()]
        (row,) = self.cloud.aws("ec2").describe_instances(Filters=filters)["Reservations"]
        return dict(row["Instances"][0])

    def host(self, name: str) -> Container:
        """The container that is the host."""
        return self.cloud.containers.container(self.instance(name)["InstanceId"])

    def on(self, name: str, command: str) -> str:
        """What a command prints on a host, said by Docker and not by SSH."""
        status, said = self.host(name).exec_run(["sh", "-c", command])
        assert status == 0, f"{command}: {said.decode()}"
        return str(said.decode().strip())

    @property
    def address(self) -> str:
        return f"http://{self.instance('app')['PublicIpAddress']}"

    def serving(self, name: str) -> str:
        """The release that a host says it runs."""
        return self.on(name, "basename $(readlink /srv/stack/current || true)")

    def releases(self) -> dict[str, Any]:
        return dict(json.loads(self("releases", "--json").stdout))

    def check(self, release: str) -> None:
        """Every host runs the release and nothing else, and all of it is well."""
        state = self("status")
        assert state.returncode == 0, state.stdout + state.stderr
        known = self.releases()
        assert known["serving"] == {"app": release, "tools": release}
        assert [one["outcome"] for one in known["entries"] if one["release"] == release][-1] == "done"
        assert self.on("app", MICROBLOGS).count("\n") == 0
        assert self.on("app", RULES.format(service="microblog", chain="INPUT")) == "-P INPUT ACCEPT"
        assert self.on("app", RULES.format(service="nginx", chain="OUTPUT")) == "-P OUTPUT ACCEPT"
        page = Person(self.address, "nobody").get("/explore")
        assert page.status_code == 200


CONTAINER = "docker ps --all --quiet --filter label=com.docker.compose.service={service}"
MICROBLOGS = CONTAINER.format(service="microblog")
RULES = (
    "nsenter --net --target $(docker inspect --format '{{{{.State.Pid}}}}' $("
    + CONTAINER
    + ")) iptables --list-rules {chain}"
)


def refused(status: int, said: str, *words: str) -> None:
    """It failed, said all of the words and what to do, and showed nobody its insides."""
    assert status == 1, said
    assert "Traceback" not in said
    for word in (*words, "\ntry: "):
        assert word in said, f"{word!r} is not in:\n{said}"


@pytest.fixture(scope="session")
def rolling(
    cloud: "Cloud", engine: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Rolling]:
    """The launcher in a checkout of its own; nothing is deployed yet."""
    folder = tmp_path_factory.mktemp("rolling")
    (folder / "stack.toml").write_text(STACK_FILE)
    checkout = Checkout(folder / "project")
    checkout.begin()
    yield Rolling(cloud, folder / "stack.toml", checkout)
    remove_images(engine, *checkout.tags)
