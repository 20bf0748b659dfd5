"""What tests of the launcher share."""

import signal
from collections.abc import Iterator

import pytest

AT_FIRST = {
    signal.SIGTERM: signal.SIG_DFL,
    signal.SIGHUP: signal.SIG_DFL,
    signal.SIGINT: signal.default_int_handler,
}


@pytest.fixture
def signals_heard() -> Iterator[None]:
    """Here and in what is started, also where these tests were started by nohup or behind a shell."""
    before = {number: signal.signal(number, handler) for number, handler in AT_FIRST.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
