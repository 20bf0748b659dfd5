"""What differs between two releases: images, variables, how services are run; pure but for reading them."""

import difflib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ec2.host_scripts import host_script
from ec2.release import IMAGES_FILE, ROOT
from ec2.ssh import Session

# Who reads a difference knows of the images by their own list, and of these by the ids of the releases.
SAID_OTHERWISE = ("TAG", "REVISION")
Files = Mapping[str, str]


@dataclass(frozen=True)
class Comparison:
    """What one host would run otherwise: (before, after) by service, by variable, and diffs by file."""

    images: Mapping[str, tuple[str, str]]
    variables: Mapping[str, tuple[str, str]]
    files: Mapping[str, tuple[str, ...]]

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return not (self.images or self.variables or self.files)


def read_comparison(session: Session, before: str, after: str) -> Comparison:
    """What differs on the session's host."""
    script = f"{host_script('release.sh')}\n{host_script('contents.sh')}"
    printed = session.run(script, arguments=[ROOT, "", before, after], sudo=True, what="reading releases")
    return compare(files_of(printed, before), files_of(printed, after))


def files_of(printed: str, release: str) -> dict[str, str]:
    """The files of a release in what contents.sh printed, by name."""
    files: dict[str, str] = {}
    for line in printed.splitlines():
        told, name, *rest = line.split(" ", 2)
        if told == release:
            files[name] = files.get(name, "") + "".join(rest) + "\n"
    return files


def compare(before: Files, after: Files) -> Comparison:
    """What differs between the files of two releases."""
    names = sorted({*before, *after} - {IMAGES_FILE, ".env"})
    diffs = {name: unified(before.get(name, ""), after.get(name, "")) for name in names}
    return Comparison(
        differing(images(before), images(after)),
        differing(variables(before), variables(after)),
        {name: lines for name, lines in diffs.items() if lines},
    )


def images(files: Files) -> dict[str, str]:
    """The image of each service."""
    services = json.loads(files.get(IMAGES_FILE, '{"services": {}}'))["services"]
    return {name: str(service["image"]) for name, service in services.items()}


def variables(files: Files) -> dict[str, str]:
    """What the compose files are told."""
    rows = (line.partition("=") for line in files.get(".env", "").splitlines())
    return {name: value.strip("'") for name, _, value in rows if name not in SAID_OTHERWISE}


def differing(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """What has another value, with both."""
    keys: Iterable[str] = sorted({*before, *after})
    pairs = {key: (before.get(key, ""), after.get(key, "")) for key in keys}
    return {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}


def unified(before: str, after: str) -> tuple[str, ...]:
    """The lines of a diff, without its two file names."""
    return tuple(difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=2))[2:]
