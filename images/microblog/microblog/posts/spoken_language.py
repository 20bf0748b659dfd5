"""Which language a text is in, so that a screen reader pronounces it right.

CLD2 has its tables in the library: 12 ms to load, 6 MiB, shared by the workers that are forked afterwards.
Where there is no build of it (it comes for x86-64), or where a text is too short to tell, nobody knows.
"""

import regex

from ..models import LANGUAGE_LENGTH

try:
    import pycld2
except ImportError:
    pycld2 = None

# Mentions, hashtags and addresses of pages are of no language.
NO_WORDS = regex.compile(r"https?://\S+|[@#][\p{L}\p{M}\p{N}_]+")
CODE = regex.compile(r"[a-z]{2,3}(-[A-Za-z]{2,4})?")
FEWEST_LETTERS = 8
SURE_PERCENT = 80


def of(text: str) -> str | None:
    """The language as HTML names it ("es"); None when the text is too short or too mixed to be sure."""
    words = NO_WORDS.sub(" ", text)
    letters = regex.sub(r"[^\p{L}\p{M}]+", " ", words).strip()
    if pycld2 is None or len(letters.encode()) < FEWEST_LETTERS:
        return None
    try:
        reliable, _bytes, guesses = pycld2.detect(letters)
    except pycld2.error:
        return None
    _name, code, percent, _score = guesses[0]
    sure = reliable and percent >= SURE_PERCENT and CODE.fullmatch(code) and len(code) <= LANGUAGE_LENGTH
    return code if sure and code != "un" else None


def written(text: str, otherwise: str | None) -> str | None:
    """The language that is stored with a post, as HTML names it; `otherwise` is what its author reads."""
    language = of(text) or otherwise
    return language.replace("_", "-") if language else None


def warm_up() -> None:
    """Touch the tables before workers are forked, so that they share them."""
    of("These words are here to be recognised.")
