"""An update center on loopback that warns of what a test gives it, as Jenkins' own does."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.json_source import json_source


@contextmanager
def update_center(*warnings: dict[str, Any]) -> Iterator[str]:
    """Its URL."""
    with json_source(lambda _: {"plugins": {}, "warnings": warnings}) as source:
        yield f"{source}/update-center.actual.json"


def warning(name: str, pattern: str) -> dict[str, Any]:
    """Of the versions that are like the pattern, all of them."""
    return {
        "id": f"SECURITY-{name}",
        "message": "Lets others in",
        "name": name,
        "type": "core" if name == "core" else "plugin",
        "url": "https://www.jenkins.io/security/advisory/2026-01-01/",
        "versions": [{"lastVersion": "any", "pattern": pattern}],
    }
