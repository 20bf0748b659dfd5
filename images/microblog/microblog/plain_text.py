"""What people type, tidied: one form for each letter, one kind of line break, no space at the ends."""

import unicodedata

ALLOWED_CONTROLS = {"\n", "\t"}


def tidy(text: str | None) -> str:
    """Composed letters (NFC), line feeds only, no white space around."""
    lines = (text or "").replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", lines).strip()


def printable(text: str) -> bool:
    """Whether a text has no control characters, surrogates or private codes."""
    return all(
        character in ALLOWED_CONTROLS or unicodedata.category(character) not in {"Cc", "Cs", "Co"}
        for character in text
    )
