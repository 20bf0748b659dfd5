"""What a request asks for, read without using it up."""

import io
import json
from typing import Any
from xml.etree import ElementTree

import pytest
from botocore.parsers import EC2QueryParser, JSONParser, QueryParser, RestXMLParser, RpcV2CBORParser

from ec2.rehearsal.control.requests import action_of, changes_something, service_of
from ec2.rehearsal.control.unsupported import refusal, unsupported


def request(service: str = "ec2", body: str = "", **headers: str) -> dict[str, Any]:
    scope = f"AWS4-HMAC-SHA256 Credential=key/20261101/us-east-1/{service}/aws4_request, SignedHeaders=host"
    return {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/",
        "HTTP_AUTHORIZATION": scope,
        "CONTENT_TYPE": "application/x-www-form-urlencoded; charset=utf-8",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body.encode()),
        **headers,
    }


JSON_BODY = {"HTTP_X_AMZ_TARGET": "AmazonSSM.GetParameter", "CONTENT_TYPE": "application/x-amz-json-1.1"}
CBOR_BODY = {
    "PATH_INFO": "/service/GraniteServiceVersion20100801/operation/PutMetricAlarm",
    "CONTENT_TYPE": "application/cbor",
}


def test_the_action_is_found_in_form_target_and_path_and_the_form_stays_readable() -> None:
    asked = request(body="Action=RunInstances&MinCount=1")
    assert action_of(asked) == "RunInstances"
    assert asked["wsgi.input"].read() == b"Action=RunInstances&MinCount=1"
    assert action_of(request("ssm", **JSON_BODY)) == "GetParameter"
    assert action_of(request("monitoring", **CBOR_BODY)) == "PutMetricAlarm"
    assert service_of(asked) == "ec2"


@pytest.mark.parametrize(
    ("asked", "changes"),
    [
        (request(body="Action=RunInstances"), True),
        (request(body="Action=DescribeInstances"), False),
        (request("ssm", **JSON_BODY), False),
        (request("monitoring", **CBOR_BODY), True),
        (request("s3", REQUEST_METHOD="PUT", CONTENT_TYPE=""), True),
        (request("s3", REQUEST_METHOD="GET", CONTENT_TYPE=""), False),
    ],
)
def test_only_what_may_change_the_cloud_counts_as_a_change(asked: dict[str, Any], changes: bool) -> None:
    assert changes_something(asked["REQUEST_METHOD"], action_of(asked)) is changes


@pytest.mark.parametrize(
    ("asked", "parser"),
    [
        (request("ec2", "Action=CreateVerifiedAccessGroup"), EC2QueryParser()),
        (request("cloudformation", "Action=ActivateType"), QueryParser()),
        (request("ssm", **JSON_BODY), JSONParser()),
        (request("monitoring", **CBOR_BODY), RpcV2CBORParser()),
        (request("s3", REQUEST_METHOD="PUT", CONTENT_TYPE=""), RestXMLParser()),
    ],
)
def test_a_refusal_is_one_that_a_client_of_the_service_reads(asked: dict[str, Any], parser: Any) -> None:
    said: dict[str, Any] = {}

    def start_response(status: str, headers: list[tuple[str, str]]) -> None:
        said.update(status_code=int(status.split()[0]), headers=dict(headers))

    message = unsupported(service_of(asked), action_of(asked) or "put_object")
    body = b"".join(refusal(asked, start_response, "UnsupportedOperation", message))
    headers = {name.lower(): value for name, value in said["headers"].items()}
    read = parser.parse({"body": body, "headers": headers, "status_code": said["status_code"]}, None)
    assert read["Error"]["Code"] == "UnsupportedOperation"
    assert read["Error"]["Message"] == message


def test_a_refusal_cannot_be_broken_by_what_it_repeats() -> None:
    asked = request("ec2", "Action=Do<this>&that")
    body = b"".join(refusal(asked, lambda *_: None, "Error", "<&>"))
    assert ElementTree.fromstring(body).findtext(".//Message") == "<&>"  # noqa: S314 - our own text
    assert json.loads(b"".join(refusal(request(**JSON_BODY), lambda *_: None, "E", '"'))) == {
        "__type": "E",
        "message": '"',
    }
