"""How fast one person may write: in the browser and through the API together, on all hosts.

A person never gets there; a script does.
"""

from dataclasses import dataclass
from enum import StrEnum

from flask import current_app

from . import limits
from .limits import Limit
from .models import User


class Deed(StrEnum):
    """What a person does that others see, or that changes what they see of others."""

    POST = "posts of"
    REACTION = "reactions of"
    TIE = "ties of"


@dataclass(frozen=True)
class Pace:
    """For one post a minute: how many there may be at once, and the seconds after which there is another."""

    burst: int
    seconds: int


# Ten posts a minute make 20 at once and another each 6 seconds, 60 and one second, 40 and 3 seconds.
PACES = {
    Deed.POST: Pace(burst=2, seconds=60),
    Deed.REACTION: Pace(burst=6, seconds=10),
    Deed.TIE: Pace(burst=4, seconds=30),
}


def count(deed: Deed, user: User) -> None:
    """Count what a person is about to do, and commit that. Raises TooManyRequests."""
    limits.take(deed, str(user.id), limit(deed, current_app.config["WRITES_PER_MINUTE"]))


def limit(deed: Deed, per_minute: int) -> Limit:
    """How often one person may do it, in whole seconds."""
    pace = PACES[deed]
    return Limit(burst=pace.burst * per_minute, seconds=max(1, pace.seconds // per_minute))
