"""A host's logs, ec2/host/logs.py, of containers of this machine's engine."""

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any

import docker
import pytest

from tests.conftest import ROOT
from tests.waiting import wait_until

SCRIPT = ROOT / "ec2/host/logs.py"
LINE = re.compile(r"(?P<name>\S+-\d+) \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z (?P<text>.*)")
WITHIN_SECONDS = 20

Start = Callable[..., Any]


@pytest.fixture
def start(run_id: str, engine: docker.DockerClient, image: Callable[[str], str]) -> Iterator[Start]:
    """Starts what a service's container says in a shell."""
    with ExitStack() as ends:

        def started(script: str, service: str = "said", number: int = 1, **choices: Any) -> Any:
            labels = {
                "com.docker.compose.project": run_id,
                "com.docker.compose.service": service,
                "com.docker.compose.container-number": str(number),
                "com.docker.compose.oneoff": str(choices.pop("oneoff", False)),
            }
            container = engine.containers.run(
                image("node_exporter"), entrypoint=["sh", "-c", script], labels=labels, detach=True, **choices
            )
            ends.callback(container.remove, force=True)
            return container

        yield started


def words(run_id: str, *chosen: str) -> list[str]:
    return [sys.executable, str(SCRIPT), run_id, *chosen]


def shown(run_id: str, *chosen: str) -> list[tuple[str, str]]:
    """The lines that are there: who said what."""
    done = subprocess.run(words(run_id, "now", *chosen), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return [told(line) for line in done.stdout.splitlines()]


def moments(container: Any) -> list[float]:
    """When each line was said, as Docker noted it."""
    lines = container.logs(timestamps=True).decode().splitlines()
    return [datetime.fromisoformat(line.split()[0]).timestamp() for line in lines]


def told(line: str) -> tuple[str, str]:
    match = LINE.fullmatch(line)
    assert match is not None, line
    return match["name"], match["text"]


@contextmanager
def followed(run_id: str, *chosen: str) -> Iterator["Queue[str]"]:
    """The texts as they come."""
    texts: Queue[str] = Queue()
    with subprocess.Popen(words(run_id, "follow", *chosen), stdout=subprocess.PIPE, text=True) as process:

        def listen() -> None:
            assert process.stdout is not None
            for line in process.stdout:
                if line != "\n":
                    texts.put(told(line.rstrip("\n"))[1])

        listening = Thread(target=listen)
        listening.start()
        try:
            yield texts
        finally:
            process.kill()
            listening.join()


def said(container: Any, text: str) -> None:
    """Wait until Docker has it."""
    wait_until(lambda: text in container.logs().decode().split(), 5, text)


def heard(texts: "Queue[str]", count: int) -> list[str]:
    return [texts.get(timeout=WITHIN_SECONDS) for _ in range(count)]


def test_what_was_said_on_either_stream_is_shown_by_service_and_number(run_id: str, start: Start) -> None:
    start("echo one; echo two >&2", "left").wait()
    start("echo three", "right", number=2).wait()
    start("echo not this", "other").wait()
    start("echo nor this", "left", oneoff=True).wait()
    lines = shown(run_id, "", "all", "left", "right")
    assert sorted(lines) == [("left-1", "one"), ("left-1", "two"), ("right-2", "three")]


def test_the_last_lines_are_those_of_each_container_and_since_a_moment_only_what_came_then(
    run_id: str, start: Start
) -> None:
    container = start("echo one; echo two; sleep 6; echo three")
    container.wait()
    assert shown(run_id, "", "2", "said") == [("said-1", "two"), ("said-1", "three")]
    two, three = moments(container)[1:]
    assert three - two > 5, "as long may Python take to start"
    assert shown(run_id, f"-{time.time() - two - 0.5:.1f}", "all", "said") == [("said-1", "three")]
    assert len(shown(run_id, "1", "all", "said")) == 3
    assert shown(run_id, "-0", "all", "said") == []


def test_a_line_that_docker_cuts_in_pieces_is_whole(run_id: str, start: Start) -> None:
    start("printf '%050000d\\n' 7; echo after").wait()
    assert shown(run_id, "", "all", "said") == [("said-1", f"{7:050000d}"), ("said-1", "after")]


def test_whoever_follows_hears_a_new_container_from_its_first_line_even_when_it_ends_at_once(
    run_id: str, start: Start
) -> None:
    """What is lost there is why it ended: Compose asks for the lines from the start's event on."""
    said(start("echo old; exec sleep 60"), "old")
    with followed(run_id, "", "0", "said") as texts:
        for turn in range(5):
            start(f"echo first {turn}; echo last {turn}", number=turn + 2)
            assert heard(texts, 2) == [f"first {turn}", f"last {turn}"]


def test_each_run_of_a_container_is_heard_once(run_id: str, start: Start) -> None:
    """Restarted by Docker as fast as it does, or by hand."""
    container = start("date +%s%N; exit 1", restart_policy={"Name": "on-failure", "MaximumRetryCount": 4})
    with followed(run_id, "", "all", "said") as texts:
        runs = heard(texts, 5)
        container.restart()
        runs += heard(texts, 5)
    assert runs == container.logs().decode().split()
    assert len(set(runs)) == 10


def test_whoever_follows_hears_the_last_lines_first_and_then_what_comes(run_id: str, start: Start) -> None:
    container = start(
        "trap 'echo three; echo four; exit' USR1; echo one; echo two; while :; do sleep .1; done"
    )
    said(container, "two")
    with followed(run_id, "", "1", "said") as texts:
        assert heard(texts, 1) == ["two"]
        container.kill("USR1")
        assert heard(texts, 2) == ["three", "four"]


def test_nothing_is_left_once_nobody_listens(run_id: str, start: Start) -> None:
    start("exec sleep 60")
    with subprocess.Popen(words(run_id, "follow", "", "all", "said"), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"\n"
        process.stdout.close()
        assert process.wait(timeout=WITHIN_SECONDS) == 0


def test_that_docker_does_not_answer_is_said(tmp_path: Path) -> None:
    elsewhere = tmp_path / "logs.py"
    elsewhere.write_text(SCRIPT.read_text().replace("/var/run/docker.sock", f"{tmp_path}/none.sock"))
    done = subprocess.run(
        [sys.executable, str(elsewhere), "none", "now", "", "all", "said"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "Docker does not answer: [Errno 2] No such file or directory" in done.stderr
