"""What to do with one host: from what the API wants and what Docker has to the next step. Pure."""

from dataclasses import dataclass
from enum import Enum

from ec2.rehearsal.machines.instances import Instance

# What systemd as the first process of a container ends with, when it was told to reboot or to power off.
REBOOTED = 129
POWERED_OFF = 130
# A host that has booted before, and ends by itself sooner than this after its start, did not boot again.
BOOTED_AFTER_SECONDS = 10


@dataclass(frozen=True)
class Host:
    """A host in its container: whether it runs, what it ended with, for how many seconds it ran or runs.

    `process` is its first process as this machine counts, 0 when it does not run.
    """

    instance_id: str
    container_id: str
    running: bool
    exit_status: int
    lasted_seconds: float
    # It was made, and never started.
    fresh: bool = False
    address: str = ""
    process: int = 0
    vpc: str = ""


class Step(Enum):
    """One thing to do with a host."""

    LAUNCH = "make its container and start it"
    START = "start its container"
    STOP = "shut it down"
    REMOVE = "shut it down and remove it with its disks"
    REBOOT = "shut it down and start it"
    SAY_RUNNING = "tell the API that it runs"
    SAY_STOPPED = "tell the API that it has stopped"
    SAY_TERMINATED = "tell the API that it is gone"
    SAY_POWERED_OFF = "tell the API that it was shut down from inside"
    SAY_FAILED = "tell the API that it does not boot"


def next_step(
    instance: Instance | None,
    host: Host | None,
    reboot: bool = False,
    booting: bool = False,
    first_boot: bool = False,
) -> Step | None:
    """The one step that brings the host nearer to what the API wants; None when it is there.

    `booting` says that it was started and is not known to have booted, `first_boot` that it never has.
    """
    if instance is None or instance.state == "terminated":
        return Step.REMOVE if host else None
    match instance.state:
        case "pending":
            return towards_running(host, booting, first_boot)
        case "running":
            return kept_running(host, reboot, first_boot)
        case "stopping" | "stopped":
            if host and host.running:
                return Step.STOP
            return Step.SAY_STOPPED if instance.state == "stopping" else None
        case _:
            return Step.REMOVE if host else Step.SAY_TERMINATED


def towards_running(host: Host | None, booting: bool, first_boot: bool) -> Step:
    """The way of a pending instance."""
    if host is None:
        return Step.LAUNCH
    if host.running:
        return Step.SAY_RUNNING
    return ended(host, first_boot) if booting else Step.START


def kept_running(host: Host | None, reboot: bool, first_boot: bool) -> Step | None:
    """What a running instance needs to go on running, or to be told that it cannot."""
    if host is None:
        return Step.SAY_FAILED
    if host.running:
        return Step.REBOOT if reboot else None
    return ended(host, first_boot)


def ended(host: Host, first_boot: bool) -> Step:
    """What becomes of a host that ended by itself."""
    if host.exit_status == POWERED_OFF:
        return Step.SAY_POWERED_OFF
    booted = not first_boot and host.lasted_seconds >= BOOTED_AFTER_SECONDS
    if host.exit_status != REBOOTED and not host.fresh and not booted:
        return Step.SAY_FAILED
    # It rebooted itself, or this machine's engine ended and took it along.
    return Step.START
