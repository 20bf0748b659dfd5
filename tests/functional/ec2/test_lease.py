"""The lease on a stack, with SSM as the local EC2 has it."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import boto3
import pytest

from ec2.deploy import forget as forget_stack
from ec2.errors import LeaseHeld, LeaseLost
from ec2.lease import Lease, claim, forget, lease, look, own_record, take
from ec2.lease_record import current
from ec2.rehearsal.control.faults.parameters import mend_parameters
from ec2.rehearsal.control.originals import as_it_was
from ec2.rehearsal.settings import REGION
from ec2.secrets import read_all, write
from tests.conftest import ROOT
from tests.functional.serving import moto, served
from tests.waiting import wait_until

HOLD = """
import sys, time, boto3
from ec2.lease import lease
endpoint, stack, region = sys.argv[1:]
ssm = boto3.client("ssm", region, endpoint_url=endpoint, aws_access_key_id="a", aws_secret_access_key="b")
with lease(ssm, stack, "0123abc", print, lasts_seconds=60):
    print("held", flush=True)
    time.sleep(60)
"""
SLOWLY = HOLD.replace(
    """    print("held", flush=True)
    time.sleep(60)""",
    """
    try:
        print("held", flush=True)
        time.sleep(60)
    finally:
        print("giving back", flush=True)
        time.sleep(1)
        print("given back", flush=True)
""",
)


def client(endpoint: str) -> Any:
    session = boto3.session.Session("testing", "testing", region_name=REGION)
    return session.client("ssm", endpoint_url=endpoint)


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """moto, where of several who create a parameter one succeeds, as with AWS."""
    with as_it_was():
        mend_parameters()
        with served(moto()) as address:
            yield address


@pytest.fixture
def ssm(endpoint: str) -> Iterator[Any]:
    client_ = client(endpoint)
    yield client_
    client_.close()


@pytest.fixture
def stack() -> str:
    return f"stack-{uuid4().hex[:8]}"


def quiet(_: str) -> None:
    """Nobody listens."""


def taken(ssm: Any, stack: str, lasts_seconds: float = 2) -> Lease:
    return take(ssm, stack, own_record("0123abc", lasts_seconds), quiet)


def test_it_is_given_back_at_the_end_and_after_an_error(ssm: Any, stack: str) -> None:
    with lease(ssm, stack, "0123abc", quiet) as first:
        assert current(look(ssm, stack)).held
    with pytest.raises(ZeroDivisionError), lease(ssm, stack, "0123abc", quiet) as second:
        _ = 1 / 0
    with lease(ssm, stack, "0123abc", quiet) as third:
        assert [first.number, second.number, third.number] == [1, 2, 3]
        assert third.record.taken_from == ""
        assert len(look(ssm, stack)) == 1, "old ones are forgotten"


def test_a_holder_that_lives_is_left_alone(ssm: Any, stack: str) -> None:
    with lease(ssm, stack, "0123abc", quiet, lasts_seconds=8) as held:
        said: list[str] = []
        with pytest.raises(LeaseHeld) as refused, lease(ssm, stack, "4567def", said.append):
            pass
        assert str(held.record) in refused.value.message
        assert "waiting until" in said[0]
        held.check()


@pytest.mark.parametrize("stale", [False, True])
def test_of_many_who_find_it_free_one_has_it(ssm: Any, stack: str, stale: bool) -> None:
    if stale:
        taken(ssm, stack, lasts_seconds=0)
        wait_until(lambda: not current(look(ssm, stack)).held, 5, "the lease ran out")
    last = current(look(ssm, stack))
    together = threading.Barrier(8)

    def try_for_it(_: int) -> int | None:
        together.wait()
        try:
            return claim(ssm, stack, own_record("0123abc", 60), last).number
        except LeaseHeld:
            return None

    with ThreadPoolExecutor(8) as threads:
        numbers = [number for number in threads.map(try_for_it, range(8)) if number]
    assert numbers == [2 if stale else 1]


def test_one_that_nobody_renews_is_taken_and_that_is_recorded(ssm: Any, stack: str) -> None:
    abandoned = taken(ssm, stack, lasts_seconds=1)
    said: list[str] = []
    with lease(ssm, stack, "4567def", said.append) as mine:
        assert mine.number == abandoned.number + 1
        assert str(abandoned.record) in mine.record.taken_from
        assert str(abandoned.record) in current(look(ssm, stack)).record.taken_from
        assert said[-1].startswith(f"the lease was taken from {abandoned.record}")
        with pytest.raises(LeaseLost, match="is held by"):
            abandoned.check()
        abandoned.release()
        mine.check()


def test_it_outlives_its_launcher_only_when_that_is_killed_and_is_taken_at_once_here(
    ssm: Any, endpoint: str
) -> None:
    signals = [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGKILL]
    holders = {number: start_holder(endpoint, f"stack-{number.name}") for number in signals}
    for number, holder in holders.items():
        with holder:
            assert holder.stdout
            assert holder.stdout.readline() == b"held\n"
            holder.send_signal(number)
    for number in signals[:-1]:
        assert current(look(ssm, f"stack-{number.name}")).record.released
    assert current(look(ssm, "stack-SIGKILL")).held
    said: list[str] = []
    assert take(ssm, "stack-SIGKILL", own_record("0123abc", 2), said.append).record.taken_from
    assert not any("waiting" in line for line in said), "its holder is known to be gone"


def start_holder(endpoint: str, stack: str) -> subprocess.Popen[bytes]:
    """Somebody else who takes the lease and works."""
    words = [sys.executable, "-c", HOLD, endpoint, stack, REGION]
    return subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def test_it_is_renewed_for_as_long_as_the_work_takes(ssm: Any, stack: str) -> None:
    with lease(ssm, stack, "0123abc", quiet, lasts_seconds=1) as held:
        before = current(look(ssm, stack)).renewed
        wait_until(lambda: current(look(ssm, stack)).renewed > before, 5, "the lease renewed")
        held.check()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (signal.SIGHUP, signal.SIGHUP),
        (signal.SIGTERM, signal.SIGTERM),
        (signal.SIGTERM, signal.SIGHUP),
        (signal.SIGINT, signal.SIGTERM),
    ],
)
def test_who_is_told_twice_to_end_gives_all_back(
    endpoint: str, first: signal.Signals, second: signal.Signals
) -> None:
    stack = f"stack-{first.name}-{second.name}"
    words = [sys.executable, "-c", SLOWLY, endpoint, stack, REGION]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        holder.send_signal(first)
        assert holder.stdout.readline() == b"giving back\n"
        holder.send_signal(second)
        assert holder.stdout.readline() == b"given back\n"


def test_nothing_is_left_with_the_stack(ssm: Any, stack: str) -> None:
    with lease(ssm, stack, "0123abc", quiet) as held:
        held.end_with_stack()
        with pytest.raises(LeaseLost, match="gone"):
            held.check()
    assert look(ssm, stack) == []
    forget(ssm, stack, below=2)


def test_with_the_stack_its_secrets_go_and_the_lease_last(ssm: Any, stack: str) -> None:
    write(ssm, f"/{stack}/deployer/ssh_key", "key")
    leased: list[bool] = []
    with lease(ssm, stack, "destroy", quiet) as held:
        forget_stack(ssm, held, lambda _: leased.append(current(look(ssm, stack)).held))
    assert (leased, read_all(ssm, stack)) == ([True], {})


def test_who_lost_the_lease_leaves_the_secrets_and_the_lease_of_who_has_it(ssm: Any, stack: str) -> None:
    asleep = taken(ssm, stack, lasts_seconds=0)
    wait_until(lambda: not current(look(ssm, stack)).held, 5, "the lease ran out")
    with lease(ssm, stack, "4567def", quiet) as mine:
        write(ssm, f"/{stack}/deployer/ssh_key", "key")
        with pytest.raises(LeaseLost, match="is held by"):
            forget_stack(ssm, asleep, quiet)
        with pytest.raises(LeaseLost, match="is held by"):
            asleep.end_with_stack()
        mine.check()
        assert f"/{stack}/deployer/ssh_key" in read_all(ssm, stack)


def test_who_slept_while_the_stack_was_destroyed_has_no_lease_on_the_next_one(ssm: Any, stack: str) -> None:
    asleep = taken(ssm, stack, lasts_seconds=60)
    forget(ssm, stack, below=asleep.number + 1)
    theirs = claim(ssm, stack, own_record("4567def", 60), None)
    assert theirs.number == asleep.number
    with pytest.raises(LeaseLost, match="commit 4567def"):
        asleep.check()
    with pytest.raises(LeaseLost, match="commit 4567def"):
        asleep.end_with_stack()
    asleep.release()
    assert current(look(ssm, stack)).held
    theirs.check()


def test_after_the_stack_is_gone_nobody_elses_lease_is_given_back(ssm: Any, stack: str) -> None:
    with lease(ssm, stack, "destroy", quiet) as held:
        held.end_with_stack()
        theirs = claim(ssm, stack, own_record("4567def", 60), None)
    assert current(look(ssm, stack)).held
    theirs.check()
