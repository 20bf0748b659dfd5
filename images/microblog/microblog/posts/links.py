"""Mentions and hashtags: found once when a post is written, kept as places in its text, shown as links."""

import unicodedata
from collections.abc import Iterator, Set
from dataclasses import dataclass
from urllib.parse import quote

import regex
from markupsafe import Markup, escape

from .. import usernames
from ..ties import TAG_LENGTH

MOST_LINKS = 40
# As they are, and as wide as the letters of Chinese and Japanese.
AT, HASH = "@＠", "#＃"
LETTER = r"[\p{L}\p{M}\p{N}_]"
# What only tells how its neighbours are joined, as Persian and Sinhala need it, is in a word and in no key.
JOINERS = "\u200c\u200d"
ADDRESS = r"(?i:https?)://\S+"
# Not inside a word or an e-mail address, nor after what is before it in an address without its scheme.
START = rf"(?<!{LETTER}|[{AT}{HASH}/&.])"
MENTION = rf"{START}[{AT}](?P<name>[A-Za-z0-9_]{{3,32}})(?!{LETTER}|[{AT}])"
# Possessive: no letter is given back to get past what must not follow.
TAG = rf"{LETTER}++(?:[{JOINERS}·]{LETTER}++)*+"
LINK = regex.compile(rf"{ADDRESS}|{MENTION}|{START}[{HASH}](?P<tag>{TAG})(?![{AT}{HASH}])")


@dataclass(frozen=True)
class Link:
    """A mention or a hashtag: where it is, and the folded name behind the sign."""

    start: int
    end: int
    sign: str
    key: str


def find(body: str) -> list[Link]:
    """What looks like a mention or a hashtag, from the beginning on."""
    links = []
    for match in LINK.finditer(body):
        name, tag = match["name"], match["tag"]
        key = usernames.key(name) if name else fold(tag or "")
        if key:
            links.append(Link(match.start(), match.end(), "@" if name else "#", key))
    return links[:MOST_LINKS]


def fold(tag: str) -> str | None:
    """What makes two hashtags the same, whatever the case; None for what is no hashtag."""
    letters = regex.sub(f"[{JOINERS}]", "", tag)
    key = unicodedata.normalize("NFC", unicodedata.normalize("NFC", letters).casefold())
    if not regex.fullmatch(TAG, key) or not regex.search(r"\p{L}", key) or len(key) > TAG_LENGTH:
        return None
    return key


def stored(links: list[Link], people: Set[str]) -> str | None:
    """Places as the database keeps them, of hashtags and of mentions of these people: "0-6,15-20"."""
    kept = [link for link in links if link.sign == "#" or link.key in people]
    return ",".join(f"{link.start}-{link.end}" for link in kept) or None


def words(body: str, places: str | None) -> tuple[list[str], list[str]]:
    """Whom a text mentions, as it first writes them, and its hashtags as they are folded; each once."""
    found = [body[start:end] for start, end in _spans(places)]
    mentions: dict[str, str] = {}
    for word in found:
        if word[0] in AT:
            mentions.setdefault(usernames.key(word[1:]), word[1:])
    tags = dict.fromkeys(fold(word[1:]) or "" for word in found if word[0] in HASH)
    return list(mentions.values()), list(tags)


def linked(body: str, places: str | None, person_url: str, tag_url: str) -> Markup:
    """The text with its links. Everything of it is escaped; addresses hold names only."""
    parts, position = [], 0
    for start, end in _spans(places):
        word = body[start:end]
        url = person_url + word[1:] if word[0] in AT else tag_url + quote(fold(word[1:]) or "")
        parts += [escape(body[position:start]), Markup('<a href="{}">{}</a>').format(url, word)]
        position = end
    return Markup("").join([*parts, escape(body[position:])])


def _spans(places: str | None) -> Iterator[tuple[int, int]]:
    for place in places.split(",") if places else ():
        start, end = place.split("-")
        yield int(start), int(end)
