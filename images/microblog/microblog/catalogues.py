"""The texts of the program and their translations; for the command line and the tests."""

import os
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from .languages import SOURCE_LANGUAGE, TRANSLATIONS, catalogue, translated

METHODS = [("migrations/**", "ignore"), ("**.py", "python"), ("templates/**.html", "jinja2")]
KEYWORDS = {
    "_": None,
    "gettext": None,
    "lazy_gettext": None,
    "ngettext": (1, 2),
    "lazy_ngettext": (1, 2),
    # The API's summaries: its document is English, the page about it is not.
    "N_": None,
}
OPTIONS = {"templates/**.html": {"trimmed": "true", "silent": "false"}}
TEMPLATE = TRANSLATIONS / "messages.pot"


class NoLanguage(Exception):
    """Nobody speaks a language with this code."""


def texts(package: Path) -> Catalog:
    """Every text of the program that is there to be translated."""
    found = Catalog(project="microblog", charset="utf-8")
    rows = extract_from_dir(
        package, METHODS, OPTIONS, keywords=KEYWORDS, comment_tags=("Translators:",), strip_comment_tags=True
    )
    for filename, line, message, comments, context in rows:
        found.add(message, None, [(filename, line)], auto_comments=comments, context=context)
    return found


def extract(package: Path) -> str:
    """Write the texts to messages.pot; says where."""
    with TEMPLATE.open("wb") as file:
        write_po(file, texts(package), sort_by_file=True, width=100, include_lineno=False)
    return f"{TEMPLATE}"


def update(package: Path) -> list[str]:
    """Add new texts to every catalogue and drop those that are gone; says what is left to translate."""
    template = texts(package)
    report = []
    for code in translated():
        translation = read(code)
        translation.update(template, no_fuzzy_matching=True)
        translation.obsolete.clear()
        _write(code, translation)
        left = sum(1 for message in translation if message.id and not all(_strings(message.string)))
        report.append(f"{code}: {len(translation)} texts, {left} to translate")
    return report


def compile_all() -> list[str]:
    """Write a .mo beside every .po; says which."""
    report = []
    for code in translated():
        path = catalogue(code).with_suffix(".mo")
        # In one step: a program that starts meanwhile reads the old file or the new one.
        part = path.with_suffix(f".{os.getpid()}.part")
        with part.open("wb") as file:
            write_mo(file, read(code))
        part.replace(path)
        report.append(f"{code}: {path}")
    return report


def add(package: Path, code: str) -> str:
    """Make an empty catalogue for a language; says where. Raises NoLanguage."""
    try:
        locale = Locale.parse(code)
    except (UnknownLocaleError, ValueError) as error:
        raise NoLanguage from error
    if code == SOURCE_LANGUAGE or catalogue(code).exists():
        return f"{code} is there already"
    translation = texts(package)
    translation.locale = locale
    translation.fuzzy = False
    catalogue(code).parent.mkdir(parents=True)
    _write(code, translation)
    return f"{catalogue(code)}: {len(translation)} texts to translate"


def read(code: str) -> Catalog:
    """The catalogue of a language."""
    with catalogue(code).open("rb") as file:
        return read_po(file, locale=code)


def _write(code: str, translation: Catalog) -> None:
    with catalogue(code).open("wb") as file:
        write_po(file, translation, sort_by_file=True, width=100, include_lineno=False)


def _strings(string: object) -> tuple[object, ...]:
    return tuple(string) if isinstance(string, tuple | list) else (string,)
