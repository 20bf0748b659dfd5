"""Whether this machine can carry the chosen services, found out before anything is built."""

import socket
from collections.abc import Iterable
from errno import EACCES, EADDRINUSE

import psutil

from compose.engine import Engine
from compose.errors import PreflightFailed
from compose.project import Container, Service

GIBIBYTE = 1024**3
# All images, their build stages and the caches came to 5 GiB; a running stack needs room for its data.
FREE_TO_BUILD_BYTES = 6 * GIBIBYTE
FREE_TO_RUN_BYTES = 1 * GIBIBYTE


def check_machine(engine: Engine, services: Iterable[Service], containers: dict[str, Container]) -> None:
    """Raise PreflightFailed naming every reason at once why the services could not run here."""
    services = list(services)
    starting = [service for service in services if not is_running(containers.get(service.name))]
    problems = [
        *port_problems(engine, starting),
        *disk_problems(engine, services),
        *memory_problems(starting),
    ]
    if problems:
        raise PreflightFailed(
            "\n".join(problem for problem, _ in problems), "\n".join(hint for _, hint in problems)
        )


def is_running(container: Container | None) -> bool:
    """Whether the service holds its ports and memory already."""
    return container is not None and container.state == "running"


def port_problems(engine: Engine, services: Iterable[Service]) -> list[tuple[str, str]]:
    """Each published port that cannot be had, with why and how to choose another."""
    wanted = [(service, port) for service in services for port in service.ports]
    return [
        (
            f"port {port}, wanted by {service.name}, {obstacle}",
            f"{service.port_variable}={free_port()} make up",
        )
        for service, port in wanted
        if (obstacle := obstacle_at(engine, port))
    ]


def obstacle_at(engine: Engine, port: int) -> str:
    """Why the engine could not publish the port, or ""."""
    refusal = refusal_of(port)
    # A port below 1024 that this user may not have is nothing to an engine that is root's.
    if refusal == EADDRINUSE or (refusal == EACCES and answers(port)):
        return f"is taken by {holder_of(engine, port)}"
    if refusal == EACCES and engine.rootless:
        return "is one of those below 1024, which need root, and this engine is not root's"
    return ""


def refusal_of(port: int) -> int:
    """Why this user may not listen on the port on loopback, as the system numbers errors; 0 where it may."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            return error.errno or 0
    return 0


def answers(port: int) -> bool:
    """Whether somebody listens on the port on loopback or everywhere."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def holder_of(engine: Engine, port: int) -> str:
    """Who listens on the port: a container, a process, or what another user keeps from us."""
    if container := engine.publisher(port):
        return f"the container {container}"
    for connection in psutil.net_connections("tcp"):
        if connection.status == psutil.CONN_LISTEN and connection.laddr[1:] == (port,) and connection.pid:
            return f"{psutil.Process(connection.pid).name()} (process {connection.pid})"
    return "a process of another user"


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def disk_problems(engine: Engine, services: Iterable[Service]) -> list[tuple[str, str]]:
    """Too little room for images to be built or for data to be written."""
    if not engine.storage().exists():
        return []
    unbuilt = [service for service in services if not engine.has_image(service.image)]
    needed = FREE_TO_BUILD_BYTES if unbuilt else FREE_TO_RUN_BYTES
    free = psutil.disk_usage(str(engine.storage())).free
    if free >= needed:
        return []
    purpose = f"to build {len(unbuilt)} images" if unbuilt else "to run"
    return [
        (
            f"{gibibytes(free)} free in {engine.storage()}, {gibibytes(needed)} needed {purpose}",
            "docker system prune frees what no container uses",
        )
    ]


def memory_problems(starting: Iterable[Service]) -> list[tuple[str, str]]:
    """Less free memory than the services that are about to start take when nobody uses them."""
    needed = sum(service.idle_memory for service in starting)
    free = psutil.virtual_memory().available
    if free >= needed:
        return []
    return [
        (
            f"{gibibytes(free)} of memory free, the chosen services need {gibibytes(needed)} idle",
            'make up ROLES="app database" starts the microblog alone',
        )
    ]


def gibibytes(count: int) -> str:
    """A number of bytes as people say it."""
    return f"{count / GIBIBYTE:.1f} GiB"
