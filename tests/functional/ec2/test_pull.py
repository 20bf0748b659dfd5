"""A host's pull, ec2/host/pull.sh, by the engine of this machine, from registries good and bad."""

import io
import json
import os
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import docker
import pytest

from tests.conftest import ROOT

NAME = "pulled/app:1"
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
WITHIN_SECONDS = 60


def named(content: bytes) -> str:
    return f"sha256:{sha256(content).hexdigest()}"


@dataclass(frozen=True)
class Made:
    """An image of one layer that no engine has seen, as a registry holds it."""

    layer: bytes
    config: bytes
    manifest: bytes

    @property
    def words(self) -> list[str]:
        """As pull.sh takes it."""
        return [NAME, named(self.config), named(self.manifest)]


@pytest.fixture
def made(engine: docker.DockerClient) -> Iterator[Made]:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        content = os.urandom(3_000_000)
        entry = tarfile.TarInfo("content")
        entry.size = len(content)
        tar.addfile(entry, io.BytesIO(content))
    layer = packed.getvalue()
    config = json.dumps(
        {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [named(layer)]}}
    ).encode()

    def part(kind: str, content: bytes) -> dict[str, object]:
        kind = f"application/vnd.docker.{kind}"
        return {"mediaType": kind, "size": len(content), "digest": named(content)}

    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": part("container.image.v1+json", config),
        "layers": [part("image.rootfs.diff.tar", layer)],
    }
    yield Made(layer, config, json.dumps(manifest).encode())
    with_name = engine.images.list(NAME)
    if with_name:
        engine.images.remove(NAME, force=True)


@contextmanager
def registry(made: Made, go_on: threading.Event, halfway: threading.Event) -> Iterator[str]:
    """The address of a registry that says when half of the layer is sent, and sends the rest when told to."""

    class Registry(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.answer(body=False)

        def do_GET(self) -> None:
            self.answer(body=True)

        def answer(self, *, body: bool) -> None:
            held = {named(one): one for one in (made.layer, made.config, made.manifest)}
            content = held.get(self.path.rpartition("/")[2], b"{}")
            self.send_response(200)
            self.send_header("Content-Type", MANIFEST if "manifests" in self.path else "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if body:
                self.wfile.write(content[: len(content) // 2])
                self.wfile.flush()
                if content is made.layer:
                    halfway.set()
                    go_on.wait(WITHIN_SECONDS)
                self.wfile.write(content[len(content) // 2 :])

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Registry)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        go_on.set()
        server.shutdown()
        server.server_close()


def pull(address: str, made: Made) -> "subprocess.Popen[str]":
    script = ROOT / "ec2/host/pull.sh"
    return subprocess.Popen(
        ["sh", script, address, *made.words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def open_gate() -> threading.Event:
    gate = threading.Event()
    gate.set()
    return gate


def test_what_is_pulled_is_said_and_what_is_there_is_not(made: Made, engine: docker.DockerClient) -> None:
    with registry(made, open_gate(), threading.Event()) as address:
        for said in (f"{NAME}\n", ""):
            with pull(address, made) as pulling:
                assert pulling.communicate(timeout=WITHIN_SECONDS)[0] == said
                assert pulling.returncode == 0
    assert engine.images.get(NAME).id == named(made.config)
    assert engine.images.get(NAME).tags == [NAME]


def test_a_pull_that_was_left_behind_holds_nobody_up(made: Made, engine: docker.DockerClient) -> None:
    stuck, halfway = threading.Event(), threading.Event()
    with (
        registry(made, stuck, halfway) as gone,
        registry(made, open_gate(), threading.Event()) as address,
        pull(gone, made) as left,
    ):
        assert halfway.wait(WITHIN_SECONDS)
        with pull(address, made) as ours:
            said, complaint = ours.communicate(timeout=WITHIN_SECONDS / 2)
        assert (said, complaint) == (f"{NAME}\n", f"pulling {NAME}\n")
        left.communicate(timeout=WITHIN_SECONDS / 2)
        assert left.returncode != 0
    assert engine.images.get(NAME).id == named(made.config)
