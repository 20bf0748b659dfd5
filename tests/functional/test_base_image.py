"""The base image: from packages small and the same bytes each time, a published one brought up to date."""

import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import docker
import pytest

from compose.one_image import build_image
from tests.conftest import NEEDS_ROOT, ROOT

LARGEST_BYTES = 85 * 1000**2


def built(engine: docker.DockerClient, name: str) -> dict[str, Any]:
    """What the engine knows of an image that the script has just built; the image is gone again."""
    subprocess.run([ROOT / "images/base/build.sh", name], check=True, capture_output=True)
    try:
        return dict(engine.images.get(name).attrs)
    finally:
        engine.images.remove(name, force=True)


@NEEDS_ROOT
def test_it_is_small_and_building_again_changes_no_layer(engine: docker.DockerClient, run_id: str) -> None:
    with ThreadPoolExecutor() as both:
        first, second = both.map(built, [engine, engine], [f"{run_id}-base:first", f"{run_id}-base:second"])
    assert first["Size"] <= LARGEST_BYTES
    assert first["RootFS"]["Layers"] == second["RootFS"]["Layers"]


# A system with the first version of a package, whose only source has the second.
PUBLISHED = """\
FROM debian:trixie-slim
COPY publish.sh /
RUN sh -e publish.sh
"""
PUBLISH = """\
mkdir --parents /packages/made/DEBIAN
cd /packages
for version in 1 2; do
    cat >made/DEBIAN/control <<END
Package: made
Version: $version
Architecture: all
Maintainer: Somebody <somebody@example.org>
Description: made
END
    dpkg-deb --build made $version.deb
done
dpkg --install 1.deb
{
    dpkg-deb --field 2.deb
    echo Filename: ./2.deb
    echo Size: "$(stat --format %s 2.deb)"
    echo SHA256: "$(sha256sum 2.deb | cut --delimiter ' ' --fields 1)"
} >Packages
rm --recursive /etc/apt/sources.list.d
echo 'deb [trusted=yes] file:/packages ./' >/etc/apt/sources.list
"""


@pytest.fixture
def published(engine: docker.DockerClient, run_id: str, tmp_path: Path) -> Iterator[str]:
    (tmp_path / "Dockerfile").write_text(PUBLISHED)
    (tmp_path / "publish.sh").write_text(PUBLISH)
    name = f"{run_id}-base:published"
    build_image(name, tmp_path)
    yield name
    engine.images.remove(name, force=True)


def test_a_published_one_gets_what_debian_updated_since(
    engine: docker.DockerClient, run_id: str, published: str
) -> None:
    name = f"{run_id}-base:today"
    build_image(name, ROOT / "images/base", arguments={"PUBLISHED": published}, fresh=True)
    try:
        said = engine.containers.run(name, ["dpkg-query", "--show", "made"], remove=True)
    finally:
        engine.images.remove(name, force=True)
    assert said == b"made\t2\n"
