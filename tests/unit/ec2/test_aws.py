"""AWS's clients: what they bear, and what a person is told of an error before AWS answers."""

import json
from collections.abc import Iterator

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)

from ec2.aws import connect, trouble
from tests.unit.ec2.aws import Answer, aws, refusal


@pytest.fixture
def throttled(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """AWS, which refuses the next request once for each of these words with it, and then answers."""
    refusals: list[str] = []

    def answer() -> Answer:
        return refusal(refusals.pop(), "Rate exceeded") if refusals else (200, json.dumps({"Version": 1}))

    with aws(answer) as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        yield refusals


def test_a_write_that_aws_refuses_for_being_too_fast_is_tried_more_often_than_the_sdk_does_by_itself(
    throttled: list[str],
) -> None:
    throttled += ["ThrottlingException"] * 3
    ssm = connect("us-east-1")("ssm")
    assert ssm.put_parameter(Name="/blog/app/key", Value="v", Type="String")["Version"] == 1
    assert throttled == []


@pytest.mark.parametrize(
    "error",
    [UnauthorizedSSOTokenError(), TokenRetrievalError(provider="sso", error_msg="Token has expired")],
)
def test_who_cannot_say_any_more_who_they_are_is_told_where_that_is_said(error: BotoCoreError) -> None:
    told = trouble(error)
    assert told.message == f"AWS could not be asked any more: {error}"
    assert "~/.aws" in told.hint


@pytest.mark.parametrize(
    ("code", "may_be_the_region"),
    [
        ("ExpiredToken", False),
        ("SignatureDoesNotMatch", False),
        ("InvalidClientTokenId", True),
        ("UnrecognizedClientException", True),
        ("AuthFailure", True),
    ],
)
def test_a_stranger_is_told_that_the_region_may_not_be_enabled(code: str, may_be_the_region: bool) -> None:
    error = {"Error": {"Code": code, "Message": "no"}}
    told = trouble(ClientError(error, "GetCallerIdentity"))  # type: ignore[arg-type]
    assert told.hint.startswith("renew the credentials")
    assert ("enable the region" in told.hint) is may_be_the_region


@pytest.mark.parametrize(
    "error",
    [
        EndpointConnectionError(endpoint_url="https://aws", error="refused"),
        ConnectionClosedError(endpoint_url="https://aws"),
    ],
)
def test_where_the_connection_is_gone_the_command_is_repeated(error: BotoCoreError) -> None:
    told = trouble(error)
    assert told.message == f"AWS does not answer any more: {error}"
    assert told.hint == "repeat the command"
