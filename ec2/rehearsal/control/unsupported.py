"""The answer to what the control plane cannot do: an error of AWS's own shape that names the action.

moto answers with a page for browsers, and clients then say that they cannot read it, after four tries.
"""

import json
from collections.abc import Iterable
from typing import Any
from xml.sax.saxutils import escape

from ec2.rehearsal.control.requests import FORM, service_of

# 400: what is asked is wrong here, and asking again changes nothing. Clients try 500 again.
STATUS = "400 Bad Request"
# Those that speak XML without forms; all others without forms speak JSON.
XML_SERVICES = ("s3", "route53", "cloudfront")


def refusal(environ: dict[str, Any], start_response: Any, code: str, message: str) -> Iterable[bytes]:
    """Answer in the protocol of the request: EC2's XML, the other query services' XML, JSON or CBOR."""
    asked, service = environ.get("CONTENT_TYPE", ""), service_of(environ)
    if asked.startswith("application/cbor"):
        kind, body = "application/cbor", cbor({"__type": code, "message": message})
    elif asked.startswith(FORM) or service in XML_SERVICES:
        kind, body = "text/xml", xml(service, code, message).encode()
    else:
        kind, body = "application/json", json.dumps({"__type": code, "message": message}).encode()
    start_response(STATUS, [("Content-Type", kind), ("Content-Length", str(len(body)))])
    return [body]


def unsupported(service: str, action: str) -> str:
    """The sentence that says which action is missing."""
    return f"the rehearsal does not support the action {service}:{action}"


def xml(service: str, code: str, message: str) -> str:
    """An error as EC2, S3 or one of the other XML services writes it."""
    error = f"<Code>{code}</Code><Message>{escape(message)}</Message>"
    if service == "ec2":
        return f"<Response><Errors><Error>{error}</Error></Errors><RequestID>rehearsal</RequestID></Response>"
    if service == "s3":
        return f"<Error>{error}</Error>"
    return f"<ErrorResponse><Error>{error}</Error><RequestId>rehearsal</RequestId></ErrorResponse>"


def cbor(texts: dict[str, str]) -> bytes:
    """A map of at most 23 short texts in CBOR, RFC 8949: major type 5, then pairs of major type 3."""

    def text(value: str) -> bytes:
        encoded = value.encode()
        return b"\x79" + len(encoded).to_bytes(2, "big") + encoded

    return bytes([0xA0 | len(texts)]) + b"".join(text(key) + text(value) for key, value in texts.items())
