"""Passwords: argon2id, the same work whether a person exists or not, and one at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from werkzeug.exceptions import TooManyRequests

# 19 MiB, two passes: OWASP's first choice for argon2id.
hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# One at a time keeps a worker's memory bounded, and there is a worker for each processor.
# Who waits longer than this is told to come back.
AT_A_TIME = 1
PATIENCE_SECONDS = 5
# Who waits holds a thread. With a few waiting the next are told so at once: pages need threads too.
MOST_WAITING = 3

# What a stranger's password is compared with: made with the parameters above from a random text since lost.
NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$yl+74mtOI+KBuzlGmZc50A$gVvVNQP+2t+RVOJWTCKFV6PqnAyVWiiiLsb3lXYRh0U"
_slots = BoundedSemaphore(AT_A_TIME)
_places = BoundedSemaphore(AT_A_TIME + MOST_WAITING)


def hashed(password: str) -> str:
    """The text to store for a password."""
    with _slot():
        return hasher.hash(password)


def matches(stored: str | None, password: str) -> bool:
    """Whether a password belongs to a stored text; without one it takes as long and is False."""
    with _slot():
        try:
            return hasher.verify(stored or NOBODY, password) and stored is not None
        except (VerificationError, InvalidHashError):
            return False


def outdated(stored: str) -> bool:
    """Whether a stored text was made with other parameters than today's."""
    return hasher.check_needs_rehash(stored)


@contextmanager
def _slot() -> Iterator[None]:
    if not _places.acquire(blocking=False):
        raise TooManyRequests(retry_after=PATIENCE_SECONDS)
    try:
        if not _slots.acquire(timeout=PATIENCE_SECONDS):
            raise TooManyRequests(retry_after=PATIENCE_SECONDS)
        try:
            yield
        finally:
            _slots.release()
    finally:
        _places.release()
