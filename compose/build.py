"""Every image on this machine: the base pulled or built, the official ones pulled or left out, ours built."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from compose.engine import Engine
from compose.errors import BuildFailed, CommitUnknown, ComposeFailed
from compose.one_image import build_image
from compose.project import HERE, Project, Service, last_lines

BASE_IMAGE = "debian:trixie-slim"
# What a registry is asked for; a fresh build brings it up to date.
PINNED_BASE_IMAGE = "debian:trixie-20260918-slim"
BASE_FOLDER = HERE.parent / "images/base"
BASE_SCRIPT = BASE_FOLDER / "build.sh"

# BuildKit's rule above the output of the step that failed.
FAILED_STEP = "------\n"

# At the end of a commit that what is here differs from, and what stands for one that nobody knows.
UNCOMMITTED = "-dirty"
UNKNOWN = "unknown"

Say = Callable[[str], None]


def obtain_base(engine: Engine, say: Say, fresh: bool = False) -> None:
    """Have debian:trixie-slim here: as it is, else from a registry, else from distribution packages.

    A fresh one is asked for anew, and what is here stays where there is none. Raises BuildFailed without any.
    """
    there = engine.has_image(BASE_IMAGE)
    if there and not fresh:
        return
    try:
        make_base(engine, say)
    except BuildFailed as error:
        if not there:
            raise
        say(f"{BASE_IMAGE} stays as it is: {error.message.splitlines()[0]}")


def make_base(engine: Engine, say: Say) -> None:
    """Have the base with the packages of today, on a registry's or all by itself. Raises BuildFailed."""
    say(f"pulling {PINNED_BASE_IMAGE}")
    refusal = engine.pull(PINNED_BASE_IMAGE)
    if not refusal:
        say(f"bringing {PINNED_BASE_IMAGE} up to date")
        build_image(BASE_IMAGE, BASE_FOLDER, arguments={"PUBLISHED": PINNED_BASE_IMAGE}, fresh=True)
        return
    say(f"no registry answers, so {BASE_IMAGE} is built from distribution packages")
    # Only root can make the files of a system that belong to root.
    become_root = ["sudo"] if os.geteuid() != 0 and shutil.which("sudo") else []
    words = [*become_root, str(BASE_SCRIPT), BASE_IMAGE]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BuildFailed(
            f"{BASE_IMAGE} could not be pulled ({refusal}) nor built:\n{last_lines(done.stderr)}",
            f"run {BASE_SCRIPT} {BASE_IMAGE} as root on Debian or Ubuntu, or docker load one",
        )


def official_images_left_out(engine: Engine, services: Iterable[Service], say: Say) -> dict[str, str]:
    """The services whose official image is neither here nor to be had, each with the reason."""
    left_out = {}
    for service in services:
        if not service.official_image or engine.has_image(service.official_image):
            continue
        say(f"pulling {service.official_image}")
        if refusal := engine.pull(service.official_image):
            left_out[service.name] = (
                f"{service.official_image} is not on this machine and its registry did not give it "
                f"({reason(refusal)}); docker pull or docker load it, then repeat the command"
            )
    return left_out


def reason(refusal: str) -> str:
    """The last, telling part of the engine's words on a failed pull."""
    return refusal.strip().rsplit(": ", 1)[-1]


def build_images(project: Project, names: Iterable[str], say: Say, fresh: bool = False) -> None:
    """Build the named services' images side by side.

    Layers that are here already are not made again, unless what is fresh is wanted: the packages of today.
    Raises BuildFailed with the end of the output.
    """
    names, started = list(names), time.monotonic()
    anew = ("--no-cache",) if fresh else ()
    say(f"building {names[0]}" if len(names) == 1 else f"building {len(names)} images")
    try:
        for line in project.lines("build", "--progress", "plain", *anew, *names):
            if step := re.match(r"#\d+ (\[[^\]]+\] .*)", line):
                say(f"building, {time.monotonic() - started:.0f} s: {step[1][:90]}")
    except ComposeFailed as error:
        raise BuildFailed(
            f"an image could not be built:\n{failed_step(error.message)}",
            "mend what the lines above say, then repeat the command: it goes on from there",
        ) from error


def failed_step(output: str) -> str:
    """What the failed step printed, without the steps beside it."""
    return output.partition(FAILED_STEP)[2] or output


def revision(folder: Path = HERE) -> str:
    """The commit that the files are of, or "unknown"."""
    try:
        return commit(folder)
    except CommitUnknown:
        return UNKNOWN


def commit(folder: Path = HERE) -> str:
    """The short commit id, `-dirty` where files differ from it or are not in it.

    Raises CommitUnknown where git does not know.
    """
    identity = git(folder, "describe", "--always", "--abbrev=12", "--exclude", "*")
    changed = git(folder, "status", "--porcelain", "--untracked-files=normal")
    return f"{identity}{UNCOMMITTED}" if changed else identity


def git(folder: Path, *words: str) -> str:
    """What git answers about the folder. Raises CommitUnknown with its complaint."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *words], capture_output=True, text=True, errors="replace", check=False
        )
    except FileNotFoundError as error:
        raise CommitUnknown("git is not installed") from error
    if done.returncode != 0:
        raise CommitUnknown(done.stderr.strip())
    return done.stdout.strip()
