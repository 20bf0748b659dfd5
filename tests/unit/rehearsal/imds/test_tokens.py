"""Tokens hold for one instance and for a time."""

import time

import pytest

from ec2.rehearsal.imds.tokens import LONGEST_SECONDS, Tokens


def test_a_token_holds_for_its_instance_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 1000.0)
    tokens = Tokens()
    token = tokens.make("i-1", 60)
    assert tokens.seconds_left(token, "i-1") == 60
    assert tokens.seconds_left(token, "i-2") == 0


def test_a_token_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = Tokens()
    token = tokens.make("i-1", 60)
    later = time.time() + 61
    monkeypatch.setattr(time, "time", lambda: later)
    assert tokens.seconds_left(token, "i-1") == 0


@pytest.mark.parametrize("token", ["", "-", "zz-00", "7fffffff-", "7fffffff-00", "é-é"])
def test_what_was_never_given_out_does_not_hold(token: str) -> None:
    assert Tokens().seconds_left(token, "i-1") == 0


def test_a_token_cannot_be_made_to_last_longer() -> None:
    tokens = Tokens()
    token = tokens.make("i-1", 1)
    longer = f"{int(time.time()) + 9999:x}-" + token.partition("-")[2]
    assert tokens.seconds_left(longer, "i-1") == 0


@pytest.mark.parametrize("seconds", [0, -1, LONGEST_SECONDS + 1])
def test_a_lifetime_out_of_bounds_is_refused(seconds: int) -> None:
    with pytest.raises(ValueError, match="not between"):
        Tokens().make("i-1", seconds)
