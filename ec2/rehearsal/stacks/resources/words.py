"""The same thing under two names: a template's and the API's."""

from collections.abc import Mapping
from typing import Any


def rename(values: Mapping[str, Any], words: Mapping[str, str]) -> dict[str, Any]:
    """The values under other names; those that are not named keep theirs."""
    return {words.get(name, name): value for name, value in values.items()}


def same(values: dict[str, Any]) -> dict[str, Any]:
    """Where both have the same words."""
    return values
