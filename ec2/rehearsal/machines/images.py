"""What hosts boot from: images/host, built on this machine's base image."""

import subprocess
from pathlib import Path

from compose.build import Say, obtain_base
from compose.engine import Engine
from compose.errors import StackError
from compose.project import last_lines
from ec2.rehearsal.errors import RehearsalError

FOLDER = Path(__file__).parents[3] / "images/host"
# Without Docker, as real hosts come; and with it, for the sake of time.
TARGETS = ("bare", "docker")


def host_image(target: str) -> str:
    """The name of the image of a target."""
    return f"microblog/host:{target}"


def build_host_images(say: Say) -> None:
    """Have both images; what is here already is not built again.

    Raises RehearsalError when no engine answers or the build fails.
    """
    try:
        obtain_base(Engine(), say)
    except StackError as error:
        raise RehearsalError(error.message, error.hint) from error
    for target in TARGETS:
        say(f"building the host's image, {target}")
        words = ["docker", "build", "--progress", "plain", "--target", target, "--tag", host_image(target)]
        done = subprocess.run([*words, str(FOLDER)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RehearsalError(
                f"the host's image could not be built:\n{last_lines(done.stderr, 20)}",
                "mend what the lines above say, then repeat the command",
            )
