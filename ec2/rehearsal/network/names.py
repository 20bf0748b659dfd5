"""What this machine's interfaces and tables of one cloud are called: pure functions of its name."""

import re
from hashlib import sha256

from ec2.rehearsal.errors import RehearsalError

# A socket with this mark (SO_MARK) is the cloud's own probe; it passes whatever the groups say.
PROBE_MARK = 0x52484C31
FAMILY = "inet"


def table(cloud: str) -> str:
    """The one nft table of the cloud, family inet. Raises RehearsalError for a name that nft cannot say."""
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", cloud):
        raise RehearsalError(
            f"a cloud cannot be called {cloud!r}", "use letters, digits, dots, hyphens and underscores"
        )
    return f"rehearsal_{cloud}"


def bridge(cloud: str, vpc: str) -> str:
    """The bridge of a VPC: 15 characters, all that Linux allows."""
    return bridge_prefix(cloud) + digest(f"{cloud}/{vpc}", 8)


def bridge_prefix(cloud: str) -> str:
    """How every bridge of the cloud's VPCs begins, also of one that is made tomorrow."""
    return "rh" + digest(cloud, 5)


def pool_bridge(cloud: str) -> str:
    """The interface that owns the public addresses; no VPC's bridge is ever called so."""
    return "rp" + digest(cloud, 5)


def digest(text: str, length: int) -> str:
    return sha256(text.encode()).hexdigest()[:length]
