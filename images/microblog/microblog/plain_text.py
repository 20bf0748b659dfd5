"""What people type, tidied: one form for each letter, one kind of line break, no space at the ends."""

import unicodedata

import regex

ALLOWED_CONTROLS = {"\n", "\t"}
# They turn the text after them around: a name could pass for another.
OVERRIDES = {"\u202d", "\u202e"}


# Spaces of every kind, what only tells how its neighbours are shown, and letters that are blank.
INVISIBLE = regex.compile(r"[\p{Z}\n\t\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]*")


def tidy(text: str | None) -> str:
    """Composed letters (NFC), line feeds only, no white space around; empty where there is nothing to see."""
    lines = (text or "").replace("\r\n", "\n").replace("\r", "\n")
    tidied = unicodedata.normalize("NFC", lines).strip()
    return "" if INVISIBLE.fullmatch(tidied) else tidied


def length(text: str) -> int:
    """How many characters a person sees: a flag or a family is one (grapheme clusters of UAX #29)."""
    return len(text) if text.isascii() else len(regex.findall(r"\X", text))


def printable(text: str) -> bool:
    """Whether a text has neither control characters nor codes without a meaning."""
    return all(character in ALLOWED_CONTROLS or _visible(character) for character in text)


def _visible(character: str) -> bool:
    return character not in OVERRIDES and unicodedata.category(character) not in {"Cc", "Cs", "Co"}
