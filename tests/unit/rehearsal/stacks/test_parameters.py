"""Parameters are checked and shown as CloudFormation does."""

from typing import Any

import pytest

from ec2.rehearsal.stacks.errors import ValidationError
from ec2.rehearsal.stacks.parameters import Parameter, masked, secrets, settled


def stored(name: str) -> str:
    """What SSM holds in these tests."""
    return {"/image": "ami-1", "/list": "a, b"}[name]


def values(declared: dict[str, Any], **given: str) -> dict[str, Any]:
    """The values that Ref gives."""
    texts = [{"ParameterKey": key, "ParameterValue": text} for key, text in given.items()]
    return {key: parameter.value for key, parameter in settled(declared, texts, {}, stored).items()}


def test_values_come_from_the_caller_the_default_and_ssm() -> None:
    declared = {
        "Name": {"Type": "String"},
        "Count": {"Type": "Number", "Default": 2},
        "Ports": {"Type": "List<Number>", "Default": "80, 443"},
        "Words": {"Type": "CommaDelimitedList", "Default": "a,b"},
        "Image": {"Type": "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>", "Default": "/image"},
        "Several": {"Type": "AWS::SSM::Parameter::Value<List<String>>", "Default": "/list"},
    }
    assert values(declared, Name="x") == {
        "Name": "x",
        "Count": "2",
        "Ports": ["80", "443"],
        "Words": ["a", "b"],
        "Image": "ami-1",
        "Several": ["a", "b"],
    }


@pytest.mark.parametrize(
    ("declaration", "text", "sentence"),
    [
        ({"AllowedValues": ["a", "b"]}, "c", "Parameter 'X' must be one of AllowedValues"),
        ({"AllowedPattern": "[a-z]+"}, "A", "Parameter 'X' must match pattern [a-z]+"),
        ({"AllowedPattern": "[a-z]+"}, "a1", "Parameter 'X' must match pattern [a-z]+"),
        (
            {"AllowedPattern": "[a-z]+", "ConstraintDescription": "small letters"},
            "A",
            "Parameter X failed to satisfy constraint: small letters",
        ),
        ({"MinLength": 3}, "ab", "Parameter 'X' must contain at least 3 characters"),
        ({"MaxLength": "3"}, "abcd", "Parameter 'X' must contain at most 3 characters"),
        ({"Type": "Number"}, "many", "Parameter 'X' must be a number"),
        ({"Type": "Number", "MinValue": 1}, "0.5", "Parameter 'X' must be a number not less than 1"),
        (
            {"Type": "List<Number>", "MaxValue": 9},
            "1,10",
            "Parameter 'X' must be a number not greater than 9",
        ),
    ],
)
def test_a_value_that_breaks_a_constraint_is_refused(
    declaration: dict[str, Any], text: str, sentence: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        values({"X": {"Type": "String", **declaration}}, X=text)
    assert refused.value.message == sentence


@pytest.mark.parametrize(
    ("declaration", "sentence"),
    [
        ({"Type": "Text"}, "Template format error: Unrecognized parameter type: Text"),
        ({"Type": "String", "Minimum": 1}, "Invalid template parameter property 'Minimum'"),
        ({}, "Template format error: Every Parameters object must contain a Type member. (X)"),
    ],
)
def test_a_declaration_that_aws_does_not_know_is_refused(declaration: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError) as refused:
        values({"X": declaration}, X="a")
    assert refused.value.message == sentence


def test_a_previous_value_is_used_when_there_is_one() -> None:
    declared = {"X": {"Type": "String", "Default": "default"}}
    before = {"X": Parameter("X", "before", None, False, False)}
    previous = {"ParameterKey": "X", "UsePreviousValue": True}
    assert settled(declared, [previous], before, stored)["X"].value == "before"
    with pytest.raises(ValidationError, match="key not in the previous template"):
        settled(declared, [previous], {}, stored)
    with pytest.raises(ValidationError, match="usePreviousValue as true and non empty value"):
        settled(declared, [{**previous, "ParameterValue": "x"}], before, stored)


def test_a_secret_is_stars_wherever_it_stands() -> None:
    declared = {"X": {"Type": "String", "NoEcho": "true", "Default": "hush"}, "Y": {"Type": "String"}}
    held = settled(declared, [{"ParameterKey": "Y", "ParameterValue": "loud"}], {}, stored)
    assert held["X"].shown == {"ParameterKey": "X", "ParameterValue": "****"}
    assert masked('{"a": "hush, loud"}', secrets(held)) == '{"a": "****, loud"}'
