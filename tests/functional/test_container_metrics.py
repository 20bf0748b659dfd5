"""What container_metrics writes down about containers, with real ones."""

from collections.abc import Callable, Iterator

import docker
import pytest
from docker.models.containers import Container

from tests.functional.conftest import StartAlone
from tests.functional.test_images import ALONE
from tests.waiting import wait_until

WRITTEN_WITHIN_SECONDS = 30
LABEL = "com.docker.compose"


class Written:
    """The file as it is now."""

    def __init__(self, container: Container, project: str) -> None:
        self.container, self.project = container, project

    def value(self, name: str, service: str) -> float | None:
        """A container's value of a series; None where there is none."""
        start = f'{name}{{container="{self.project}-{service}",service="{service}"}} '
        status, output = self.container.exec_run(["cat", "/textfiles/containers.prom"])
        lines = output.decode().splitlines() if status == 0 else []
        return next((float(line.removeprefix(start)) for line in lines if line.startswith(start)), None)

    def becomes(self, name: str, service: str, good: Callable[[float | None], bool]) -> None:
        wait_until(lambda: good(self.value(name, service)), WRITTEN_WITHIN_SECONDS, f"{name} of {service}")


@pytest.fixture
def written(start_alone: StartAlone, run_id: str) -> Written:
    alone = ALONE["container_metrics"]
    environment = {"PROJECT": f"{run_id}-counted", "PACE": "10"}
    started = start_alone("container_metrics", **(alone | {"environment": environment}))
    return Written(started.get_wrapped_container(), f"{run_id}-counted")


@pytest.fixture
def start(
    image: Callable[[str], str], engine: docker.DockerClient, written: Written
) -> Iterator[Callable[..., Container]]:
    """Start a container as Compose would call it."""
    made = []

    def run(service: str, command: str, **choices: object) -> Container:
        labels = {
            f"{LABEL}.project": written.project,
            f"{LABEL}.service": service,
            f"{LABEL}.oneoff": "False",
        }
        container = engine.containers.run(
            image("container_metrics"),
            ["-c", command],
            entrypoint="sh",
            detach=True,
            init=True,
            name=f"{written.project}-{service}",
            labels=labels,
            healthcheck={"test": ["NONE"]},
            **choices,
        )
        made.append(container)
        return container

    yield run
    for container in made:
        container.remove(force=True, v=True)


def test_memory_is_counted_against_the_limit_and_time_of_the_cpu_goes_on(
    written: Written, start: Callable[..., Container]
) -> None:
    start("busy", "while :; do :; done", mem_limit="32m", cpu_period=100000, cpu_quota=20000)
    written.becomes("container_memory_limit_bytes", "busy", lambda value: value == 32 * 2**20)
    written.becomes("container_cpu_seconds_total", "busy", lambda value: (value or 0) > 0.5)
    used = written.value("container_memory_working_set_bytes", "busy")
    assert used is not None
    assert 0 < used < 32 * 2**20
    assert written.value("container_healthy", "busy") == 1


def test_one_that_ends_and_ends_is_counted(written: Written, start: Callable[..., Container]) -> None:
    start("restless", "sleep 0.2; exit 1", restart_policy={"Name": "always"})
    written.becomes("container_restarts_total", "restless", lambda value: (value or 0) >= 2)


def test_one_that_was_stopped_is_not_well_and_uses_nothing(
    written: Written, start: Callable[..., Container]
) -> None:
    start("stopped", "exec sleep 60").stop(timeout=0)
    written.becomes("container_healthy", "stopped", lambda value: value == 0)
    assert written.value("container_memory_working_set_bytes", "stopped") is None


def test_a_process_that_is_killed_for_its_memory_is_counted_though_the_container_lives(
    written: Written, start: Callable[..., Container]
) -> None:
    eat = "python3 -c 'bytearray(b\"x\") * (64 << 20)'"
    when_told = f"until [ -e /run/eat ]; do sleep 0.1; done; {eat}; exec sleep 600"
    eater = start("eater", when_told, mem_limit="32m", memswap_limit="32m")
    # Whoever counts has seen it.
    written.becomes("container_memory_limit_bytes", "eater", lambda value: value == 32 * 2**20)
    assert eater.exec_run(["touch", "/run/eat"], user="root")[0] == 0
    written.becomes("container_oom_events_total", "eater", lambda value: (value or 0) >= 1)
    eater.reload()
    assert eater.status == "running"
