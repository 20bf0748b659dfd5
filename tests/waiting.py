"""Waiting for what takes its time, with a limit and a name."""

import time
from collections.abc import Callable

BETWEEN_LOOKS_SECONDS = 0.5


def wait_until(holds: Callable[[], bool], seconds: float, what: str) -> None:
    """Return as soon as it holds. Raises AssertionError that names it when it does not within the limit."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"{what} not within {seconds:.0f} s"
        time.sleep(BETWEEN_LOOKS_SECONDS)
