"""Long answers in pages; a token names the last entry seen, so that new entries shift nothing."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from ec2.rehearsal.stacks.errors import ValidationError

PAGE_SIZE = 100
T = TypeVar("T")


def page(
    entries: Sequence[T], key: Callable[[T], str], request: dict[str, Any], size: int = PAGE_SIZE
) -> tuple[list[T], dict[str, str]]:
    """The entries after the request's token, and {"NextToken": ...} when there are more."""
    token = request.get("NextToken")
    start = 0
    if token:
        keys = [key(entry) for entry in entries]
        if token not in keys:
            raise ValidationError("Invalid NextToken")
        start = keys.index(token) + 1
    shown = list(entries[start : start + size])
    more = start + size < len(entries)
    return shown, {"NextToken": key(shown[-1])} if more else {}
