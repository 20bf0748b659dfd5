"""The wall around Docker for scans: which images there are, and tools that run in a container."""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from compose.project import Project, last_lines
from scans.outcome import NotScanned

INSPECT_SECONDS = 60

# Nothing that looks needs a right, and what it reads is not ours to trust.
CONFINED = (
    "--rm", "--interactive", "--init", "--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges",
)  # fmt: skip


@dataclass(frozen=True)
class BuiltImage:
    """An image of a service under the name it was built by; `id` is "" where it is not on this machine."""

    service: str
    name: str
    id: str


def built_images() -> list[BuiltImage]:
    """The image of every service, one of each name, as `make build` builds them under $TAG."""
    services = Project(os.environ.get("COMPOSE_PROJECT_NAME", "microblog")).services.values()
    names = {service.image: service.name for service in services}
    return [BuiltImage(service, name, image_id(name)) for name, service in sorted(names.items())]


def image_id(name: str) -> str:
    """The id of an image on this machine, or ""."""
    done = run(
        ["image", "inspect", "--format", "{{.Id}}", name], b"", INSPECT_SECONDS, "docker image inspect"
    )
    return done.stdout.decode().strip()


def run(words: Sequence[str], given: bytes, seconds: float, what: str) -> subprocess.CompletedProcess[bytes]:
    """A docker command with `given` on its standard input. Raises NotScanned if it ends late or is absent."""
    try:
        return subprocess.run(
            ["docker", *words], input=given, capture_output=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise NotScanned(f"{what} did not end within {seconds:.0f} s") from error
    except FileNotFoundError as error:
        raise NotScanned("the docker command is not installed") from error


def told(done: subprocess.CompletedProcess[bytes], count: int = 3) -> str:
    """The end of what a command complained of, as one line."""
    said = (done.stderr or done.stdout).decode(errors="replace")
    return "; ".join(line.strip() for line in last_lines(said, count).splitlines() if line.strip())
