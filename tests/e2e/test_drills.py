"""Each fault on the composed stack is told at a real receiver, and told to be over once it is.

Everything is as it is shipped but for PACE: an hour passes in a minute, a minute in a second. DRILL_PACE
chooses another one; at 1 the figures are those of every day, and the drills take hours. Each says what it
took, in seconds.
"""

import datetime
import json
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import docker
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from docker.models.containers import Container

from tests.conftest import LEFT_OUT, ROOT
from tests.e2e.conftest import PORTS, Stack, free_ports
from tests.e2e.test_failures import meanwhile
from tests.e2e.test_people import registered
from tests.waiting import wait_until

PACE = int(os.environ.get("DRILL_PACE", "60"))
# At the shipped pace the slowest waits for an hour and then some.
LOST = "PrometheusNotificationErrors"
TOLD_WITHIN_SECONDS = 40 + 5400 / PACE
TLS_SERVER = """
import http.server, ssl
server = http.server.HTTPServer(("", 8443), http.server.SimpleHTTPRequestHandler)
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain("/tls/both.pem")
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
"""


@dataclass(frozen=True)
class Ears:
    """The receiver, as the test reads it."""

    container: Container

    def heard(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.container.logs(stderr=False).decode().splitlines()]

    def alerts(self, name: str, status: str, since: float, **labels: str) -> list[dict[str, Any]]:
        """Each alert of that name that was told since then, with when."""
        return [
            {**alert, "at": message["at"]}
            for message in self.heard()
            if message["at"] >= since
            for alert in message["body"]["alerts"]
            if alert["status"] == status
            and alert["labels"]["alertname"] == name
            and labels.items() <= alert["labels"].items()
        ]

    def wait_for(self, name: str, status: str, since: float, **labels: str) -> float:
        """Seconds until it was told."""
        wait_until(
            lambda: bool(self.alerts(name, status, since, **labels)), TOLD_WITHIN_SECONDS, f"{name} {status}"
        )
        return float(self.alerts(name, status, since, **labels)[0]["at"]) - since

    def heartbeats(self, since: float) -> int:
        return sum(message["path"] == "/heartbeat" and message["at"] >= since for message in self.heard())


@dataclass(frozen=True)
class Watched:
    """A stack in which time passes faster, and who hears its alerts."""

    stack: Stack
    ears: Ears
    certificate: Path
    tls: Container
    disk: Path

    def drill(self, fault: Callable[[], Any], repair: Callable[[], Any], name: str, **labels: str) -> None:
        """Have something break, be told, repair it, be told; say how long each took."""
        broken = time.time()
        try:
            fault()
            told = self.ears.wait_for(name, "firing", broken, **labels)
        finally:
            repair()
        repaired = time.time()
        # It may be over by itself before that.
        fired = broken + told
        over = fired + self.ears.wait_for(name, "resolved", fired, **labels) - repaired
        print(f"\ndrill at pace {PACE}: {name} told after {told:.1f} s, over after {over:.1f} s")

    def sql(self, statement: str) -> None:
        status, output = self.stack.container("mariadb").exec_run(["mariadb", "--execute", statement])
        assert status == 0, output.decode()


@pytest.fixture(scope="module")
def watched(
    run_id: str,
    image: Callable[[str], str],
    engine: docker.DockerClient,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Watched]:
    """The stack with a receiver, a page with a certificate, and a small disk."""
    folder = tmp_path_factory.mktemp("drills")
    name = f"{run_id}-drills"
    stack = Stack(
        name,
        {
            "COMPOSE_PROJECT_NAME": name,
            "TAG": run_id,
            "SECRETS_DIR": str(folder / "secrets"),
            "PACE": str(PACE),
            "ALERTS_WEBHOOK_URL": "http://receiver:8000/told",
            "ALERTS_HEARTBEAT_URL": "http://receiver:8000/heartbeat",
            "PROBED": "https://page:8443/",
            **LEFT_OUT,
            **{port: str(free) for port, free in zip(PORTS, free_ports(len(PORTS)), strict=True)},
        },
        engine,
    )
    certificate = folder / "tls"
    certificate.mkdir()
    write_certificate(certificate, days=90)
    python = image("container_metrics")
    with ExitStack() as undo:
        disk = undo.enter_context(small_disk(folder))
        undo.callback(stack.clean)
        stack.up()
        beside = {"detach": True, "entrypoint": ["python3"], "init": True, "network": f"{name}_monitoring"}
        receiver = (ROOT / "tests/e2e/receiver.py").read_text()
        ears = undo.enter_context(named(engine, "receiver", python, ["-c", receiver], beside))
        # It waits longer and longer for a receiver that was not there.
        stack.container("alertmanager").restart(timeout=5)
        mounts = {str(certificate): {"bind": "/tls", "mode": "ro"}}
        page = undo.enter_context(
            named(engine, "page", python, ["-c", TLS_SERVER], beside | {"volumes": mounts, "user": "0:0"})
        )
        yield Watched(stack, Ears(ears), certificate, page, disk)


@contextmanager
def named(
    engine: docker.DockerClient, name: str, image: str, command: list[str], choices: dict[str, Any]
) -> Iterator[Container]:
    """A container that others on its network find by the name."""
    network = choices["network"]
    container = engine.containers.create(image, command, **choices)
    try:
        engine.networks.get(network).disconnect(container)
        engine.networks.get(network).connect(container, aliases=[name])
        container.start()
        yield container
    finally:
        container.remove(force=True, v=True)


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of twenty megabytes of its own, which node_exporter sees as it sees any other."""
    file, place = folder / "disk", Path(tempfile.mkdtemp())
    # pytest's folders are closed to everybody else.
    place.chmod(0o755)
    subprocess.run(["truncate", "--size=20M", file], check=True)
    subprocess.run(["mkfs.ext4", "-q", "-m", "0", file], check=True)
    subprocess.run(["mount", "--options", "loop", file, place], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", place], check=True)
        place.rmdir()


def write_certificate(folder: Path, days: int) -> None:
    """A certificate that ends in so many days, with its key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "page")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("page"), x509.IPAddress(IPv4Address("127.0.0.1"))]),
            False,
        )
        .sign(key, hashes.SHA256())
    )
    text = certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "both.pem").write_bytes(text)


def test_a_heartbeat_says_that_the_way_to_the_receiver_works(watched: Watched) -> None:
    since = time.time()
    wait_until(lambda: watched.ears.heartbeats(since) >= 2, TOLD_WITHIN_SECONDS, "two heartbeats")


def test_the_microblog_stopped(watched: Watched) -> None:
    microblog = watched.stack.container("microblog")
    watched.drill(microblog.stop, microblog.start, "MicroblogDown", severity="critical", host="local")


def test_the_microblog_answers_with_errors(watched: Watched) -> None:
    reader = registered(watched.stack, "reader")
    away = "RENAME TABLE microblog.post TO microblog.post_away"
    back = "RENAME TABLE microblog.post_away TO microblog.post"
    with meanwhile(lambda: reader.get("/explore") and None, people=2):
        watched.drill(
            lambda: watched.sql(away),
            lambda: watched.sql(back),
            "MicroblogErrorBudgetFastBurn",
            severity="critical",
        )


def test_the_microblog_is_slow(watched: Watched) -> None:
    reader, over = registered(watched.stack, "patient"), threading.Event()

    def hold() -> None:
        while not over.is_set():
            watched.sql("LOCK TABLES microblog.post WRITE; SELECT SLEEP(1.3); UNLOCK TABLES")

    holder = threading.Thread(target=hold)
    with meanwhile(lambda: reader.get("/explore") and None, people=4):
        watched.drill(
            holder.start, lambda: (over.set(), holder.join()), "MicroblogLatencyHigh", severity="warning"
        )


def test_mariadb_stopped(watched: Watched) -> None:
    mariadb = watched.stack.container("mariadb")
    watched.drill(mariadb.stop, mariadb.start, "MariaDBDown", severity="critical")


def test_a_disk_is_filled(watched: Watched) -> None:
    filling = watched.disk / "filling"
    room = os.statvfs(watched.disk)
    watched.drill(
        lambda: filling.write_bytes(b"x" * int(room.f_bavail * room.f_frsize * 0.98)),
        filling.unlink,
        "HostFilesystemAlmostFull",
        severity="critical",
        mountpoint=str(watched.disk),
    )


def test_memory_runs_short_and_out_in_a_container(watched: Watched) -> None:
    microblog = watched.stack.container("microblog")
    program = "import sys, time; held = bytearray(b'x') * (int(sys.argv[1]) << 20); time.sleep(3600)"
    limit = microblog.attrs["HostConfig"]["Memory"] >> 20

    def take(mebibytes: int) -> None:
        microblog.exec_run(["python3", "-c", program, str(mebibytes)], detach=True)

    def used() -> int:
        memory = microblog.stats(stream=False)["memory_stats"]
        stats = memory["stats"]
        return int(memory["usage"] - stats.get("inactive_file", stats.get("total_inactive_file", 0))) >> 20

    def end_takers() -> None:
        for row in microblog.top(ps_args="-eo pid,args")["Processes"]:
            if "held = bytearray" in row[1]:
                os.kill(int(row[0]), 9)

    watched.drill(
        lambda: take(int(limit * 0.96) - used()), end_takers, "ContainerMemoryNearLimit", service="microblog"
    )
    watched.drill(
        lambda: take(2 * limit), end_takers, "ContainerOomKill", service="microblog", severity="critical"
    )


def test_an_exporter_stopped(watched: Watched) -> None:
    exporter = watched.stack.container("nginx_exporter")
    watched.drill(exporter.stop, exporter.start, "TargetDown", job="nginx_exporter", severity="critical")


def test_a_service_that_starts_over_and_over(watched: Watched) -> None:
    over = threading.Event()

    def kill_often() -> None:
        """As fast as Docker starts it: an hour is ten seconds long here.

        Docker waits longer each time, until it has once let it run for ten seconds.
        """
        ended = {0}
        while not over.is_set():
            for _ in range(5):
                while (process := first_process(watched.stack, "blackbox_exporter")) in ended:
                    if over.wait(0.05):
                        return
                ended.add(process)
                os.kill(process, signal.SIGKILL)
            over.wait(12)

    killer = threading.Thread(target=kill_often)

    def let_it_be() -> None:
        over.set()
        killer.join()

    watched.drill(
        killer.start, let_it_be, "ContainerRestartLoop", service="blackbox_exporter", severity="critical"
    )


def first_process(stack: Stack, service: str) -> int:
    """The container's, as this machine counts; 0 while it does not run."""
    return int(stack.container(service).attrs["State"]["Pid"])


def test_a_certificate_is_about_to_end(watched: Watched) -> None:
    def deliver(days: int) -> None:
        write_certificate(watched.certificate, days)
        watched.tls.restart(timeout=0)

    watched.drill(
        lambda: deliver(3),
        lambda: deliver(90),
        "TlsCertificateExpiringSoon",
        severity="critical",
        instance="page:8443",
    )


def test_while_alertmanager_is_not_reached_the_heartbeat_stays_away_and_prometheus_knows_why(
    watched: Watched,
) -> None:
    alertmanager = watched.stack.container("alertmanager")
    alertmanager.pause()
    broken = time.time()
    try:
        wait_until(lambda: LOST in firing(watched.stack), TOLD_WITHIN_SECONDS, f"{LOST} in Prometheus")
        # One that was sent before may be heard a moment later; after that there is none.
        known = watched.ears.heartbeats(broken)
        time.sleep(5)
        assert watched.ears.heartbeats(broken) == known
    finally:
        alertmanager.unpause()
    back = time.time()
    wait_until(lambda: watched.ears.heartbeats(back) > 0, TOLD_WITHIN_SECONDS, "the heartbeat again")
    wait_until(lambda: LOST not in firing(watched.stack), TOLD_WITHIN_SECONDS, f"no {LOST} in Prometheus")


def firing(stack: Stack) -> set[str]:
    """The alerts that Prometheus has as firing, whoever is told."""
    found = requests.get(f"{stack.prometheus}/api/v1/alerts", timeout=10).json()["data"]["alerts"]
    return {alert["labels"]["alertname"] for alert in found if alert["state"] == "firing"}
