"""Whether a lease is held, as the Parameter Store says it: a write is seen by readers a moment later only."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from ec2 import lease
from ec2.errors import LeaseLost
from ec2.lease import Lease
from ec2.lease_record import Record

ADA = Record("ada@laptop", 4711, "0123abc", "2026-05-01T11:58:00+00:00")
BOB = Record("bob@laptop", 4712, "4567def", "2026-05-01T11:59:00+00:00")
Kept = dict[int, Record]


@pytest.fixture
def ssm() -> Iterator[Any]:
    client = boto3.client(
        "ssm", region_name="us-east-1", aws_access_key_id="ada", aws_secret_access_key="ada"
    )
    yield client
    client.close()


def check(ssm: Any, *answers: Kept) -> None:
    """Ask whether Ada has the lease, the second of the stack; AWS answers this, one after the other."""
    with Stubber(ssm) as stub:
        for kept in answers:
            stub.add_response("get_parameters_by_path", as_told(kept))
        Lease(ssm, "blog", 2, ADA).check()
        stub.assert_no_pending_responses()


def as_told(kept: Kept) -> dict[str, Any]:
    """AWS's answer."""
    return {
        "Parameters": [
            {
                "Name": f"/blog/lease/{number}",
                "Value": record.text(),
                "LastModifiedDate": datetime(2026, 5, 1, 12, tzinfo=UTC),
            }
            for number, record in kept.items()
        ],
        "ResponseMetadata": {"HTTPHeaders": {"date": "Fri, 01 May 2026 12:00:00 GMT"}},
    }


@pytest.mark.parametrize("before", [{}, {1: BOB}])
def test_a_lease_that_was_just_taken_is_looked_for_until_it_is_seen(
    ssm: Any, monkeypatch: pytest.MonkeyPatch, before: Kept
) -> None:
    monkeypatch.setattr(lease, "SEEN_WITHIN_SECONDS", 60)
    check(ssm, before, before, {**before, 2: ADA})


@pytest.mark.parametrize("theirs", [{3: BOB}, {2: BOB}])
def test_a_lease_that_somebody_else_has_is_lost_at_once(ssm: Any, theirs: Kept) -> None:
    with pytest.raises(LeaseLost, match="held by bob@laptop"):
        check(ssm, theirs)


def test_one_that_is_not_seen_some_seconds_later_is_gone(ssm: Any) -> None:
    started = time.monotonic()
    with pytest.raises(LeaseLost, match="is gone"):
        check(ssm, *[{}] * 20)
    assert time.monotonic() - started > 2
