"""Reading single values of the environment; what is wrong with one is added to a list of mistakes."""

from collections.abc import Mapping
from pathlib import Path


def secret_file(environment: Mapping[str, str], name: str, mistakes: list[str]) -> str | None:
    """The text in the file that a variable names; None where there is none."""
    path = environment.get(name)
    if not path:
        return None
    try:
        secret = Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        mistakes.append(f"{name}: {path} cannot be read ({error.strerror or error}).")
        return None
    except ValueError:
        mistakes.append(f"{name}: {path} is not text.")
        return None
    if not secret:
        mistakes.append(f"{name}: {path} is empty.")
        return None
    return secret


def whole_number(
    environment: Mapping[str, str], name: str, least: int, most: int, mistakes: list[str]
) -> int | None:
    """A number in digits within its bounds; None where it is not set."""
    text = environment.get(name, "")
    if not text:
        return None
    if text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most:
        return int(text)
    mistakes.append(f"{name} is {text!r}: a whole number from {least} to {most} is needed.")
    return None
