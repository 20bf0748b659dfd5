"""Counting requests in memory that processes share."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microblog.api import rates
from microblog.api.rates import Rate, SharedRates

HOUR = 3600


@given(quota=st.integers(1, 50), asked=st.integers(1, 120))
def test_a_caller_gets_the_quota_and_no_more(quota, asked):
    shared, rate = SharedRates(), Rate(quota, HOUR)
    taken = [shared.take("address", "a", rate) for _ in range(asked)]
    assert [left.refused for left in taken] == [n >= quota for n in range(asked)]
    assert [left.requests for left in taken] == [max(quota - 1 - n, 0) for n in range(asked)]
    assert all(left.full_in <= HOUR for left in taken)


def test_callers_do_not_disturb_each_other(monkeypatch):
    # The same slots every time.
    monkeypatch.setattr(rates.secrets, "token_bytes", bytes)
    shared, rate = SharedRates(), Rate(1, HOUR)
    refused = sum(shared.take("address", f"{n}", rate).refused for n in range(1000))
    # Both slots of a thousandth caller are taken by others once in a thousand times.
    assert refused <= 10
    assert not shared.take("token", "1", rate).refused


def test_what_was_used_comes_back(monkeypatch):
    shared, rate, clock = SharedRates(), Rate(10, 60), [1000.0]
    monkeypatch.setattr(rates.time, "monotonic", lambda: clock[0])
    for _ in range(10):
        assert not shared.take("address", "a", rate).refused
    assert shared.take("address", "a", rate).wait == 6
    clock[0] += 6
    assert not shared.take("address", "a", rate).refused
    assert shared.take("address", "a", rate).refused
    clock[0] += 60
    assert shared.take("address", "a", rate).requests == 9


@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
def test_processes_count_together():
    shared, rate = SharedRates(), Rate(10, HOUR)
    for _ in range(3):
        child = os.fork()
        if child == 0:
            for _ in range(3):
                shared.take("address", "a", rate)
            os._exit(0)
        os.waitpid(child, 0)
    assert shared.take("address", "a", rate).requests == 0
    assert shared.take("address", "a", rate).refused
