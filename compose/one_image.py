"""An image that is no service's, built as Compose builds those of services: it brings a BuildKit client."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

from compose.errors import BuildFailed
from compose.project import last_lines

# Compose labels what it builds; no project of ours has the name.
WORDS = ("docker", "compose", "--project-name", "one-image", "--file", "-", "build", "--quiet")
TIMEOUT_SECONDS = 600
MEND = "mend what the lines above say, then repeat the command"


def build_image(
    name: str,
    folder: Path,
    contexts: Mapping[str, Path] | None = None,
    arguments: Mapping[str, str] | None = None,
    target: str = "",
    timeout_seconds: float = TIMEOUT_SECONDS,
    fresh: bool = False,
) -> None:
    """Build the folder's Dockerfile, or one stage of it; a fresh one without layers that are here already.

    Raises BuildFailed with the end of the output.
    """
    named = {context: str(path.resolve()) for context, path in (contexts or {}).items()}
    build = {"context": str(folder.resolve()), "additional_contexts": named, "args": dict(arguments or {})}
    chosen = {"target": target} if target else {}
    shape = json.dumps({"services": {"image": {"image": name, "build": build | chosen}}})
    try:
        done = subprocess.run(
            [*WORDS, *(["--no-cache"] if fresh else [])],
            # A file's dollar is a variable unless it is doubled.
            input=shape.replace("$", "$$"),
            capture_output=True,
            text=True,
            timeout=timeout_seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise BuildFailed(f"{name} was not built within {timeout_seconds:.0f} s") from error
    if done.returncode != 0:
        raise BuildFailed(f"{name} could not be built:\n{last_lines(done.stderr or done.stdout)}", MEND)
