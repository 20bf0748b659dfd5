"""Which functions a template may use, and the names that an expression mentions before it is resolved."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

CONDITION_FUNCTIONS = frozenset(("Fn::And", "Fn::Or", "Fn::Not", "Fn::Equals"))
TEXT_FUNCTIONS = frozenset(("Fn::Sub", "Fn::Join", "Fn::Select", "Fn::Split", "Fn::Cidr", "Fn::Base64"))
LOOK_UPS = frozenset(("Ref", "Fn::GetAtt", "Fn::If", "Fn::FindInMap", "Fn::ImportValue", "Fn::GetAZs"))
FUNCTIONS = CONDITION_FUNCTIONS | TEXT_FUNCTIONS | LOOK_UPS
PLACEHOLDER = re.compile(r"\$\{(?!!)\s*([^}]+?)\s*\}")


@dataclass(frozen=True)
class Mention:
    """A name that an expression leans on: of a parameter or resource, of an attribute, or a condition."""

    kind: str
    name: str
    attribute: str = ""


def is_function(value: Any) -> bool:
    """Whether a value is a call that has still to be resolved."""
    return isinstance(value, dict) and len(value) == 1 and is_function_name(next(iter(value)))


def is_function_name(name: str) -> bool:
    """Whether a key is that of a function, a known one or not."""
    return name == "Ref" or name.startswith("Fn::")


def mentions(value: Any) -> Iterator[Mention]:
    """Every name that the value leans on, in the order of the text."""
    if isinstance(value, list):
        for entry in value:
            yield from mentions(entry)
    elif is_function(value):
        ((name, argument),) = value.items()
        yield from called(name, argument)
    elif isinstance(value, dict):
        for entry in value.values():
            yield from mentions(entry)


def called(name: str, argument: Any) -> Iterator[Mention]:
    """What one call leans on."""
    if name == "Ref":
        yield Mention("ref", str(argument))
    elif name == "Fn::GetAtt":
        yield attribute_mention(argument)
        yield from mentions(argument)
    elif name == "Fn::Sub":
        yield from substituted(argument)
    else:
        if name == "Fn::If" and isinstance(argument, list) and argument:
            yield Mention("condition", str(argument[0]))
        yield from mentions(argument)


def attribute_mention(argument: Any) -> Mention:
    """Fn::GetAtt as a list of two, or as one text with a dot."""
    parts = argument.split(".", 1) if isinstance(argument, str) else argument
    if not isinstance(parts, list) or len(parts) != 2 or not isinstance(parts[0], str):
        return Mention("attribute", str(argument), "")
    return Mention("attribute", parts[0], parts[1] if isinstance(parts[1], str) else "")


def substituted(argument: Any) -> Iterator[Mention]:
    """What the placeholders of an Fn::Sub mean that its own map does not explain."""
    text, own = argument if isinstance(argument, list) and len(argument) == 2 else (argument, {})
    for name in PLACEHOLDER.findall(str(text)):
        if name in own:
            continue
        head, _, rest = name.partition(".")
        yield Mention("attribute", head, rest) if rest else Mention("ref", head)
    yield from mentions(own)


def condition_mentions(value: Any) -> Iterator[Mention]:
    """What an expression under Conditions leans on; there {"Condition": name} is a call as well."""
    if isinstance(value, list):
        for entry in value:
            yield from condition_mentions(entry)
    elif isinstance(value, dict):
        if set(value) == {"Condition"}:
            yield Mention("condition", str(value["Condition"]))
        elif is_function(value) and next(iter(value)) not in CONDITION_FUNCTIONS:
            yield from mentions(value)
        else:
            for entry in value.values():
                yield from condition_mentions(entry)


def unknown_functions(value: Any) -> Iterator[str]:
    """Names of functions that are used and not known here."""
    if isinstance(value, list):
        for entry in value:
            yield from unknown_functions(entry)
    elif isinstance(value, dict):
        for name, entry in value.items():
            if name.startswith("Fn::") and name not in FUNCTIONS:
                yield name
            yield from unknown_functions(entry)
