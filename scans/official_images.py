"""Known vulnerabilities of the Jenkins and the plugins that are pinned: Jenkins' own update center.

https://github.com/jenkins-infra/update-center2/blob/master/README.md
"""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import requests

from scans.accepted import Accepted, accepted, is_accepted
from scans.outcome import ROOT, NotScanned, Outcome

SCAN = "official_images"
UPDATE_CENTER_URL = "https://updates.jenkins.io/update-center.actual.json"
# Between two pieces of its answer.
ANSWER_WITHIN_SECONDS = 15
# As the update center calls Jenkins itself.
CORE = "core"
GRAFANA = "grafana: no source is asked about its version"


def scan(root: Path = ROOT) -> Outcome:
    """Ask about everything that is pinned, at once."""
    pins, entries = pinned(root / "images/jenkins"), accepted(root / "scans/accepted.toml")
    warnings = known_warnings(os.environ.get("UPDATE_CENTER_URL", UPDATE_CENTER_URL))
    return Outcome(
        SCAN,
        scanned=(f"Jenkins {pins[CORE]} and {len(pins) - 1} plugins",),
        findings=tuple(findings(pins, warnings, entries)),
        unscanned=(GRAFANA,),
    )


def pinned(folder: Path) -> dict[str, str]:
    """The version of Jenkins and of each plugin, as the image's files have them."""
    image = re.search(r"^ARG JENKINS_IMAGE=\S+:([\d.]+)", (folder / "Dockerfile").read_text(), re.MULTILINE)
    if not image:
        raise NotScanned("images/jenkins/Dockerfile names no version of Jenkins")
    plugins = re.findall(r"^([a-z0-9-]+):(\S+)$", (folder / "plugins.txt").read_text(), re.MULTILINE)
    return {CORE: image[1], **dict(plugins)}


def known_warnings(url: str) -> list[dict[str, Any]]:
    """What the update center warns of. Raises NotScanned where it does not answer, or warns of nothing."""
    try:
        answer = requests.get(url, timeout=ANSWER_WITHIN_SECONDS)
        answer.raise_for_status()
        warnings = answer.json()["warnings"]
    except (requests.RequestException, KeyError, TypeError) as error:
        raise NotScanned(f"no update center of Jenkins': {cause(error)}") from error
    if not isinstance(warnings, list) or not warnings:
        raise NotScanned("Jenkins' update center warns of nothing at all, which it never does")
    return warnings


def cause(error: Exception) -> str:
    """The last, telling part of what the client says."""
    return re.sub(r"['\"]\)\)$", "", str(error).rpartition(": ")[2])


def findings(
    pins: dict[str, str], warnings: Iterable[dict[str, Any]], entries: tuple[Accepted, ...]
) -> Iterator[str]:
    """A line per warning about a version that is pinned and that nobody accepted."""
    for one in warnings:
        name, version = one["name"], pins.get(one["name"], "")
        if version and concerns(one, version) and not is_accepted(name, [one["id"]], entries):
            yield f"jenkins: {name} {version}: {one['id']} {one['message']}, {one['url']}"


def concerns(warning: dict[str, Any], version: str) -> bool:
    """Whether the warning is about the version: about all that it does not narrow, as Jenkins reads it."""
    patterns = [each.get("pattern", ".*") for each in warning.get("versions", ())]
    return not patterns or any(re.fullmatch(pattern, version) for pattern in patterns)
