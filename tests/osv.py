"""A source of advisories on loopback that answers as OSV does, with the advisories that a test gives it.

https://google.github.io/osv.dev/post-v1-query/
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tests.json_source import json_source


@contextmanager
def osv(advisories: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """The URL of a source that knows one advisory for each of these packages, and nothing of others."""

    def known(asked: Any) -> dict[str, Any]:
        found = advisories.get(asked["package"]["name"])
        return {"vulns": [found]} if found else {}

    with json_source(known) as source:
        yield f"{source}/v1/query"


def advisory(
    package: str, mended: str, identity: str = "GHSA-0000-0000-0000", alias: str = "CVE-2026-0001"
) -> Any:
    """Every version of the package below `mended` is vulnerable."""
    events = [{"introduced": "0"}, {"fixed": mended}]
    affected = {"package": {"name": package, "ecosystem": "PyPI"}}
    return {
        "id": identity,
        "aliases": [alias],
        "summary": "Lets others in",
        "details": "Lets others in.",
        "published": "2026-01-01T00:00:00Z",
        "modified": "2026-01-01T00:00:00Z",
        "affected": [{**affected, "ranges": [{"type": "ECOSYSTEM", "events": events}]}],
    }
