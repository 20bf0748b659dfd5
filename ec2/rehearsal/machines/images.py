"""What hosts boot from: images/host, built on this machine's base image."""

from pathlib import Path

from compose.build import Say, obtain_base
from compose.engine import Engine
from compose.errors import StackError
from compose.one_image import build_image
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
        for target in TARGETS:
            say(f"building the host's image, {target}")
            build_image(host_image(target), FOLDER, target=target)
    except StackError as error:
        raise RehearsalError(error.message, error.hint) from error
