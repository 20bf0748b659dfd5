"""How many requests a caller may send: counted in memory that all workers of a host share, so reading writes
nothing to the database.

Each request uses up some seconds of the future, as in `limits`. A caller has two slots out of many, and the
emptier one counts: two callers would have to share both to disturb each other. A worker that looks while
another one counts loses a count at worst.
"""

import mmap
import secrets
import time
from dataclasses import dataclass
from hashlib import blake2b
from math import ceil

SLOTS = 2**15
SLOT_BYTES = 8


@dataclass(frozen=True)
class Rate:
    """So many requests at once, and as many again spread over these seconds."""

    quota: int
    seconds: int

    @property
    def each(self) -> float:
        """The seconds that one request uses up."""
        return self.seconds / self.quota


@dataclass(frozen=True)
class Left:
    """What a caller may still send, in how many seconds all is theirs again, and how long to wait for one."""

    requests: int
    full_in: int
    wait: int

    @property
    def refused(self) -> bool:
        """Whether this request was one too many."""
        return self.wait > 0


class SharedRates:
    """Up to which moment each caller has used up what they may send; processes made later share it."""

    def __init__(self) -> None:
        # The C library's clock of the machine, the same in every process, is what the numbers mean.
        self._free_at = memoryview(mmap.mmap(-1, 2 * SLOTS * SLOT_BYTES)).cast("d")
        # Nobody can look for an address that shares somebody else's slots.
        self._secret = secrets.token_bytes(16)

    def take(self, kind: str, value: str, rate: Rate) -> Left:
        """Count a request, unless it is one too many."""
        first, second = self._slots(f"{kind}\0{value}")
        now = time.monotonic()
        used = max(min(self._free_at[first], self._free_at[second]) - now, 0.0)
        excess = used + rate.each - rate.seconds
        if excess > 1e-6:
            return Left(0, ceil(used), max(1, ceil(excess)))
        used += rate.each
        for slot in (first, second):
            self._free_at[slot] = max(self._free_at[slot], now + used)
        return Left(int((rate.seconds - used) / rate.each + 1e-6), ceil(used), 0)

    def _slots(self, name: str) -> tuple[int, int]:
        digest = blake2b(name.encode(errors="replace"), digest_size=8, key=self._secret).digest()
        first, second = int.from_bytes(digest[:4], "big"), int.from_bytes(digest[4:], "big")
        return first % SLOTS, SLOTS + second % SLOTS
