"""Prometheus's console templates as the tests read them."""

import re
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "prometheus"
CONSOLES = {path.stem: path.read_text() for path in sorted((FOLDER / "consoles").glob("*.html"))}
ASSETS = {path.name: path.read_text() for path in sorted((FOLDER / "console_assets").iterdir())}
LIBRARY = (FOLDER / "console_libraries/parts.lib").read_text()


@dataclass(frozen=True)
class Bound:
    """From what on a figure is red, and the alert that says so."""

    alert: str
    value: float


def expressions(name: str) -> list[str]:
    """Every expression of a console, labels that it fills in filled in."""
    written = re.findall(r"`([^`]+)`", CONSOLES[name])
    filled_in = re.findall(r'printf "([^"]*%s[^"]*)" \$of', CONSOLES[name])
    return written + [text.replace("%s", '{job="x", host="x"}') for text in filled_in]


def bounds(name: str) -> list[Bound]:
    """The alerts that figures and meters of a console name."""
    found = re.findall(r'"([A-Z]\w+)" ([\d.]+)\)', CONSOLES[name])
    return [Bound(alert, float(value)) for alert, value in found]
