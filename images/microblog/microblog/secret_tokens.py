"""Random tokens: whoever has one shows it, and we keep only its hash."""

import secrets
from hashlib import sha256


def new() -> str:
    """256 bits as 43 letters, digits, - and _."""
    return secrets.token_urlsafe(32)


def hashed(token: str) -> str:
    """What is stored of a token; as it is random, one fast hash is enough."""
    return sha256(token.encode(errors="replace")).hexdigest()
