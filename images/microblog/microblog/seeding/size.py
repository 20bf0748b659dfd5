"""How large a community is to be."""

from dataclasses import dataclass
from datetime import datetime, timedelta

POSTS_SPAN = timedelta(days=180)
JOINED_WITHIN = timedelta(days=60)


@dataclass(frozen=True)
class Size:
    """So many people, who follow so many others each, and write so many posts together.

    The same size with the same seed and end is the same community in an empty database.
    """

    people: int
    follows: int
    posts: int
    seed: int
    end: datetime

    @property
    def first_post(self) -> datetime:
        """The moment of the first post; everybody has joined by then."""
        return self.end - POSTS_SPAN

    @property
    def opening(self) -> datetime:
        """The moment the first person joined."""
        return self.first_post - JOINED_WITHIN

    @property
    def followed(self) -> int:
        """How many people each follows: as many as asked for, if there are that many others."""
        return min(self.follows, self.people - 1)
