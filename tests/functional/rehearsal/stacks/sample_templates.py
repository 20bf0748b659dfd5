"""Templates as text, none of which cfn-lint finds fault with."""

import json
from typing import Any

from cfnlint.api import lint_all


def text(**sections: Any) -> str:
    """A template of some sections that cfn-lint accepts."""
    body = json.dumps(sections)
    faults = [fault for fault in lint_all(body) if fault.rule.severity == "error"]
    assert faults == [], faults
    return body


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
