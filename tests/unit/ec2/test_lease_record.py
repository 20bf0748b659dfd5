"""Who may take the lease, told by AWS's clock alone."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ec2.lease_record import Record, Seen, current, held_message, next_number, read, taken_from

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
ADA = Record("ada@laptop", 4711, "0123abc", "2026-05-01T11:58:00+00:00", lasts_seconds=30)
GIVEN_BACK = Record("ada@laptop", 4711, "0123abc", "2026-05-01T11:58:00+00:00", released=True)


def seen(silent_seconds: float, record: Record = ADA, number: int = 7) -> Seen:
    return Seen(number, record, NOON, NOON + timedelta(seconds=silent_seconds))


@pytest.mark.parametrize(
    ("record", "silent_seconds", "held", "stale"),
    [
        (ADA, 0, True, False),
        (ADA, 30, True, False),
        (ADA, 30.1, False, True),
        (GIVEN_BACK, 0, False, False),
        (GIVEN_BACK, 1000, False, False),
    ],
)
def test_a_lease_is_held_until_it_is_given_back_or_its_holder_is_silent_for_too_long(
    record: Record, silent_seconds: float, held: bool, stale: bool
) -> None:
    last = seen(silent_seconds, record)
    assert (last.held, last.stale) == (held, stale)


@given(numbers=st.lists(st.integers(1, 10**6), unique=True), silent=st.floats(0, 10**6))
def test_the_next_number_is_higher_than_all_before(numbers: list[int], silent: float) -> None:
    last = current([seen(silent, number=number) for number in numbers])
    assert all(next_number(last) > number for number in numbers)


@given(skew=st.timedeltas(timedelta(days=-1), timedelta(days=1)), silent=st.integers(0, 100))
def test_the_holders_own_clock_decides_nothing(skew: timedelta, silent: int) -> None:
    wrong = Record("ada@laptop", 1, "0123abc", (NOON + skew).isoformat(), lasts_seconds=30)
    assert seen(silent, wrong).stale is seen(silent).stale


@given(
    st.builds(
        Record,
        owner=st.text(),
        pid=st.integers(1),
        commit=st.text(),
        since=st.text(),
        lasts_seconds=st.floats(1, 1000),
        released=st.booleans(),
        taken_from=st.text(),
    )
)
def test_a_record_is_read_as_it_was_written(record: Record) -> None:
    assert read(record.text()) == record


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"owner": "ada"}'])
def test_what_is_no_lease_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read(text)


def test_a_lease_that_nobody_gave_back_is_recorded_as_taken() -> None:
    assert taken_from(None) == ""
    assert taken_from(seen(5, GIVEN_BACK)) == ""
    assert taken_from(seen(95)) == (
        "ada@laptop (process 4711, commit 0123abc), since 2026-05-01T11:58:00+00:00, silent for 95 s"
    )


def test_the_refusal_says_who_since_when_until_when_and_what_to_do() -> None:
    message, hint = held_message("microblog", seen(12))
    assert message == (
        "ada@laptop (process 4711, commit 0123abc) has been at work on 'microblog' since "
        "2026-05-01T11:58:00+00:00; the lease was renewed 12 s ago and ends at 12:00:30 UTC "
        "unless it is renewed"
    )
    assert hint == "repeat the command when they are done; a lease that nobody renews ends by itself"
