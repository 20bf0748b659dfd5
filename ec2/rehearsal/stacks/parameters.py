"""A template's parameters: declared, given, checked against their constraints, and shown outside."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ec2.rehearsal.stacks.errors import ValidationError
from ec2.rehearsal.stacks.properties import number, scalar_text

MASK = "****"
SSM_TYPE = re.compile(r"AWS::SSM::Parameter::Value<(.+)>")
CONSTRAINTS = frozenset(("AllowedValues", "AllowedPattern", "MaxLength", "MinLength", "MaxValue", "MinValue"))
DECLARATION_KEYS = CONSTRAINTS | {"Type", "Default", "NoEcho", "Description", "ConstraintDescription"}
PLAIN_TYPES = frozenset(("String", "Number", "CommaDelimitedList", "List<Number>", "List<String>"))
AWS_TYPES = frozenset(
    (
        "AWS::EC2::AvailabilityZone::Name",
        "AWS::EC2::Image::Id",
        "AWS::EC2::Instance::Id",
        "AWS::EC2::KeyPair::KeyName",
        "AWS::EC2::SecurityGroup::GroupName",
        "AWS::EC2::SecurityGroup::Id",
        "AWS::EC2::Subnet::Id",
        "AWS::EC2::Volume::Id",
        "AWS::EC2::VPC::Id",
        "AWS::Route53::HostedZone::Id",
    )
)


@dataclass(frozen=True)
class Parameter:
    """One parameter with the value that an operation uses; `resolved` is what SSM held for its name."""

    key: str
    text: str
    resolved: str | None
    listed: bool
    secret: bool

    @property
    def value(self) -> str | list[str]:
        """What Ref gives."""
        text = self.text if self.resolved is None else self.resolved
        return [part.strip() for part in text.split(",")] if self.listed else text

    @property
    def shown(self) -> dict[str, str]:
        """The parameter as every Describe gives it."""
        shown = {"ParameterKey": self.key, "ParameterValue": MASK if self.secret else self.text}
        if self.resolved is not None:
            shown["ResolvedValue"] = MASK if self.secret else self.resolved
        return shown


Stored = Callable[[str], str]
"""The name of an SSM parameter -> its value; ValidationError when there is none."""


def settled(
    declared: Mapping[str, Mapping[str, Any]],
    given: list[dict[str, Any]],
    previous: Mapping[str, Parameter],
    stored: Stored,
) -> dict[str, Parameter]:
    """Every parameter with its value; ValidationError names the ones that are missing, unknown or wrong."""
    for key, declaration in declared.items():
        check_declaration(key, declaration)
    texts = given_texts(given, previous)
    unknown = [key for key in texts if key not in declared]
    if unknown:
        raise ValidationError(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    defaults = {key: default_text(entry["Default"]) for key, entry in declared.items() if "Default" in entry}
    texts = {**defaults, **texts}
    missing = [key for key in declared if key not in texts]
    if missing:
        raise ValidationError(f"Parameters: [{', '.join(missing)}] must have values")
    return {key: parameter(key, declared[key], texts[key], stored) for key in declared}


def given_texts(given: list[dict[str, Any]], previous: Mapping[str, Parameter]) -> dict[str, str]:
    """What the caller gives, or says to have given before."""
    texts = {}
    for entry in given:
        key = entry["ParameterKey"]
        if not entry.get("UsePreviousValue"):
            texts[key] = str(entry.get("ParameterValue", ""))
        elif "ParameterValue" in entry:
            raise ValidationError(
                f"Invalid input for parameter key {key}. Cannot specify usePreviousValue as true and non "
                f"empty value for a parameter"
            )
        elif key not in previous:
            raise ValidationError(
                f"Invalid input for parameter key {key}. Cannot specify usePreviousValue as true for a "
                f"parameter key not in the previous template"
            )
        else:
            texts[key] = previous[key].text
    return texts


def default_text(default: Any) -> str:
    """A default as if it had been given."""
    return ",".join(map(scalar_text, default)) if isinstance(default, list) else scalar_text(default)


def check_declaration(key: str, declaration: Mapping[str, Any]) -> None:
    """A parameter's declaration has known keys and a known type."""
    unknown = sorted(set(declaration) - DECLARATION_KEYS)
    if unknown:
        raise ValidationError(f"Invalid template parameter property '{unknown[0]}'")
    named = declaration.get("Type")
    if not isinstance(named, str):
        raise ValidationError(
            f"Template format error: Every Parameters object must contain a Type member. ({key})"
        )
    inner = SSM_TYPE.fullmatch(named)
    known = inner[1] if inner else named
    single = known.removeprefix("List<").removesuffix(">")
    if known not in PLAIN_TYPES and single not in AWS_TYPES and known != "AWS::SSM::Parameter::Name":
        raise ValidationError(f"Template format error: Unrecognized parameter type: {named}")


def parameter(key: str, declaration: Mapping[str, Any], text: str, stored: Stored) -> Parameter:
    """One parameter, checked; an SSM type is looked up now and not again in this operation."""
    inner = SSM_TYPE.fullmatch(declaration["Type"])
    held = inner[1] if inner else declaration["Type"]
    listed = held == "CommaDelimitedList" or held.startswith("List<")
    secret = scalar_text(declaration.get("NoEcho", False)) == "true"
    check_text(key, declaration, text, "String" if inner else held)
    return Parameter(key, text, stored(text) if inner else None, listed, secret)


def check_text(key: str, declaration: Mapping[str, Any], text: str, held: str) -> None:
    """A value keeps to what its declaration allows."""
    fault = next(faults(declaration, text, held), None)
    if fault is None:
        return
    said = declaration.get("ConstraintDescription")
    if said and not fault.startswith("must be a number"):
        raise ValidationError(f"Parameter {key} failed to satisfy constraint: {said}")
    raise ValidationError(f"Parameter '{key}' {fault}")


def faults(declaration: Mapping[str, Any], text: str, held: str) -> Iterator[str]:
    """What the value breaks, worst first."""
    parts = [part.strip() for part in text.split(",")]
    listed = held == "CommaDelimitedList" or held.startswith("List<")
    values = parts if listed else [text]
    if held in ("Number", "List<Number>"):
        yield from number_faults(declaration, values)
    allowed = declaration.get("AllowedValues")
    if allowed is not None and not set(values) <= {scalar_text(value) for value in allowed}:
        yield "must be one of AllowedValues"
    pattern = declaration.get("AllowedPattern")
    if pattern is not None and not all(re.fullmatch(str(pattern), value) for value in values):
        yield f"must match pattern {pattern}"
    if held == "String":
        if len(text) < int(declaration.get("MinLength", 0)):
            yield f"must contain at least {declaration['MinLength']} characters"
        if "MaxLength" in declaration and len(text) > int(declaration["MaxLength"]):
            yield f"must contain at most {declaration['MaxLength']} characters"


def number_faults(declaration: Mapping[str, Any], values: list[str]) -> Iterator[str]:
    """What is wrong with a number."""
    for value in map(number, values):
        if isinstance(value, str):
            yield "must be a number"
            continue
        if "MinValue" in declaration and value < float(declaration["MinValue"]):
            yield f"must be a number not less than {declaration['MinValue']}"
        if "MaxValue" in declaration and value > float(declaration["MaxValue"]):
            yield f"must be a number not greater than {declaration['MaxValue']}"


def secrets(parameters: Mapping[str, Parameter]) -> tuple[str, ...]:
    """The values that must never be shown."""
    held = (parameter for parameter in parameters.values() if parameter.secret)
    return tuple({text for parameter in held for text in (parameter.text, parameter.resolved) if text})


def masked(text: str, hidden: tuple[str, ...]) -> str:
    """A text for people, with every secret value as stars."""
    for value in hidden:
        text = text.replace(value, MASK)
    return text


def declarations(declared: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The parameters as GetTemplateSummary tells them."""
    return [declaration_shown(key, entry) for key, entry in declared.items()]


def declaration_shown(key: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """One parameter's declaration in the API's words."""
    shown: dict[str, Any] = {
        "ParameterKey": key,
        "ParameterType": entry["Type"],
        "NoEcho": scalar_text(entry.get("NoEcho", False)) == "true",
        "ParameterConstraints": {},
    }
    if "Default" in entry:
        shown["DefaultValue"] = default_text(entry["Default"])
    if "Description" in entry:
        shown["Description"] = entry["Description"]
    if "AllowedValues" in entry:
        shown["ParameterConstraints"]["AllowedValues"] = [
            scalar_text(value) for value in entry["AllowedValues"]
        ]
    return shown
