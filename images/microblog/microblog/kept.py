"""What a worker remembers of work that it has done before."""

from collections.abc import Hashable
from contextlib import suppress
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Kept(Generic[Key, Value]):
    """Values by key, of the keys that came last; threads may share it."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._values: dict[Key, Value] = {}

    def get(self, key: Key) -> Value | None:
        """The value that was kept under a key, if it still is."""
        return self._values.get(key)

    def keep(self, key: Key, value: Value) -> Value:
        """Keep it, and forget what has been kept for longest where that is too much."""
        self._values[key] = value
        while len(self._values) > self.most:
            # Where another thread came between the two steps, the next round finds the oldest.
            with suppress(RuntimeError):
                self._values.pop(next(iter(self._values)), None)
        return value
