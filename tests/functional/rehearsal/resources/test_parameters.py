"""Parameters of the Parameter Store."""

import pytest
from botocore.exceptions import ClientError

from tests.functional.rehearsal.resources.moto_stack import Stack

PARAMETER = "AWS::SSM::Parameter"


def test_a_parameter_has_its_value_and_its_tags_as_a_map(stack: Stack) -> None:
    given = {"Type": "String", "Value": "1", "Description": "d", "Tier": "Standard", "DataType": "text"}
    name = stack.create(PARAMETER, Name="/demo/release", Tags={"Name": "release"}, **given)
    assert stack.read(PARAMETER, name) == {
        "Name": "/demo/release",
        **given,
        "Tags": {"Name": "release", "Owner": "team"},
    }
    assert stack.attribute(PARAMETER, name, "Value") == "1"
    assert stack.attribute(PARAMETER, name, "Type") == "String"
    stack.delete(PARAMETER, name)
    assert stack.read(PARAMETER, name) is None


def test_a_parameter_changes_in_place(stack: Stack) -> None:
    name = stack.create(PARAMETER, "Zones", Type="StringList", Value="a,b", Tags={"Old": "1"})
    assert name.startswith("demo-Zones-")
    stack.update(PARAMETER, name, Value="a,b,c", Tags={"New": "2"})
    found = stack.read(PARAMETER, name) or {}
    assert (found["Value"], found["Tags"]) == ("a,b,c", {"New": "2", "Owner": "team"})


def test_a_parameter_of_somebody_else_is_not_overwritten(stack: Stack) -> None:
    stack.create(PARAMETER, Name="/taken", Type="String", Value="1")
    with pytest.raises(ClientError, match="ParameterAlreadyExists"):
        stack.create(PARAMETER, Name="/taken", Type="String", Value="2")


def test_a_secret_is_refused(stack: Stack) -> None:
    with pytest.raises(ClientError, match="SecureString is not supported"):
        stack.create(PARAMETER, Name="/secret", Type="SecureString", Value="x")


def test_a_value_outside_the_pattern_is_refused(stack: Stack) -> None:
    with pytest.raises(ClientError, match="ParameterPatternMismatch"):
        stack.create(PARAMETER, Type="String", Value="x", AllowedPattern="[0-9]+")
