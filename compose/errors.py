"""What can go wrong with the local stack, each as one sentence and the next command to try."""

from dataclasses import dataclass

# What happened and what to try, where there is no `docker` on the PATH.
NO_COMMAND = (
    "the docker command is not installed",
    "sh ec2/host/docker.sh, or install your distribution's docker-cli package",
)


@dataclass
class StackError(Exception):
    """Something a person can act on; anything else that is raised is a defect of this project."""

    message: str
    hint: str = ""

    def __str__(self) -> str:
        return self.message


class EngineUnreachable(StackError):
    """No Docker Engine answers, or not one that this project can use."""


class PreflightFailed(StackError):
    """The machine cannot carry the chosen services; the message names every reason."""


class BuildFailed(StackError):
    """An image could not be built; the message holds the last lines of the build."""


class CommitUnknown(StackError):
    """git does not say which commit this is; the message holds its words."""


class ComposeFailed(StackError):
    """`docker compose` gave up; the message holds the services concerned and their last log lines."""
