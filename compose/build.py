"""Every image on this machine: the base pulled or built, the official ones pulled or left out, ours built."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from compose.engine import Engine
from compose.errors import BuildFailed, ComposeFailed
from compose.project import HERE, Project, Service, last_lines

BASE_IMAGE = "debian:trixie-slim"
# What a registry is asked for; raise it to take over the base's security updates.
PINNED_BASE_IMAGE = "debian:trixie-20260918-slim"
BASE_SCRIPT = HERE.parent / "images/base/build.sh"

# BuildKit's rule above the output of the step that failed.
FAILED_STEP = "------\n"

Say = Callable[[str], None]


def obtain_base(engine: Engine, say: Say) -> None:
    """Have debian:trixie-slim here: as it is, else from a registry, else from distribution packages.

    Raises BuildFailed when none of the three works.
    """
    if engine.has_image(BASE_IMAGE):
        return
    say(f"pulling {PINNED_BASE_IMAGE}")
    refusal = engine.pull(PINNED_BASE_IMAGE)
    if not refusal:
        engine.tag(PINNED_BASE_IMAGE, BASE_IMAGE)
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
                f"({reason(refusal)}); docker pull or docker load it, then make up"
            )
    return left_out


def reason(refusal: str) -> str:
    """The last, telling part of the engine's words on a failed pull."""
    return refusal.strip().rsplit(": ", 1)[-1]


def build_images(project: Project, names: Iterable[str], say: Say) -> None:
    """Build the named services' images side by side; layers that are here already are not made again.

    Raises BuildFailed with the end of the output.
    """
    names, started = list(names), time.monotonic()
    say(f"building {names[0]}" if len(names) == 1 else f"building {len(names)} images")
    try:
        for line in project.lines("build", "--progress", "plain", *names):
            if step := re.match(r"#\d+ (\[[^\]]+\] .*)", line):
                say(f"building, {time.monotonic() - started:.0f} s: {step[1][:90]}")
    except ComposeFailed as error:
        raise BuildFailed(
            f"an image could not be built:\n{failed_step(error.message)}",
            "mend what the lines above say; make up goes on from there",
        ) from error


def failed_step(output: str) -> str:
    """What the failed step printed, without the steps beside it."""
    return output.partition(FAILED_STEP)[2] or output


def revision(folder: Path = HERE) -> str:
    """The short commit id, `-dirty` where files differ from it; "unknown" outside a git checkout."""
    words = ["git", "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=12", "--exclude", "*"]
    try:
        described = subprocess.run(words, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "unknown"
    return described.stdout.strip() or "unknown"
