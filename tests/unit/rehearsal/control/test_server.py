"""A question that stumbles over somebody's change is asked again; a change never is."""

import io
from typing import Any

import pytest

from ec2.rehearsal.control.server import LOOKS, STUMBLED, Api, Gate


class Stumbling:
    """Stands in for moto: fails so many times, then answers with what it was asked."""

    def __init__(self, times: int, why: str) -> None:
        self.left, self.why, self.asked = times, why, 0

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        self.asked += 1
        body: bytes = environ["wsgi.input"].read()
        if self.asked <= self.left:
            raise RuntimeError(self.why)
        start_response("200 OK", [])
        return [body]


def ask(action: str, moto: Stumbling) -> tuple[str, bytes]:
    """The status and the body of the answer."""
    api, said = Api(Gate(), lambda: None), []
    api.moto = moto  # type: ignore[assignment]
    body = f"Action={action}&Version=2016-11-15".encode()
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/",
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        "HTTP_HOST": "ec2.us-east-1.amazonaws.com",
    }
    answer = b"".join(api(environ, lambda status, _: said.append(status)))
    return said[-1], answer


def test_a_question_is_asked_again_with_all_that_it_said() -> None:
    moto = Stumbling(3, f"dictionary {STUMBLED}")
    assert ask("DescribeInstances", moto) == ("200 OK", b"Action=DescribeInstances&Version=2016-11-15")
    assert moto.asked == 4


@pytest.mark.parametrize(
    ("action", "why", "asked"),
    [
        ("DescribeInstances", f"dictionary {STUMBLED}", LOOKS),
        ("DescribeInstances", "something else", 1),
        ("RunInstances", f"dictionary {STUMBLED}", 1),
    ],
)
def test_what_does_not_help_is_not_repeated(action: str, why: str, asked: int) -> None:
    moto = Stumbling(99, why)
    status, _ = ask(action, moto)
    assert status != "200 OK"
    assert moto.asked == asked
