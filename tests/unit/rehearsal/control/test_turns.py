"""Requests that moto answers out of its memory take turns; those that may wait for another one do not."""

import io
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest

from ec2.rehearsal.control.server import Api, Gate

ENOUGH_TO_MEET_SECONDS = 10.0
ENOUGH_TO_NOTICE_SECONDS = 0.3


class Meeting:
    """Stands in for moto: whether two requests were in it at the same time."""

    def __init__(self, seconds: float) -> None:
        self.barrier = Barrier(2, timeout=seconds)
        self.met = False

    def __call__(self, _: dict[str, Any], start_response: Any) -> list[bytes]:
        try:
            self.barrier.wait()
            self.met = True
        except BrokenBarrierError:
            pass
        start_response("200 OK", [])
        return []


def request(service: str, action: str) -> dict[str, Any]:
    """What a client that signs for the service sends."""
    body = f"Action={action}".encode()
    return {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/",
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 Credential=ASIA/20260101/us-east-1/{service}/aws4_request",
        "wsgi.input": io.BytesIO(body),
    }


def meet(seconds: float, *asked: tuple[str, str]) -> bool:
    """Whether two requests, made at once, are in moto together."""
    api, moto = Api(Gate(), lambda: None), Meeting(seconds)
    api.moto = moto  # type: ignore[assignment]
    with ThreadPoolExecutor(2) as people:
        for service, action in asked:
            people.submit(api, request(service, action), lambda *_: None)
    return moto.met


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("ec2", "CreateSubnet"), ("ec2", "CreateSecurityGroup")),
        (("ec2", "RunInstances"), ("iam", "CreateInstanceProfile")),
        (("ec2", "CreateTags"), ("ec2", "DescribeTags")),
        (("sns", "Subscribe"), ("sns", "CreateTopic")),
    ],
)
def test_one_waits_for_the_other(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert not meet(ENOUGH_TO_NOTICE_SECONDS, one, other)


@pytest.mark.parametrize(
    "waiting",
    [
        ("cloudformation", "CreateStack"),
        ("ec2", "GetConsoleOutput"),
        ("sns", "Publish"),
        ("lambda", "Invoke"),
    ],
)
def test_what_may_wait_for_another_request_holds_none_up(waiting: tuple[str, str]) -> None:
    assert meet(ENOUGH_TO_MEET_SECONDS, waiting, ("ec2", "CreateSubnet"))
