"""A caller without the right to ask is told so in the words and the shape of the service that was asked.

moto answers all of them in IAM's, which the SDKs of other languages cannot read.
"""

import json
from collections.abc import Mapping
from typing import Any

from moto.core.exceptions import _RESTError
from werkzeug.exceptions import HTTPException

from ec2.rehearsal.control.requests import service_of
from ec2.rehearsal.control.unsupported import XML_SERVICES, xml

# What EC2, and what the services that speak JSON, call the same refusals.
IN_EC2 = {
    "AccessDenied": "UnauthorizedOperation",
    "ExpiredToken": "RequestExpired",
    "InvalidClientTokenId": "AuthFailure",
}
IN_JSON = {
    "AccessDenied": "AccessDeniedException",
    "ExpiredToken": "ExpiredTokenException",
    "InvalidClientTokenId": "UnrecognizedClientException",
}


class Denial(HTTPException):
    """A refusal whose body is written already."""

    def __init__(self, code: int, kind: str, body: str) -> None:
        super().__init__(body)
        self.code = code
        self.kind = kind

    def get_headers(self, *_: Any, **__: Any) -> list[tuple[str, str]]:
        """The kind of the body."""
        return [("Content-Type", self.kind)]

    def get_body(self, *_: Any, **__: Any) -> str:
        """The body as it is."""
        return str(self.description)


def denial(headers: Mapping[str, str], error: _RESTError) -> HTTPException:
    """The refusal as the client that sent these headers reads it."""
    service = service_of({"HTTP_AUTHORIZATION": headers.get("Authorization", "")})
    if headers.get("X-Amz-Target"):
        body = {"__type": IN_JSON.get(error.error_type, error.error_type), "message": error.message}
        return Denial(400, "application/x-amz-json-1.1", json.dumps(body))
    if service in XML_SERVICES:
        return error
    name = IN_EC2.get(error.error_type, error.error_type) if service == "ec2" else error.error_type
    return Denial(error.code, "text/xml", xml(service, name, error.message))
