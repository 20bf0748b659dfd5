"""Looking at what may be gone: AWS says so with an error, here it is None."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from botocore.exceptions import ClientError


def first(operation: Callable[..., Any], key: str, **arguments: Any) -> dict[str, Any] | None:
    """The first of what a describing call lists under `key`, or None when there is none."""
    listed = answer(operation, **arguments).get(key) or [None]
    found: dict[str, Any] | None = listed[0]
    return found


def answer(operation: Callable[..., Any], **arguments: Any) -> dict[str, Any]:
    """What a call answers, or nothing when what it asks of does not exist."""
    answered: dict[str, Any] = {}
    with unless_gone():
        answered |= operation(**arguments)
    return answered


@contextmanager
def unless_gone() -> Iterator[None]:
    """Let pass that something does not exist, and nothing else."""
    try:
        yield
    except ClientError as error:
        if not is_gone(error):
            raise


def is_gone(error: ClientError) -> bool:
    """Whether AWS says that there is no such thing; each service has its own code for it."""
    code = str(error.response["Error"]["Code"])
    return "NotFound" in code or code.startswith("NoSuch") or code == "404"


@contextmanager
def wholly(undo: Callable[[], object]) -> Iterator[None]:
    """Make a resource wholly or not at all: when a later step fails, what the first one made is removed."""
    try:
        yield
    except Exception:
        with suppress(ClientError):
            undo()
        raise


def refusal(code: str, message: str, operation: str) -> ClientError:
    """An error as AWS would give it, for what its handler checks before it calls the service."""
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


def refuse_taken(taken: object, type_name: str, name: str) -> None:
    """Refuse a name that somebody has, where the service itself would quietly change what is there."""
    if taken:
        raise refusal("AlreadyExists", f"Resource of type {type_name} with name {name} exists", "Create")


def picked(values: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Those of the named values that are there."""
    return {name: values[name] for name in names if values.get(name) is not None}
