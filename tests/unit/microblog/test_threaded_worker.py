"""gunicorn's worker, in gunicorn."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest
import requests

from tests.waiting import wait_until

IMAGE = Path(__file__).parents[3] / "images/microblog"
APP = """
import os, tempfile, time

def app(environ, start_response):
    if environ["PATH_INFO"] == "/slow":
        tempfile.mkstemp(prefix="begun-", dir=".")
        while not os.path.exists("go"):
            time.sleep(0.05)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]
"""
CONFIGURATION = """
import os, time
from microblog import threaded_worker

wsgi_app = "served:app"
worker_class = "microblog.threaded_worker.ThreadedWorker"
bind = "127.0.0.1:0"
control_socket_disable = True

def post_fork(_server, worker):
    if str(worker.age) == os.environ.get("SLOW_TO_START"):
        time.sleep(5)
"""
# gunicorn kills after 30 s.
ENDS_BY_ITSELF_SECONDS = 20


class Server:
    """gunicorn, serving; the worker's limits are as said, or its own."""

    def __init__(self, folder: Path, workers: int, threads: int, **limits: float) -> None:
        self.folder = folder
        lines = [f"threaded_worker.{name} = {seconds}\n" for name, seconds in limits.items()]
        (folder / "served.py").write_text(APP)
        (folder / "gunicorn.conf.py").write_text(CONFIGURATION + "".join(lines))
        sizes = ["--workers", str(workers), "--threads", str(threads)]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", *sizes],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": f"{IMAGE}:{folder}"},
            stderr=subprocess.PIPE,
            text=True,
        )
        address = self.says(r"Listening at: http://([\d.]+):(\d+)")
        self.host, self.port = address[1], int(address[2])
        assert self.get("/").ok

    def says(self, pattern: str) -> re.Match[str]:
        """Wait for the next line of its log that has this."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            if found := re.search(pattern, line):
                return found
        raise AssertionError(f"gunicorn ended and has not said {pattern}")

    def get(self, path: str) -> requests.Response:
        return requests.get(f"http://{self.host}:{self.port}{path}", timeout=60)

    @contextmanager
    def asked(self, path: str) -> Iterator[HTTPConnection]:
        """The whole request is sent, whether or not a thread is free."""
        with closing(HTTPConnection(self.host, self.port, timeout=60)) as connection:
            connection.request("GET", path)
            yield connection

    def wait_for_slow(self, count: int) -> None:
        """So many requests of /slow have a thread now."""
        wait_until(lambda: len(list(self.folder.glob("begun-*"))) == count, 10, f"{count} begun")

    def go(self) -> None:
        """Every /slow is answered."""
        (self.folder / "go").touch()

    def stop(self) -> float:
        """The seconds it took."""
        started = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(60) == 0
        return time.monotonic() - started


Serve = Callable[..., Server]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    started = []

    def begin(workers: int, threads: int, **limits: float) -> Server:
        started.append(Server(tmp_path, workers, threads, **limits))
        return started[-1]

    yield begin
    for server in started:
        server.go()
        server.process.terminate()
        server.process.communicate(timeout=60)


def test_gunicorn_takes_every_address_that_nginx_takes(tmp_path):
    (tmp_path / "key").write_text("k" * 40)
    said = subprocess.run(
        [
            sys.executable,
            "-c",
            "import runpy; print(runpy.run_path('gunicorn.conf.py')['limit_request_line'])",
        ],
        cwd=IMAGE,
        env={**os.environ, "DATABASE_URL": "sqlite://", "SECRET_KEY_FILE": str(tmp_path / "key")},
        capture_output=True,
        text=True,
        check=True,
    )
    nginx = (IMAGE.parent / "nginx/nginx.conf").read_text()
    (kilobytes,) = re.findall(r"large_client_header_buffers \d+ (\d+)k;", nginx)
    assert int(said.stdout) == int(kilobytes) * 1024 - len("\r\n")


def test_as_many_requests_as_there_are_threads_are_answered_at_a_time(serve):
    server = serve(1, 4)
    with ThreadPoolExecutor(4) as people:
        answers = people.map(server.get, ["/slow"] * 4)
        server.wait_for_slow(4)
        server.go()
        assert all(answer.ok for answer in answers)


def test_whichever_worker_is_free_answers(serve):
    server = serve(2, 1)
    with ThreadPoolExecutor() as people:
        slow = people.submit(server.get, "/slow")
        server.wait_for_slow(1)
        others = {server.get("/").text for _ in range(8)}
        assert not slow.done()
        server.go()
        assert others == others - {slow.result().text}
        assert len(others) == 1


def test_at_the_end_it_finishes_what_it_has_begun_and_answers_who_is_just_coming(serve):
    server = serve(1, 1, STOP_SECONDS=60)
    with ThreadPoolExecutor() as people:
        begun = people.submit(server.get, "/slow")
        server.wait_for_slow(1)
        ended = people.submit(server.stop)
        server.says("Handling signal: term")
        with server.asked("/") as coming:
            server.go()
            assert begun.result().ok
            assert coming.getresponse().status == 200
        assert ended.result() < ENDS_BY_ITSELF_SECONDS


def test_with_nothing_to_do_it_ends_at_once(serve):
    assert serve(2, 8).stop() < ENDS_BY_ITSELF_SECONDS


def test_a_worker_that_is_not_there_yet_is_stopped_with_the_rest(serve, monkeypatch):
    monkeypatch.setenv("SLOW_TO_START", "2")
    assert serve(2, 1).stop() < ENDS_BY_ITSELF_SECONDS


def test_nobody_keeps_a_thread_who_says_nothing(serve):
    server = serve(1, 1, RECEIVE_SECONDS=3)
    with ThreadPoolExecutor() as people:
        slow = people.submit(server.get, "/slow")
        server.wait_for_slow(1)
        # The thread comes to both afterwards: to who says nothing first.
        with socket.create_connection((server.host, server.port)), server.asked("/") as behind:
            started = time.monotonic()
            server.go()
            assert slow.result().ok
            assert behind.getresponse().status == 200
            assert time.monotonic() - started > 2.9


def test_a_signal_that_does_not_end_it_costs_nothing(serve):
    server = serve(1, 1)
    worker = int(server.get("/").text)
    os.kill(worker, signal.SIGUSR1)
    time.sleep(0.2)
    before = processor_seconds(worker)
    time.sleep(1)
    assert processor_seconds(worker) - before < 0.3


def processor_seconds(pid: int) -> float:
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
