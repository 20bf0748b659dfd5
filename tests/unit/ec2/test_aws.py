"""AWS's clients: what they bear, and what a person is told of an error before AWS answers."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

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

WHO = """<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::123456789012:user/ada</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>"""


@pytest.fixture
def throttled(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """AWS, which refuses the next request once for each of these words with it, and then answers."""
    refusals: list[str] = []

    class Throttled(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = self.rfile.read(int(self.headers["Content-Length"]))
            if b"GetCallerIdentity" in asked:
                self.answer(200, WHO)
            elif refusals:
                self.answer(400, json.dumps({"__type": refusals.pop(), "message": "Rate exceeded"}))
            else:
                self.answer(200, json.dumps({"Version": 1}))

        def answer(self, status: int, text: str) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Throttled) as server:
        threading.Thread(target=server.serve_forever).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ada")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "ada")
        yield refusals
        server.shutdown()


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
