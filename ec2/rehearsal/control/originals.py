"""What moto itself has in the places where we put ours, and the way back to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

ORIGINALS: dict[tuple[Any, str], Any] = {}
ABSENT = object()


def original(owner: Any, name: str) -> Any:
    """What moto itself has there, whether or not it was replaced already. Raises KeyError for nothing."""
    return ORIGINALS.setdefault((owner, name), vars(owner)[name])


def replace(owner: Any, name: str, new: Any) -> None:
    """Put ours in the place of moto's, or where moto has nothing."""
    ORIGINALS.setdefault((owner, name), vars(owner).get(name, ABSENT))
    setattr(owner, name, new)


def restore() -> None:
    """Put everything of moto's own back."""
    for (owner, name), own in ORIGINALS.items():
        if own is not ABSENT:
            setattr(owner, name, own)
        elif name in vars(owner):
            delattr(owner, name)


@contextmanager
def as_it_was() -> Iterator[None]:
    """Whatever is replaced in here is moto's own again afterwards."""
    try:
        yield
    finally:
        restore()
