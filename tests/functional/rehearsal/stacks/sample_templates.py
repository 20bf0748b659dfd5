"""Templates as text, none of which cfn-lint finds fault with."""

import json
from functools import cache
from typing import Any

from cfnlint.api import lint


def text(**sections: Any) -> str:
    """A template of some sections that cfn-lint accepts."""
    body = json.dumps(sections)
    assert faults(body) == []
    return body


@cache
def faults(body: str) -> list[str]:
    """The errors that cfn-lint finds in a template."""
    found = lint(body, regions=["us-east-1"])
    return [str(fault) for fault in found if fault.rule.severity == "error"]


def topic(name: str | None = None, **properties: Any) -> dict[str, Any]:
    """A topic; under a name of its own it cannot be renamed in place."""
    named = {"TopicName": name} if name else {}
    return {"Type": "AWS::SNS::Topic", "Properties": {**named, **properties}}


def parameter(value: Any, name: str | None = None, **attributes: Any) -> dict[str, Any]:
    """An SSM parameter."""
    named = {"Name": name} if name else {}
    properties = {"Type": "String", "Value": value, **named}
    return {"Type": "AWS::SSM::Parameter", "Properties": properties, **attributes}


def bucket(name: str, **attributes: Any) -> dict[str, Any]:
    """A bucket."""
    return {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name}, **attributes}


def volume(**attributes: Any) -> dict[str, Any]:
    """A volume of one gibibyte."""
    properties = {"AvailabilityZone": {"Fn::Select": [0, {"Fn::GetAZs": ""}]}, "Size": 1}
    return {"Type": "AWS::EC2::Volume", "Properties": properties, **attributes}
