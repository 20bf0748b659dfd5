"""What ends a program ends the work once, and what it gives back is given back."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ec2.signals import hear_no_more, signals_as_exceptions

HEARD = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
pytestmark = pytest.mark.usefixtures("signals_heard")


@contextmanager
def giving_back(*meanwhile: signal.Signals) -> Iterator[None]:
    """Work at whose end these signals come."""
    try:
        yield
    finally:
        for number in meanwhile:
            with signals_as_exceptions():
                signal.raise_signal(number)


@pytest.mark.parametrize("first", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGHUP])
def test_the_first_signal_ends_the_work_and_the_second_not_what_is_given_back(
    first: signal.Signals, second: signal.Signals
) -> None:
    with pytest.raises(SystemExit) as ended, signals_as_exceptions(), giving_back(second):
        signal.raise_signal(first)
    assert ended.value.code == 128 + first


def test_what_a_context_within_another_heard_the_outer_one_hears_no_more() -> None:
    around, within = signals_as_exceptions(), signals_as_exceptions()
    with pytest.raises(SystemExit) as ended, around, giving_back(signal.SIGHUP), within:
        signal.raise_signal(signal.SIGTERM)
    assert ended.value.code == 128 + signal.SIGTERM


def test_after_ctrl_c_no_signal_is_heard() -> None:
    ending = giving_back(signal.SIGTERM, signal.SIGHUP)
    with pytest.raises(KeyboardInterrupt), signals_as_exceptions(), ending:
        signal.raise_signal(signal.SIGINT)


def test_another_ctrl_c_is_heard() -> None:
    with pytest.raises(KeyboardInterrupt), signals_as_exceptions(), giving_back(signal.SIGINT):
        signal.raise_signal(signal.SIGTERM)


def test_who_goes_back_by_itself_hears_nothing_more_either() -> None:
    with signals_as_exceptions():
        hear_no_more()
        signal.raise_signal(signal.SIGTERM)


def test_afterwards_signals_do_what_they_did() -> None:
    before = {number: signal.getsignal(number) for number in HEARD}
    with pytest.raises(SystemExit), signals_as_exceptions():
        signal.raise_signal(signal.SIGTERM)
    assert {number: signal.getsignal(number) for number in HEARD} == before


def test_a_signal_that_nohup_has_ignored_ends_nothing() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with signals_as_exceptions():
        signal.raise_signal(signal.SIGHUP)
    assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
