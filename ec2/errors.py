"""What can go wrong on the way to EC2: one tree, a sentence per class, and always what to try."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass
class LauncherError(Exception):
    """Something a person can act on; anything else that is raised is a defect of this project."""

    message: str
    hint: str = ""

    def __str__(self) -> str:
        return self.message


class SettingsError(LauncherError):
    """The stack file has mistakes; the message names every one, a line each."""


class SecretMissing(LauncherError):
    """The settings need a secret that nobody has given; nothing was changed."""


class SecretRefused(LauncherError):
    """A value that cannot be the secret; the message never repeats it."""


class StackFailed(LauncherError):
    """CloudFormation gave up; the message holds the first failing resource and its reason."""


class DeletionRefused(StackFailed):
    """AWS did not begin to delete the stack, which is as it was."""


class NoZone(LauncherError):
    """No zones of the region offer what the hosts are; the message says what each lacks."""


class HostUnreachable(LauncherError):
    """No SSH session with a host could be had, or it broke."""


class HostNotSettled(LauncherError):
    """A host did not come into the state that was asked for, or EC2 refused to bring it there."""


class NotThere(LauncherError):
    """A host or a service of that name is not in the stack; the message names those there are."""


class CommandFailed(LauncherError):
    """A command on a host ended badly; the message holds its exit status and last lines."""


class NotWanted(LauncherError):
    """Nobody agreed to what would be done."""


class SeveralFailed(LauncherError):
    """Several hosts failed in one stage; the message holds each failure, the errors themselves are kept."""

    def __init__(self, errors: Sequence[LauncherError]) -> None:
        self.errors = tuple(errors)
        hints = dict.fromkeys(error.hint for error in errors if error.hint)
        super().__init__("\n".join(error.message for error in errors), "\n".join(hints))


class ImageBuildFailed(LauncherError):
    """An image could not be built; the message holds the last lines of the build."""


class NotFit(LauncherError):
    """Hosts cannot take or run what is for them; the message names every reason, and nothing was sent."""


class ShipFailed(LauncherError):
    """An image did not arrive on a host as it was built."""


class RolloutFailed(LauncherError):
    """A roll-out did not end well; the message says which release every host is on."""


class NoSuchRelease(LauncherError):
    """A release that is meant is not known or not kept; the message says which are."""


class LeaseHeld(LauncherError):
    """Somebody else is deploying this stack; the message says who and since when."""


class LeaseLost(LauncherError):
    """The lease ran out unnoticed and somebody else works on the stack by now."""


class SomethingLeft(LauncherError):
    """The stack was destroyed, and not everything of it is gone; the message lists what is left."""
