"""What would fail later is said before anything is built."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from compose import preflight
from compose.project import Service


def service(name: str, *ports: int, idle_memory: int = 0) -> Service:
    return Service(name, f"microblog/{name}:local", ("app",), 1, 1, idle_memory, "", ports, ())


@dataclass(frozen=True)
class EngineWithPorts:
    """The Docker Engine as a foreign system: whose it is, and which container has which port."""

    rootless: bool = False
    containers: tuple[tuple[str, int], ...] = ()

    def publisher(self, port: int) -> str:
        return "".join(name for name, published in self.containers if published == port)


def port_problem(port: int, engine: EngineWithPorts = EngineWithPorts()) -> str:
    """What is said of a port that nginx wants."""
    found = preflight.port_problems(engine, [service("nginx", port)])  # type: ignore[arg-type]
    return "".join(problem for problem, _ in found)


@pytest.fixture
def not_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody whom the system lets have no port that is asked for by number."""
    bind = socket.socket.bind

    def refuse(probe: socket.socket, address: tuple[str, int]) -> None:
        if address[1]:
            raise PermissionError(13, "Permission denied")
        bind(probe, address)

    monkeypatch.setattr(socket.socket, "bind", refuse)


@contextmanager
def listening() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_port_somebody_listens_on_is_taken_and_free_again_afterwards() -> None:
    with listening() as port:
        assert port_problem(port).startswith(f"port {port}, wanted by nginx, is taken by ")
        assert port_problem(port, EngineWithPorts(containers=(("web", port),))).endswith("the container web")
    assert port_problem(port) == ""


def test_a_port_that_only_root_may_have_is_refused_where_the_engine_is_not_roots(not_root: None) -> None:
    with listening() as port:
        assert " is taken by " in port_problem(port)
    assert port_problem(port) == ""
    assert "below 1024, which need root" in port_problem(port, EngineWithPorts(rootless=True))


def test_more_idle_memory_than_there_is_names_both_figures_and_a_smaller_choice() -> None:
    everything = psutil.virtual_memory().total
    [(problem, hint)] = preflight.memory_problems([service("mariadb", idle_memory=everything * 2)])
    assert f"need {everything * 2 / 1024**3:.1f} GiB idle" in problem
    assert "ROLES=" in hint


def test_services_that_fit_are_no_problem() -> None:
    assert preflight.memory_problems([service("mariadb", idle_memory=1024**2)]) == []


@dataclass
class EngineOnDisk:
    """The Docker Engine as a foreign system: where it stores, and which images it has."""

    folder: Path
    images: tuple[str, ...] = ()

    def storage(self) -> Path:
        return self.folder

    def has_image(self, name: str) -> bool:
        return name in self.images


@pytest.mark.parametrize(
    ("free_gibibytes", "images", "problems"),
    [
        (7, (), []),
        (5, (), ["5.0 GiB free in {folder}, 6.0 GiB needed to build 1 images"]),
        (5, ("microblog/mariadb:local",), []),
        (0.5, ("microblog/mariadb:local",), ["0.5 GiB free in {folder}, 1.0 GiB needed to run"]),
    ],
)
def test_a_full_disk_is_said_with_what_is_free_and_what_is_needed(
    free_gibibytes: float,
    images: tuple[str, ...],
    problems: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    usage = SimpleNamespace(free=int(free_gibibytes * 1024**3))
    monkeypatch.setattr(psutil, "disk_usage", lambda _: usage)
    found = preflight.disk_problems(EngineOnDisk(tmp_path, images), [service("mariadb")])  # type: ignore[arg-type]
    assert [problem for problem, _ in found] == [text.format(folder=tmp_path) for text in problems]


@pytest.mark.parametrize(("count", "words"), [(0, "0.0 GiB"), (1536 * 1024**2, "1.5 GiB")])
def test_bytes_are_said_in_gibibytes(count: int, words: str) -> None:
    assert preflight.gibibytes(count) == words
