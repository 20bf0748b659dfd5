"""What would fail later is said before anything is built."""

import socket

import psutil
import pytest

from compose import preflight
from compose.project import Service


def service(name: str, *ports: int, idle_memory: int = 0) -> Service:
    return Service(name, f"microblog/{name}:local", ("app",), 1, 1, idle_memory, "", ports, ())


def test_a_port_somebody_listens_on_is_taken_and_free_again_afterwards() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        assert preflight.taken(port)
    assert not preflight.taken(port)


def test_more_idle_memory_than_there_is_names_both_figures_and_a_smaller_choice() -> None:
    everything = psutil.virtual_memory().total
    [(problem, hint)] = preflight.memory_problems([service("mariadb", idle_memory=everything * 2)])
    assert f"need {everything * 2 / 1024**3:.1f} GiB idle" in problem
    assert "ROLES=" in hint


def test_services_that_fit_are_no_problem() -> None:
    assert preflight.memory_problems([service("mariadb", idle_memory=1024**2)]) == []


@pytest.mark.parametrize(("count", "words"), [(0, "0.0 GiB"), (1536 * 1024**2, "1.5 GiB")])
def test_bytes_are_said_in_gibibytes(count: int, words: str) -> None:
    assert preflight.gibibytes(count) == words
