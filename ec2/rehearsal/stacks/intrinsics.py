"""Resolves a template's functions to values; where a value comes from is the scope's affair."""

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from itertools import islice
from typing import Any, Final

from ec2.rehearsal.stacks.errors import ValidationError
from ec2.rehearsal.stacks.functions import PLACEHOLDER, is_function
from ec2.rehearsal.stacks.properties import scalar_text

# What AWS itself writes into a change set where a value is not known before the execution.
UNKNOWN: Final = "{{changeSet:KNOWN_AFTER_APPLY}}"
NO_VALUE: Final = object()
DYNAMIC = re.compile(r"\{\{resolve:ssm:([^:{}]+(?::\d+)?)\}\}")


@dataclass(frozen=True)
class Scope:
    """Where Ref, GetAtt and the others find what they ask for."""

    parameters: Mapping[str, Any]
    mappings: Mapping[str, Mapping[str, Mapping[str, Any]]]
    conditions: Mapping[str, Any]
    physical_id: Callable[[str], str]
    attribute: Callable[[str, str], Any]
    imported: Callable[[str], str]
    zones: Callable[[str], list[str]]
    stored: Callable[[str], str]


def resolve(value: Any, scope: Scope) -> Any:
    """The value with every function carried out and AWS::NoValue left out."""
    if isinstance(value, str):
        return DYNAMIC.sub(lambda found: scope.stored(found[1]), value)
    if isinstance(value, list):
        entries = (resolve(entry, scope) for entry in value)
        return [entry for entry in entries if entry is not NO_VALUE]
    if is_function(value):
        ((name, argument),) = value.items()
        return called(name, argument, scope)
    if isinstance(value, dict):
        pairs = ((key, resolve(entry, scope)) for key, entry in value.items())
        return {key: entry for key, entry in pairs if entry is not NO_VALUE}
    return value


def called(name: str, argument: Any, scope: Scope) -> Any:
    """The value of one function."""
    if name in CALLS:
        return CALLS[name](argument, scope)
    return on_values(name, resolve(argument, scope))


def on_values(name: str, argument: Any) -> Any:
    """The functions that need nothing but their resolved argument."""
    if name not in VALUE_CALLS:
        raise ValidationError(f"Template error: {name} is not supported here")
    if name != "Fn::Select" and leans_on_unknown(argument):
        return UNKNOWN
    try:
        return VALUE_CALLS[name](argument)
    except (TypeError, ValueError, IndexError, KeyError) as error:
        raise ValidationError(f"Template error: {name} cannot be resolved: {error}") from error


def leans_on_unknown(value: Any) -> bool:
    """Whether a part of the value is known only after the execution."""
    if isinstance(value, str):
        return UNKNOWN in value
    if isinstance(value, dict):
        return any(leans_on_unknown(entry) for entry in value.values())
    return isinstance(value, list) and any(leans_on_unknown(entry) for entry in value)


def ref(name: Any, scope: Scope) -> Any:
    """A parameter's value or a resource's physical id."""
    if name == "AWS::NoValue":
        return NO_VALUE
    return scope.parameters[name] if name in scope.parameters else scope.physical_id(name)


def get_attribute(argument: Any, scope: Scope) -> Any:
    """An attribute of a resource; the attribute's name may be computed."""
    parts = argument.split(".", 1) if isinstance(argument, str) else argument
    return scope.attribute(parts[0], resolve(parts[1], scope))


def substitute(argument: Any, scope: Scope) -> str:
    """${Name}, ${Name.Attribute} and ${!Literal} in a text."""
    text, own = argument if isinstance(argument, list) else (argument, {})
    values = resolve(own, scope)

    def value(found: re.Match[str]) -> str:
        name = found[1]
        if name in values:
            return joined_text(values[name])
        return joined_text(get_attribute(name, scope) if "." in name else ref(name, scope))

    filled = PLACEHOLDER.sub(value, text)
    return str(resolve(re.sub(r"\$\{!([^}]*)\}", r"${\1}", filled), scope))


def joined_text(value: Any) -> str:
    """A value inside a text; a list parameter is written with commas."""
    if isinstance(value, list):
        return ",".join(scalar_text(entry) for entry in value)
    if value is NO_VALUE or isinstance(value, dict):
        raise ValidationError("Template error: variable in Fn::Sub expression does not resolve to a string")
    return scalar_text(value)


def choose(argument: Any, scope: Scope) -> Any:
    """Fn::If resolves the one branch that counts."""
    name, yes, no = argument
    return resolve(yes if holds(name, scope) else no, scope)


def find_in_map(argument: Any, scope: Scope) -> Any:
    """A value out of Mappings, or the default that may stand in a fourth place."""
    if not isinstance(argument, list) or len(argument) not in (3, 4):
        raise ValidationError("Template error: every Fn::FindInMap object requires three parameters")
    name, first, second = (str(part) for part in resolve(argument[:3], scope))
    try:
        return scope.mappings[name][first][second]
    except KeyError:
        if len(argument) == 4 and "DefaultValue" in argument[3]:
            return resolve(argument[3]["DefaultValue"], scope)
        raise ValidationError(
            f"Template error: Unable to get mapping for {name}::{first}::{second}"
        ) from None


def import_value(argument: Any, scope: Scope) -> str:
    """Another stack's export."""
    return scope.imported(str(resolve(argument, scope)))


def availability_zones(argument: Any, scope: Scope) -> list[str]:
    """The region's zones; an empty name is the stack's own region."""
    return scope.zones(resolve(argument, scope) or scope.parameters["AWS::Region"])


def join(argument: Any) -> str:
    """Texts with a delimiter between them."""
    delimiter, entries = argument
    if not isinstance(delimiter, str) or not isinstance(entries, list):
        raise ValueError("it needs a delimiter and a list")
    if any(isinstance(entry, (dict, list)) for entry in entries):
        raise ValueError("every entry of the list must be a text")
    return delimiter.join(scalar_text(entry) for entry in entries)


def select(argument: Any) -> Any:
    """One entry of a list."""
    position, entries = argument
    if entries == UNKNOWN:
        return UNKNOWN
    index = int(position)
    if not isinstance(entries, list) or not 0 <= index < len(entries):
        raise ValueError(f"there is no entry {index}")
    return entries[index]


def split(argument: Any) -> list[str]:
    """The parts of a text between delimiters."""
    delimiter, text = argument
    return str(text).split(delimiter)


def cidr(argument: Any) -> list[str]:
    """The first `count` networks of 2**bits addresses inside a block; 8 bits unless said."""
    block, count, bits = argument if len(argument) == 3 else (*argument, 8)
    network = ip_network(block)
    subnets = list(islice(network.subnets(new_prefix=network.max_prefixlen - int(bits)), int(count)))
    if len(subnets) < int(count):
        raise ValueError(f"{block} has no {count} networks of {bits} bits")
    return [str(subnet) for subnet in subnets]


def to_base64(argument: Any) -> str:
    """A text as user data is sent."""
    return base64.b64encode(argument.encode()).decode()


def holds(name: str, scope: Scope) -> bool:
    """Whether a condition of the template is true."""
    if name not in scope.conditions:
        raise ValidationError(f"Template error: unresolved condition dependency {name}")
    return truth(scope.conditions[name], scope)


def truth(expression: Any, scope: Scope) -> bool:
    """A condition's expression as yes or no."""
    if not isinstance(expression, dict) or len(expression) != 1:
        raise ValidationError("Template error: a condition must be one function")
    ((name, argument),) = expression.items()
    if name == "Condition":
        return holds(argument, scope)
    if name == "Fn::Not":
        return not truth(argument[0], scope)
    if name == "Fn::And":
        return all(truth(part, scope) for part in argument)
    if name == "Fn::Or":
        return any(truth(part, scope) for part in argument)
    if name == "Fn::Equals":
        left, right = resolve(argument, scope)
        return equal_texts(left, right)
    raise ValidationError(f"Template error: {name} is not a condition function")


def equal_texts(left: Any, right: Any) -> bool:
    """Whether two values are the same; true and "true" are."""
    if isinstance(left, (dict, list)) or isinstance(right, (dict, list)):
        return bool(left == right)
    return scalar_text(left) == scalar_text(right)


CALLS: Mapping[str, Callable[[Any, Scope], Any]] = {
    "Ref": ref,
    "Fn::GetAtt": get_attribute,
    "Fn::Sub": substitute,
    "Fn::If": choose,
    "Fn::FindInMap": find_in_map,
    "Fn::ImportValue": import_value,
    "Fn::GetAZs": availability_zones,
}
VALUE_CALLS: Mapping[str, Callable[[Any], Any]] = {
    "Fn::Join": join,
    "Fn::Select": select,
    "Fn::Split": split,
    "Fn::Cidr": cidr,
    "Fn::Base64": to_base64,
}
