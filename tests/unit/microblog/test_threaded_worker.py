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
from pathlib import Path

import pytest
import requests

IMAGE = Path(__file__).parents[3] / "images/microblog"
SLOW_SECONDS = 0.6
APP = f"""
import os, time

def app(environ, start_response):
    if environ["PATH_INFO"] == "/slow":
        time.sleep({SLOW_SECONDS})
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]
"""
CONFIGURATION = """
from microblog import threaded_worker

threaded_worker.RECEIVE_SECONDS = 0.5
wsgi_app = "served:app"
worker_class = "microblog.threaded_worker.ThreadedWorker"
bind = "127.0.0.1:0"
control_socket_disable = True
"""


class Server:
    """gunicorn, serving."""

    def __init__(self, folder: Path, workers: int, threads: int) -> None:
        (folder / "served.py").write_text(APP)
        (folder / "gunicorn.conf.py").write_text(CONFIGURATION)
        sizes = ["--workers", str(workers), "--threads", str(threads)]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", *sizes],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": f"{IMAGE}:{folder}"},
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stderr is not None
        for line in self.process.stderr:
            if found := re.search(r"Listening at: http://([\d.]+):(\d+)", line):
                self.host, self.port = found[1], int(found[2])
                break
        assert self.get("/").ok

    def get(self, path: str) -> requests.Response:
        return requests.get(f"http://{self.host}:{self.port}{path}", timeout=10)

    def stop(self) -> float:
        """The seconds it took."""
        started = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(10) == 0
        return time.monotonic() - started


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[[int, int], Server]]:
    started = []

    def begin(workers: int, threads: int) -> Server:
        started.append(Server(tmp_path, workers, threads))
        return started[-1]

    yield begin
    for server in started:
        server.process.terminate()
        server.process.communicate(timeout=10)


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
        started = time.monotonic()
        answers = list(people.map(server.get, ["/slow"] * 4))
        assert all(answer.ok for answer in answers)
        assert time.monotonic() - started < 2 * SLOW_SECONDS


def test_whichever_worker_is_free_answers(serve):
    server = serve(2, 1)
    with ThreadPoolExecutor() as people:
        slow = people.submit(server.get, "/slow")
        time.sleep(SLOW_SECONDS / 4)
        others = {server.get("/").text for _ in range(8)}
        assert not slow.done()
        assert others == others - {slow.result().text}
        assert len(others) == 1


def test_at_the_end_it_finishes_what_it_has_begun_and_answers_who_is_just_coming(serve):
    server = serve(1, 2)
    with ThreadPoolExecutor() as people:
        begun = people.submit(server.get, "/slow")
        time.sleep(SLOW_SECONDS / 4)
        ended = people.submit(server.stop)
        time.sleep(SLOW_SECONDS / 4)
        assert server.get("/").ok
        assert begun.result().ok
        assert ended.result() < 6


def test_with_nothing_to_do_it_ends_at_once(serve):
    assert serve(2, 8).stop() < 6


def test_nobody_keeps_a_thread_who_says_nothing(serve):
    server = serve(1, 1)
    with socket.create_connection((server.host, server.port)):
        started = time.monotonic()
        assert server.get("/").ok
        assert 0.3 < time.monotonic() - started < 3


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
