"""Waiting for what takes its time, with a limit and a name."""

import time
from collections.abc import Callable

from docker.models.containers import Container
from requests import RequestException

BETWEEN_LOOKS_SECONDS = 0.5
# Limits are for a machine that does nothing else; where it does, a slow answer is not a wrong one.
PATIENCE = 3


def wait_until(holds: Callable[[], bool], seconds: float, what: str) -> None:
    """Return as soon as it holds; on a quiet machine that takes so many seconds at most.

    Raises AssertionError that names it when it does not within the limit of a busy one.
    """
    deadline = time.monotonic() + seconds * PATIENCE
    while True:
        # After a pause of the machine there is another look, however late it is.
        late = time.monotonic() >= deadline
        try:
            if holds():
                return
        except RequestException:
            # Nobody answers yet.
            if late:
                raise
        assert not late, f"{what} not within {seconds * PATIENCE:.0f} s"
        time.sleep(BETWEEN_LOOKS_SECONDS)


def wait_until_healthy(container: Container, seconds: float = 60) -> None:
    """Return as soon as Docker calls the container healthy; fail at once where it ended or is unhealthy."""

    def healthy() -> bool:
        container.reload()
        log = container.logs(tail=20).decode()
        assert (container.status, container.health) in (("running", "starting"), ("running", "healthy")), log
        return bool(container.health == "healthy")

    wait_until(healthy, seconds, f"{container.name} healthy")
