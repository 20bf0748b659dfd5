"""What happens to people and their posts when something breaks, and what the operator is told."""

import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import uuid4

import docker
import pytest
import requests

from tests.e2e.conftest import Stack
from tests.e2e.person import Person
from tests.e2e.test_people import registered
from tests.waiting import PATIENCE, wait_until

BACK_WITHIN_SECONDS = 60
LOCAL_PORTS = "/proc/sys/net/ipv4/ip_local_port_range"
# Of connections at a time.
NUMBERS = 200
SERVICES = (
    "alertmanager", "blackbox_exporter", "container_metrics", "jenkins_agent", "mariadb", "microblog",
    "mysqld_exporter", "nginx", "nginx_exporter", "node_exporter", "prometheus",
)  # fmt: skip


def kill(stack: Stack, service: str) -> None:
    """End the service's processes from outside, as the kernel does when memory is out.

    Not by `docker kill`: the engine takes that as somebody's wish and does not start the container again.
    """
    pid = stack.container(service).attrs["State"]["Pid"]
    stack.engine.containers.run(
        stack.container("nginx").image,
        ["-c", f"kill -KILL {pid}"],
        entrypoint="sh",
        pid_mode="host",
        user="0:0",
        remove=True,
    )


def healthy(stack: Stack, service: str) -> bool:
    state = stack.container(service).attrs["State"]
    return bool(state["Running"] and state["Health"]["Status"] == "healthy")


@pytest.mark.parametrize("service", SERVICES)
def test_a_killed_container_comes_back(stack: Stack, service: str) -> None:
    before = stack.container(service).attrs["State"]["StartedAt"]
    kill(stack, service)
    wait_until(
        lambda: stack.container(service).attrs["State"]["StartedAt"] != before and healthy(stack, service),
        BACK_WITHIN_SECONDS,
        f"{service} back",
    )


@contextmanager
def meanwhile(act: Callable[[], None], people: int = 1) -> Iterator[None]:
    """Let `people` threads act over and over while the block runs."""
    over = threading.Event()

    def repeat() -> None:
        while not over.is_set():
            act()

    threads = [threading.Thread(target=repeat) for _ in range(people)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def test_no_acknowledged_post_is_lost_when_the_database_is_killed_in_the_middle(stack: Stack) -> None:
    writer = registered(stack, "writer")
    acknowledged: list[str] = []
    refused: list[str] = []

    def write() -> None:
        body = f"post {uuid4().hex}"
        try:
            (acknowledged if writer.post(body).ok else refused).append(body)
        except (requests.RequestException, AssertionError):
            refused.append(body)

    with meanwhile(write):
        wait_until(lambda: len(acknowledged) >= 10, 30, "ten posts")
        kill(stack, "mariadb")
        wait_until(lambda: bool(refused), 30, "a refused post")
        until = len(acknowledged) + 10
        wait_until(lambda: len(acknowledged) >= until, BACK_WITHIN_SECONDS, "ten more posts")
    kept = posts_of(writer)
    assert [body for body in acknowledged if body not in kept] == []


def posts_of(person: Person) -> set[str]:
    """Every post on the person's profile, page after page."""
    found: set[str] = set()
    path = f"/people/{person.name}"
    while path:
        page = person.get(path).text
        found |= set(re.findall(r"post [0-9a-f]{32}", page))
        older = re.search(r'href="([^"]*[?&]before=\d+[^"]*)"', page)
        path = older[1].replace("&amp;", "&") if older else ""
    return found


def test_a_recreated_microblog_costs_maintenance_pages_but_never_a_bad_gateway(stack: Stack) -> None:
    answers: Counter[int] = Counter()
    broken_off = []

    def visit() -> None:
        try:
            answers[requests.get(f"{stack.microblog}/login", timeout=30).status_code] += 1
        except requests.exceptions.ChunkedEncodingError as error:
            broken_off.append(error)

    with meanwhile(visit, people=4):
        wait_until(lambda: answers[200] > 100, 30, "a hundred answers")
        before, nginx = addresses_of(stack, "microblog"), stack.container("nginx").id
        stack.container("microblog").remove(force=True)
        with ExitStack() as squatters:
            # Others take the freed addresses, so the recreated microblog must get new ones.
            for network in ("application", "monitoring", "data"):
                squatters.enter_context(squatter(stack, network))
            stack.up("app", "database")
        assert not addresses_of(stack, "microblog") & before
        assert stack.container("nginx").id == nginx
        served = answers[200]
        wait_until(lambda: answers[200] > served + 100, 10, "a hundred answers from the new one")
    assert set(answers) <= {200, 503}, answers
    # Nobody can take back the half of a page that had been sent when it was killed.
    assert len(broken_off) <= 4, "one each"


def test_more_pages_are_served_than_the_kernel_has_numbers_for_connections(stack: Stack) -> None:
    with local_ports(stack, "nginx", f"50000 {50000 + NUMBERS - 1}"):
        answers: Counter[int] = Counter()
        for _ in range(3 * NUMBERS):
            answers[requests.get(f"{stack.microblog}/login", timeout=30).status_code] += 1
            # A number is free again after a second.
            time.sleep(2 / NUMBERS)
    assert answers == {200: 3 * NUMBERS}


@contextmanager
def local_ports(stack: Stack, service: str, wanted: str) -> Iterator[None]:
    """The service's connections to others have only these numbers."""
    container = stack.container(service)

    def inside(script: str) -> str:
        said = stack.engine.containers.run(
            container.image,
            ["-c", script],
            entrypoint="sh",
            network_mode=f"container:{container.id}",
            privileged=True,
            user="0:0",
            remove=True,
        )
        return str(said.decode()).strip()

    before = inside(f"cat {LOCAL_PORTS}")
    inside(f"echo {wanted} > {LOCAL_PORTS}")
    try:
        yield
    finally:
        inside(f"echo {before} > {LOCAL_PORTS}")


@contextmanager
def squatter(stack: Stack, network: str) -> Iterator[None]:
    """A container that does nothing but hold the network's lowest free address."""
    image, place = stack.container("nginx").image, f"{stack.name}_{network}"
    holder = stack.engine.containers.run(image, ["3600"], entrypoint="sleep", network=place, detach=True)
    try:
        yield
    finally:
        holder.remove(force=True)


def addresses_of(stack: Stack, service: str) -> set[str]:
    networks = stack.container(service).attrs["NetworkSettings"]["Networks"]
    return {network["IPAddress"] for network in networks.values()}


def test_down_and_up_again_keeps_every_post_and_session(stack: Stack) -> None:
    keeper = registered(stack, "keeper")
    keeper.post("this stays")
    assert stack.compose("down").returncode == 0
    with pytest.raises(docker.errors.NotFound):
        stack.container("mariadb")
    stack.up()
    assert "this stays" in keeper.reads("/"), "the same cookie and the same post"


def test_up_again_changes_nothing_and_says_so(stack: Stack) -> None:
    stack.up()
    ids = {service: stack.container(service).id for service in SERVICES}
    started = time.monotonic()
    said = stack.up()
    assert "nothing changed: 11 services were healthy already" in said
    assert {service: stack.container(service).id for service in SERVICES} == ids
    assert time.monotonic() - started < 30 * PATIENCE, (
        "the figure is measured in tests/bench, this only catches a rebuild"
    )


def test_what_is_left_out_is_said_with_a_reason_and_a_remedy(stack: Stack) -> None:
    said = stack.up()
    for service in ("grafana", "jenkins"):
        line = next(line for line in said.splitlines() if line.startswith(f"{service} was left out"))
        assert stack.environment[f"{service.upper()}_IMAGE"] in line
        assert "docker pull" in line
        assert re.search(rf"^{service} .* left out", said, re.MULTILINE), "in the table"


def test_a_taken_port_is_named_with_its_holder_and_a_way_out_before_anything_is_built(stack: Stack) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        done = stack.compose("up", "app", COMPOSE_PROJECT_NAME=f"{stack.name}-port", NGINX_PORT=str(port))
    assert done.returncode == 1
    assert f"port {port}, wanted by nginx, is taken by" in done.stderr
    assert "(process " in done.stderr
    assert re.search(r"try: NGINX_PORT=\d+ make up", done.stderr)
    assert "Traceback" not in done.stderr


def test_an_empty_secret_file_is_named_with_its_service(stack: Stack, tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    project = {"COMPOSE_PROJECT_NAME": f"{stack.name}-secret", "SECRETS_DIR": str(folder)}
    file = folder / "mariadb/microblog_password"
    file.parent.mkdir(parents=True)
    file.touch()
    done = stack.compose("up", "database", **project)
    assert done.returncode == 1
    assert f"mariadb: the secret file {file} is empty" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_engine_that_does_not_answer_is_said_in_one_line(stack: Stack) -> None:
    done = stack.compose("ps", DOCKER_HOST="tcp://127.0.0.1:9")
    assert done.returncode == 1
    assert "no Docker Engine answers" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_container_that_the_engine_refuses_is_said_without_a_stack_trace(
    stack: Stack, tmp_path: Path
) -> None:
    project = {"COMPOSE_PROJECT_NAME": f"{stack.name}-refused", "SECRETS_DIR": str(tmp_path / "secrets")}
    try:
        done = stack.compose("up", "database", MARIADB_MEMORY="64m", **project)
        assert done.returncode == 1
        assert "memory limit can not be less than memory reservation" in done.stderr
        assert "try: make " in done.stderr
        assert "Traceback" not in done.stderr
    finally:
        assert stack.compose("clean", "--yes", **project).returncode == 0
