"""Waiting for what takes its time, with a limit and a name."""

import time
from collections.abc import Callable


def wait_until(holds: Callable[[], bool], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"{what} not within {seconds:.0f} s"
        time.sleep(1)
