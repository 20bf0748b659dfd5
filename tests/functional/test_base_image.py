"""The base image built from packages: small, and the same bytes each time."""

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import docker
import pytest

from tests.conftest import ROOT

LARGEST_BYTES = 85 * 1000**2


def built(engine: docker.DockerClient, name: str) -> dict[str, Any]:
    """What the engine knows of an image that the script has just built; the image is gone again."""
    subprocess.run([ROOT / "images/base/build.sh", name], check=True, capture_output=True)
    try:
        return dict(engine.images.get(name).attrs)
    finally:
        engine.images.remove(name, force=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="mmdebstrap needs root")
def test_it_is_small_and_building_again_changes_no_layer(engine: docker.DockerClient, run_id: str) -> None:
    with ThreadPoolExecutor() as both:
        first, second = both.map(built, [engine, engine], [f"{run_id}-base:first", f"{run_id}-base:second"])
    assert first["Size"] <= LARGEST_BYTES
    assert first["RootFS"]["Layers"] == second["RootFS"]["Layers"]
