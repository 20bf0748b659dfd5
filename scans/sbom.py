"""What is in each image, package by package, as CycloneDX: syft."""

import subprocess
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from scans.engine import BuiltImage
from scans.outcome import ROOT, NotScanned

SYFT = ROOT / ".venv/scan/bin/syft"
TIMEOUT_SECONDS = 300
# A large image is a gigabyte of memory to it.
SIDE_BY_SIDE = 2


def write_boms(images: Iterable[BuiltImage], folder: Path) -> list[str]:
    """A bill of materials per image that is on this machine; the files. Raises NotScanned where one fails."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.cdx.json"):
        old.unlink()
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        return list(pool.map(lambda image: write_bom(image, folder), (one for one in images if one.id)))


def write_bom(image: BuiltImage, folder: Path) -> str:
    """The bill of one image, under its service's name."""
    file = folder / f"{image.service}.cdx.json"
    words = [
        str(SYFT), "scan", f"docker:{image.id}", "--quiet", "--source-name", image.name.rpartition(":")[0],
        "--source-version", image.id, "--output", f"cyclonedx-json={file}",
    ]  # fmt: skip
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False)
    except FileNotFoundError as error:
        raise NotScanned("syft is not installed: make .venv/scan/made") from error
    if done.returncode != 0:
        raise NotScanned(f"{image.service}: syft failed: {done.stderr.strip()[-300:]}")
    return str(file)
