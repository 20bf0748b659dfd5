"""Security updates of Debian's that images lack: each image's packages against the newest, by apt itself."""

import io
import subprocess
import tarfile
from collections.abc import Iterable
from pathlib import Path

from compose.build import BASE_IMAGE
from scans.accepted import AcceptedUpdate, accepted_updates
from scans.engine import CONFINED, BuiltImage, built_images, run, told
from scans.outcome import NotScanned, Outcome

SCAN = "debian_updates"
SCRIPT = Path(__file__).with_suffix(".sh")
STATUS_FILE = "/var/lib/dpkg/status"
TIMEOUT_SECONDS = 300
NO_SOURCE = 3


def scan(
    images: Iterable[BuiltImage] | None = None,
    reference: str = BASE_IMAGE,
    entries: Iterable[AcceptedUpdate] | None = None,
) -> Outcome:
    """Ask the package sources of `reference`, once, about every image."""
    images = list(built_images() if images is None else images)
    known = {(one.image, one.package) for one in (accepted_updates() if entries is None else entries)}
    here = [image for image in images if image.id]
    files = {image.service: status_file(image) for image in here}
    lists = {name: content for name, content in files.items() if content}
    absent = [f"{image.service}: {image.name} is not on this machine" for image in images if not image.id]
    foreign = [f"{name}: no packages of Debian's in it" for name in files.keys() - lists.keys()]
    answered = ask(lists, reference) if lists else []
    return Outcome(
        SCAN,
        scanned=tuple(line for line in answered if "\t" not in line),
        findings=tuple(
            line.replace("\t", ": ")
            for line in answered
            if "\t" in line and image_and_package(line) not in known
        ),
        unscanned=tuple(sorted([*absent, *foreign])),
    )


def image_and_package(line: str) -> tuple[str, str]:
    """Whose update a line of the script tells of."""
    image, _, update = line.partition("\t")
    return image, update.partition(" ")[0]


def status_file(image: BuiltImage) -> bytes:
    """The image's list of installed packages, without starting anything of it; b"" when it has none."""
    made = subprocess.run(["docker", "create", image.id, "none"], capture_output=True, text=True, check=False)
    container = made.stdout.strip()
    try:
        copied = run(["cp", f"{container}:{STATUS_FILE}", "-"], b"", TIMEOUT_SECONDS, "docker cp")
    finally:
        subprocess.run(["docker", "rm", "--force", container], capture_output=True, check=False)
    if copied.returncode != 0:
        return b""
    with tarfile.open(fileobj=io.BytesIO(copied.stdout)) as archive:
        file = archive.extractfile("status")
        return file.read() if file else b""


def ask(lists: dict[str, bytes], reference: str) -> list[str]:
    """The script's lines. Raises NotScanned where the package sources do not answer."""
    words = ["run", *CONFINED, "--tmpfs=/tmp:size=512m", "--memory=768m", "--entrypoint=sh", reference]
    done = run(
        [*words, "-c", SCRIPT.read_text()], packed(lists), TIMEOUT_SECONDS, "looking for Debian's updates"
    )
    if done.returncode == NO_SOURCE:
        raise NotScanned(f"no package source: {told(done)}")
    if done.returncode != 0:
        raise NotScanned(f"apt failed: {told(done)}")
    return done.stdout.decode().splitlines()


def packed(files: dict[str, bytes]) -> bytes:
    """The files as a tar archive."""
    archived = io.BytesIO()
    with tarfile.open(fileobj=archived, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return archived.getvalue()
