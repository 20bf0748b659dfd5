"""Session tokens: each belongs to one instance and ends by itself."""

import hashlib
import hmac
import secrets
import time

LONGEST_SECONDS = 21600


class Tokens:
    """Makes and checks tokens; nothing is kept, so nothing is lost with one but the key."""

    def __init__(self) -> None:
        self.key = secrets.token_bytes(32)

    def make(self, instance_id: str, seconds: int) -> str:
        """A token for this instance that holds for so many seconds, 1 to 21600. Raises ValueError."""
        if not 1 <= seconds <= LONGEST_SECONDS:
            raise ValueError(f"{seconds} is not between 1 and {LONGEST_SECONDS} seconds")
        until = int(time.time()) + seconds
        return f"{until:x}-{self.signature(instance_id, until)}"

    def seconds_left(self, token: str, instance_id: str) -> int:
        """For how long the token still holds for this instance; 0 when it does not."""
        until_text, _, signature = token.partition("-")
        try:
            until = int(until_text, 16)
        except ValueError:
            return 0
        if not hmac.compare_digest(signature.encode(), self.signature(instance_id, until).encode()):
            return 0
        return max(0, until - int(time.time()))

    def signature(self, instance_id: str, until: int) -> str:
        """What only this process can write under a token."""
        return hmac.new(self.key, f"{instance_id} {until}".encode(), hashlib.sha256).hexdigest()
