"""How the stack is: every host as EC2 and the host itself see it, and what is not as it should be."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ec2 import aws
from ec2.errors import HostUnreachable, LauncherError
from ec2.everywhere import side_by_side
from ec2.host_state import Alert, Container, Disk, HostState
from ec2.inventory import Host
from ec2.look import look
from ec2.reach import Met, met, standing_hosts
from ec2.settings import Settings

NOTHING_KNOWN = HostState()


@dataclass(frozen=True)
class HostStatus:
    """A host: its instance's state, and its own, or why that is not known."""

    host: Host
    instance_state: str
    now: HostState = NOTHING_KNOWN
    failure: LauncherError | None = None


@dataclass(frozen=True)
class Problem:
    """Something that is not as it should be, what was said about it, and what to try."""

    sentence: str
    lines: tuple[str, ...] = ()
    hint: str = ""


@dataclass(frozen=True)
class Status:
    """The stack at a moment."""

    stack: str
    moment: datetime
    hosts: tuple[HostStatus, ...]

    @property
    def releases(self) -> dict[str, list[str]]:
        """The hosts on each release; those that do not say are on none of them."""
        found: dict[str, list[str]] = {}
        for each in self.hosts:
            if each.now.release:
                found.setdefault(each.now.release, []).append(each.host.name)
        return found

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """What fires; it may be about anything, and says nothing of this stack's release."""
        return tuple(alert for each in self.hosts for alert in each.now.alerts)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All that is not as it should be."""
        found = [problem for each in self.hosts for problem in of_host(each)]
        if len(self.releases) > 1:
            listed = "; ".join(f"{', '.join(names)}: {release}" for release, names in self.releases.items())
            found.append(Problem(f"hosts are on different releases: {listed}", hint="python -m ec2 deploy"))
        return tuple(found)

    def plain(self) -> dict[str, Any]:
        """As JSON has it; sizes in bytes."""
        return {
            "stack": self.stack,
            "well": not self.problems,
            "problems": [problem.sentence for problem in self.problems],
            "alerts": [{"severity": alert.severity, "summary": alert.summary} for alert in self.alerts],
            "hosts": [plain_host(each) for each in self.hosts],
            "services": [
                plain_container(each.host, container)
                for each in self.hosts
                for container in each.now.containers
            ],
        }


def read_status(settings: Settings) -> Status:
    """The status of the stack now. Raises StackFailed when there is no stack, and for nothing on a host."""
    cloud = aws.connect(settings.region)
    with met(settings, cloud, standing_hosts(settings, cloud)) as found:
        return Status(settings.name, datetime.now(UTC), tuple(side_by_side(found, seen)))


def seen(found: Met) -> HostStatus:
    """A host that may be down."""
    try:
        return HostStatus(found.host, found.state, look(found.reached))
    except LauncherError as error:
        return HostStatus(found.host, found.state, failure=error)


def of_host(status: HostStatus) -> list[Problem]:
    """What is not as it should be on a host."""
    host, now = status.host, status.now
    if status.failure:
        return [Problem(status.failure.message, hint=way_on(status, status.failure))]
    again = "python -m ec2 deploy"
    return [
        *(Problem(f"{host}: {sentence}", hint=f"python -m ec2 ssh {host}") for sentence in now.problems),
        *(Problem(f"{host}: no volume is mounted at {at}", hint=again) for at in now.unmounted),
        *([] if now.release else [Problem(f"{host}: runs no release", hint=again)]),
        *(Problem(f"{host}/{service} has no container", hint=again) for service in now.missing),
        *(of_container(host, container) for container in now.unwell),
    ]


def way_on(status: HostStatus, failure: LauncherError) -> str:
    """What to try about a host that was not looked at; its console tells more than another look."""
    if status.instance_state == "running" and isinstance(failure, HostUnreachable):
        return f"aws ec2 get-console-output --latest --output text --instance-id {status.host.instance_id}"
    return failure.hint


def of_container(host: Host, container: Container) -> Problem:
    """A container that is not well, with its last words."""
    how = f"is {container.state}"
    if container.state == "exited":
        how = f"ended with status {container.exit_code}"
    elif container.health:
        how = f"is {container.health}"
    said = "; the last it said:" if container.last_lines else " and said nothing"
    return Problem(
        f"{host}/{container} {how}{said}", container.last_lines, f"python -m ec2 logs {container.service}"
    )


def plain_host(status: HostStatus) -> dict[str, Any]:
    """A host as JSON has it; null is what it did not say."""
    host, now = status.host, status.now
    return {
        "name": host.name,
        "roles": list(host.roles),
        "address": host.address,
        "instance": host.instance_id,
        "state": status.instance_state,
        "reached": status.failure is None,
        "since": written(now.since),
        "release": now.release or None,
        "memory": {"total": now.memory_total, "used": now.memory_used} if now.memory_total else None,
        "load": list(now.load) or None,
        "processors": now.processors or None,
        "disks": [plain_disk(disk) for disk in now.disks],
        "left_out": list(now.left_out),
    }


def plain_disk(disk: Disk) -> dict[str, Any]:
    """A file system as JSON has it."""
    return {"mount_point": disk.mount_point, "total": disk.size, "used": disk.used}


def plain_container(host: Host, container: Container) -> dict[str, Any]:
    """A container as JSON has it."""
    return {
        "host": host.name,
        "service": container.service,
        "container": container.id[:12],
        "state": container.state,
        "health": container.health or None,
        "since": written(container.since),
        "image": container.image,
        "last_lines": list(container.last_lines),
    }


def written(moment: datetime | None) -> str | None:
    """A time as JSON has it."""
    return moment.isoformat() if moment else None
