"""The relay that a host has while images are shipped, as a process, before registries good and bad."""

import http.client
import json
import os
import signal
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import docker
import pytest
import requests

from compose.one_image import build_image
from tests.conftest import ROOT
from tests.e2e.conftest import free_ports
from tests.waiting import wait_until

BLOB = os.urandom(3_000_000)
DIGEST = sha256(BLOB).hexdigest()
HALF = 1_000_000
KEPT_IN = Path("/var/tmp")  # noqa: S108
PATH = f"/v2/microblog/app/blobs/sha256:{DIGEST}"


@dataclass
class Source:
    """A registry with one blob; what it does with each request for it can be chosen."""

    asked: list[str] = field(default_factory=list)
    # What is sent of the blob for the first, the second, … request; the whole when there is no more.
    sent: list[bytes] = field(default_factory=list)
    go_on: threading.Event = field(default_factory=threading.Event)
    port: int = 0

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"


@pytest.fixture
def source() -> Iterator[Source]:
    known = Source()
    known.go_on.set()

    class Registry(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.head(200 if self.path == PATH else 404)

        def do_GET(self) -> None:
            known.asked.append(self.path)
            if self.path != PATH:
                self.head(404)
                self.wfile.write(b'{"errors": []}')
                return
            content = known.sent.pop(0) if known.sent else BLOB
            self.head(200)
            self.wfile.write(content[:HALF])
            self.wfile.flush()
            known.go_on.wait(20)
            self.wfile.write(content[HALF:])

        def head(self, status: int) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/octet-stream")
            self.send_header("Content-Length", str(len(BLOB) if status == 200 else 14))
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Registry)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever).start()
    known.port = server.server_address[1]
    yield known
    known.go_on.set()
    server.shutdown()
    server.server_close()


@dataclass(frozen=True)
class Running:
    """A relay as a process, and where it listens for others."""

    process: subprocess.Popen[str]
    feed: str
    port: int

    def url(self, path: str = PATH) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def stop(self) -> dict[str, int]:
        """End its input, as the end of a connection does; what it counted."""
        said, _ = self.process.communicate(timeout=10)
        assert self.process.returncode == 0
        return dict(json.loads(said.splitlines()[-1]))


Start = Callable[..., Running]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts relays; the machine's own bridge is where others reach one that feeds."""
    started: list[subprocess.Popen[str]] = []

    def begin(upstream: str, feed: str = "") -> Running:
        words = [sys.executable, "-m", "ec2.host.relay", upstream, *(["--feed", feed] if feed else [])]
        process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        started.append(process)
        assert process.stdout
        word, port = process.stdout.readline().split()
        assert word == "listening"
        return Running(process, feed, int(port))

    yield begin
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def feed(engine: docker.DockerClient) -> str:
    """An address of this machine that is not loopback, and a free port."""
    gateway = engine.networks.get("bridge").attrs["IPAM"]["Config"][0]["Gateway"]
    return f"{gateway}:{free_ports(1)[0]}"


def get(url: str, **headers: str) -> bytes:
    answer = requests.get(url, headers=headers, timeout=20)
    answer.raise_for_status()
    return answer.content


def test_many_readers_at_the_same_moment_are_one_fetch(source: Source, start: Start, feed: str) -> None:
    relay = start(source.address, feed)
    source.go_on.clear()
    with ThreadPoolExecutor(8) as readers:
        urls = [f"http://{feed}{PATH}"] * 5 + [relay.url()] * 2
        reading = [readers.submit(get, url) for url in urls]
        wait_until(lambda: bool(source.asked), 5, "the first request")
        source.go_on.set()
        assert [one.result() == BLOB for one in reading] == [True] * 7
    assert get(relay.url(PATH.replace("app", "other"))) == BLOB
    assert source.asked == [PATH]
    assert relay.stop() == {"fetched": len(BLOB), "given": 5 * len(BLOB)}


def test_a_reader_has_what_has_come_before_the_rest_is_there(source: Source, start: Start, feed: str) -> None:
    relay = start(source.address, feed)
    source.go_on.clear()
    with requests.get(relay.url(), stream=True, timeout=20) as answer:
        assert answer.raw.read(HALF) == BLOB[:HALF]
        source.go_on.set()
        assert answer.raw.read() == BLOB[HALF:]


@pytest.mark.parametrize(
    "content",
    [BLOB[: HALF + 1], BLOB[:HALF] + bytes(len(BLOB) - HALF)],
    ids=["the registry breaks off", "something else comes"],
)
def test_what_did_not_come_whole_is_an_error_for_its_reader_and_never_kept(
    source: Source, start: Start, feed: str, content: bytes
) -> None:
    source.sent = [content]
    source.go_on.clear()
    relay = start(source.address, feed)
    first = http.client.HTTPConnection("127.0.0.1", relay.port, timeout=20)
    first.request("GET", PATH)
    with first.getresponse() as answer:
        source.go_on.set()
        with pytest.raises(http.client.IncompleteRead):
            answer.read()
    first.close()
    assert get(relay.url()) == BLOB
    assert len(source.asked) == 2
    said, _ = relay.process.communicate(timeout=10)
    assert f"{PATH} did not come: {len(content)} of {len(BLOB)} bytes came" in said


def test_a_reader_that_goes_stops_nobody(source: Source, start: Start, feed: str) -> None:
    relay = start(source.address, feed)
    source.go_on.clear()
    with requests.get(relay.url(), stream=True, timeout=20) as answer:
        answer.raw.read(100)
    source.go_on.set()
    assert get(f"http://{feed}{PATH}") == BLOB
    assert source.asked == [PATH]


def test_a_reader_goes_on_where_it_stopped(source: Source, start: Start, feed: str) -> None:
    relay = start(source.address, feed)
    answer = requests.get(relay.url(), headers={"Range": "bytes=2999990-"}, timeout=20)
    assert (answer.status_code, answer.content) == (206, BLOB[-10:])
    assert answer.headers["Content-Range"] == "bytes 2999990-2999999/3000000"
    assert get(relay.url(), Range="bytes=10-19") == BLOB[10:20]
    assert requests.get(relay.url(), headers={"Range": "bytes=3000000-"}, timeout=20).status_code == 416


def test_asking_for_the_head_alone_sends_nothing(source: Source, start: Start, feed: str) -> None:
    relay = start(source.address, feed)
    answer = requests.head(relay.url(), timeout=20)
    assert (answer.status_code, answer.headers["Content-Length"]) == (200, str(len(BLOB)))
    assert relay.stop() == {"fetched": 0, "given": 0}


def test_what_the_registry_refuses_is_refused_in_its_words(source: Source, start: Start, feed: str) -> None:
    relay = start(source.address, feed)
    absent = relay.url(PATH.replace(DIGEST, "0" * 64))
    for _ in range(2):
        answer = requests.get(absent, timeout=20)
        assert (answer.status_code, answer.json()) == (404, {"errors": []})


def test_only_pulling_is_passed_on(source: Source, start: Start, feed: str) -> None:
    relay = start(source.address, feed)
    assert requests.get(relay.url("/debug"), timeout=20).status_code == 404
    assert requests.post(relay.url("/v2/app/blobs/uploads/"), timeout=20).status_code == 501
    assert source.asked == []


def test_without_a_registry_everybody_is_told_at_once(start: Start, feed: str) -> None:
    (nobody,) = free_ports(1)
    relay = start(f"127.0.0.1:{nobody}", feed)
    for path in (PATH, "/v2/"):
        answer = requests.get(relay.url(path), timeout=5)
        assert answer.status_code == 502
        assert "refused" in answer.reason


def test_a_host_that_does_not_feed_keeps_nothing(source: Source, start: Start) -> None:
    relay = start(source.address)
    assert [get(relay.url()) == BLOB for _ in range(2)] == [True, True]
    assert source.asked == [PATH, PATH]
    source.sent = [BLOB[: HALF + 1]]
    with pytest.raises(requests.RequestException):
        get(relay.url())


def kept_files() -> set[Path]:
    """What is where content is kept, but for the folders that systemd makes for its services."""
    return {path for path in KEPT_IN.iterdir() if not path.name.startswith("systemd-private-")}


@pytest.mark.parametrize("killed", [False, True])
def test_it_ends_in_the_middle_and_leaves_nothing(
    source: Source, start: Start, feed: str, killed: bool
) -> None:
    before = kept_files()
    relay = start(source.address, feed)
    source.go_on.clear()
    with requests.get(relay.url(), stream=True, timeout=20) as answer:
        answer.raw.read(100)
        kept = [str(file.readlink()) for file in Path(f"/proc/{relay.process.pid}/fd").iterdir()]
        assert any(name.startswith(f"{KEPT_IN}/") and name.endswith("(deleted)") for name in kept)
        if killed:
            relay.process.send_signal(signal.SIGKILL)
            relay.process.wait(10)
        else:
            relay.stop()
    assert kept_files() <= before
    with pytest.raises(requests.ConnectionError):
        get(f"http://{feed}{PATH}")


def test_a_relay_that_an_earlier_deployment_left_is_waited_for(
    source: Source, start: Start, feed: str
) -> None:
    earlier = start(source.address, feed)
    with ThreadPoolExecutor(1) as waiting:
        later = waiting.submit(start, source.address, feed)
        with pytest.raises(TimeoutError):
            later.result(timeout=2)
        earlier.stop()
        relay = later.result(timeout=60)
        assert get(f"http://{feed}{PATH}") == BLOB
        assert relay.stop()["given"] == len(BLOB)


@pytest.fixture(scope="module")
def registry(engine: docker.DockerClient, run_id: str) -> Iterator[str]:
    """The deployer's own registry, empty; its address."""
    name = f"microblog/registry:{run_id}"
    build_image(name, ROOT / "images/registry", {"base": ROOT / "images/base"})
    container = engine.containers.run(name, detach=True, ports={"5000/tcp": ("127.0.0.1", 0)})
    try:
        container.reload()
        address = f"127.0.0.1:{container.ports['5000/tcp'][0]['HostPort']}"
        wait_until(lambda: answers(f"http://{address}/v2/"), 15, "the registry")
        yield address
    finally:
        container.remove(force=True, v=True)
        engine.images.remove(name)


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).ok
    except requests.RequestException:
        return False


def test_docker_pulls_through_two_relays_what_was_pushed(
    engine: docker.DockerClient, registry: str, start: Start, feed: str, tmp_path: Path, run_id: str
) -> None:
    # Imported, since of what is built a cache keeps the layers.
    (tmp_path / "layer").write_bytes(BLOB)
    with tarfile.open(tmp_path / "content.tar", "w") as packed:
        packed.add(tmp_path / "layer", "layer")
    name = f"relayed-{run_id}"
    words = ["docker", "import", str(tmp_path / "content.tar"), name]
    subprocess.run(words, capture_output=True, check=True)
    built = engine.images.get(name)
    built.tag(f"{registry}/{name}", "pushed")
    for event in engine.images.push(f"{registry}/{name}", "pushed", stream=True, decode=True):
        digest = event.get("aux", {}).get("Digest") or ""
    for left in (f"{registry}/{name}:pushed", name):
        engine.images.remove(left)
    feeding = start(registry, feed)
    near = start(feed)
    for relay in (feeding, near):
        pulled = engine.images.pull(f"127.0.0.1:{relay.port}/{name}@{digest}")
        assert pulled.id == built.id
        engine.images.remove(f"127.0.0.1:{relay.port}/{name}@{digest}")
    counted = feeding.stop()
    assert len(BLOB) < counted["given"] <= counted["fetched"] < 1.01 * len(BLOB)
