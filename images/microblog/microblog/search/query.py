"""What people type into the search box: words, "phrases", #hashtags and @names, and no operators."""

from collections.abc import Sequence
from dataclasses import dataclass

import regex

from ..plain_text import tidy
from ..posts import links

QUERY_LENGTH = 200
MOST_TERMS = 10
WORD = regex.compile(r"[\p{L}\p{N}_][\p{L}\p{M}\p{N}_]*")
TERM = regex.compile(r'"(?P<phrase>[^"]*)"?|(?P<plain>[^\s"]+)')


@dataclass(frozen=True)
class Query:
    """All of it has to be in what is found. A phrase is several words in order, a word a phrase of one."""

    phrases: Sequence[tuple[str, ...]] = ()
    tags: Sequence[str] = ()
    names: Sequence[str] = ()

    def __bool__(self) -> bool:
        return bool(self.phrases or self.tags or self.names)

    @property
    def words(self) -> list[str]:
        """Every word, whatever sign was before it; for people."""
        return [word for phrase in self.phrases for word in phrase] + [*self.tags, *self.names]


def parse(text: str) -> Query:
    """Never fails: what is no word counts nothing."""
    phrases: list[tuple[str, ...]] = []
    tags: list[str] = []
    names: list[str] = []
    for match in list(TERM.finditer(tidy(text)[:QUERY_LENGTH]))[:MOST_TERMS]:
        plain = match["plain"]
        link = _link(plain) if plain else None
        if link is None:
            words = tuple(WORD.findall(plain or match["phrase"] or ""))
            phrases += [words] if words else []
        else:
            (names if link.sign == "@" else tags).append(link.key)
    return Query(tuple(phrases), tuple(tags), tuple(names))


def _link(term: str) -> links.Link | None:
    found = links.find(term.rstrip(".,;:!?…"))
    return found[0] if found and found[0].start == 0 else None
