"""Made-up people: names of two languages, when they came, and whom they follow."""

from collections.abc import Iterator, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from random import Random

from .. import usernames
from .size import Size
from .texts import ABOUT, NAMES

# Nobody can have an address here (RFC 2606).
DOMAIN = "seed.invalid"
# How unequal: the weight of the n-th is 1 / n to this power.
POPULARITY, ACTIVITY = 1.0, 0.7
TRIES = 4


@dataclass(frozen=True)
class Person:
    """Somebody made up."""

    id: int
    username: str
    display_name: str
    about: str
    language: str
    joined: datetime


class Weighted:
    """People to be picked from, some far more often than others."""

    def __init__(self, rng: Random, people: list[Person], exponent: float) -> None:
        self.ranked = rng.sample(people, len(people))
        self._rng = rng
        self._weights = list(accumulate(1 / rank**exponent for rank in range(1, len(people) + 1)))

    def some(self, amount: int) -> list[Person]:
        """So many, perhaps one more than once."""
        return self._rng.choices(self.ranked, cum_weights=self._weights, k=amount)


def make(rng: Random, size: Size, first_id: int, taken: Set[str]) -> list[Person]:
    """As many people as asked for, in the order they joined; nobody has a name that is taken."""
    span = (size.first_post - size.opening).total_seconds()
    moments = sorted(rng.random() for _ in range(size.people))
    names = _names(rng, taken)
    people = []
    for number, moment in enumerate(moments):
        username, display_name, language = next(names)
        about = rng.choice(ABOUT[language]) if rng.random() < 0.7 else ""
        joined = size.opening + timedelta(seconds=int(span * moment))
        people.append(Person(first_id + number, username, display_name, about, language, joined))
    return people


def follows(rng: Random, size: Size, people: list[Person]) -> Iterator[tuple[Person, Person]]:
    """Pairs of follower and followed: each follows exactly as many others as asked for."""
    known = Weighted(rng, people, POPULARITY)
    for person in people:
        others = dict.fromkeys(known.some(TRIES * size.followed))
        others.pop(person, None)
        chosen = list(others)[: size.followed]
        if len(chosen) < size.followed:
            rest = (other for other in known.ranked if other != person and other not in others)
            chosen += [other for other, _ in zip(rest, range(size.followed - len(chosen)), strict=False)]
        yield from ((person, other) for other in chosen)


def _names(rng: Random, taken: Set[str]) -> Iterator[tuple[str, str, str]]:
    used = set(taken)
    while True:
        language = rng.choice(("en", "es"))
        first, last = (rng.choice(names) for names in NAMES[language])
        stem = f"{_plain(first)}_{_plain(last)}"
        username, number = stem, 1
        while usernames.key(username) in used:
            number += 1 + rng.randrange(9)
            username = f"{stem}{number}"
        used.add(usernames.key(username))
        yield username, f"{first} {last}", language


def _plain(name: str) -> str:
    return name.lower().translate(str.maketrans("áéíóúüñ", "aeiouun"))
