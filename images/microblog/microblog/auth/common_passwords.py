"""Passwords that everybody tries first.

The list: the 5,000 most frequent of at least 8 characters in common-passwords.txt of Django 5.2 (by Royce
Williams, 2018, from breaches; BSD licence), most frequent first.
"""

from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("common_passwords.txt")


def is_common(password: str) -> bool:
    """Whether a password is among them, whatever the case."""
    return password.lower() in _passwords()


@cache
def _passwords() -> frozenset[str]:
    return frozenset(FILE.read_text(encoding="utf-8").splitlines())
