"""How a host is, as ec2/host/status.sh says it; pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True)
class Disk:
    """A file system and how full it is, in bytes."""

    mount_point: str
    size: int
    used: int


@dataclass(frozen=True)
class Container:
    """A container of the stack; `since` is when it started, or ended, or nothing when it never ran."""

    id: str
    service: str
    number: int
    state: str
    health: str
    since: datetime | None
    exit_code: int
    image: str
    last_lines: tuple[str, ...] = ()

    @property
    def well(self) -> bool:
        """Whether it runs and its health check, if any, agrees."""
        return self.state == "running" and self.health in ("healthy", "")

    @property
    def tag(self) -> str:
        """The tag of its image: the commit."""
        return self.image.rpartition(":")[2]

    def __str__(self) -> str:
        """The service, with a number where it has several containers."""
        return self.service if self.number == 1 else f"{self.service}-{self.number}"


@dataclass(frozen=True)
class Alert:
    """An alert that fires, in its own words; only the host of Prometheus knows of any."""

    severity: str
    summary: str


@dataclass(frozen=True)
class HostState:
    """How a host is; memory in bytes, the load of the last 1, 5 and 15 minutes."""

    release: str = ""
    left_out: tuple[str, ...] = ()
    expected: tuple[str, ...] = ()
    since: datetime | None = None
    memory_total: int = 0
    memory_used: int = 0
    load: tuple[float, ...] = ()
    processors: int = 0
    disks: tuple[Disk, ...] = ()
    unmounted: tuple[str, ...] = ()
    containers: tuple[Container, ...] = ()
    problems: tuple[str, ...] = ()
    alerts: tuple[Alert, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        """The services of the release that have no container."""
        there = {container.service for container in self.containers}
        return tuple(service for service in self.expected if service not in there)

    @property
    def unwell(self) -> tuple[Container, ...]:
        """The containers that are not well."""
        return tuple(container for container in self.containers if not container.well)

    @property
    def well(self) -> bool:
        """Whether every service of the release is, and the host has its disks."""
        return bool(self.release) and not (self.missing or self.unwell or self.unmounted or self.problems)


def parse(printed: str) -> HostState:
    """The host's state from what status.sh printed, containers by service."""
    state = HostState()
    for line in printed.splitlines():
        fact, _, rest = line.partition("\t")
        state = replace(state, **learnt(state, fact, rest))
    by_name = sorted(state.containers, key=lambda container: (container.service, container.number))
    return replace(state, containers=tuple(by_name))


def learnt(state: HostState, fact: str, rest: str) -> dict[str, Any]:
    """What a line changes in what is known; nothing where the fact is unknown."""
    words = rest.split("\t")
    match fact:
        case "release":
            return {"release": rest}
        case "left_out":
            return {"left_out": tuple(rest.split())}
        case "since":
            return {"since": datetime.fromtimestamp(int(rest), UTC) if rest.isdigit() else None}
        case "memory":
            return {"memory_total": int(words[0]), "memory_used": int(words[1])}
        case "load":
            return {"load": tuple(map(float, words))}
        case "processors":
            return {"processors": int(rest)}
    return one_more(state, fact, rest)


def one_more(state: HostState, fact: str, rest: str) -> dict[str, Any]:
    """What a line adds to one of the lists."""
    words = rest.split("\t")
    match fact:
        case "expected":
            return {"expected": (*state.expected, rest)}
        case "disk":
            return {"disks": (*state.disks, Disk(words[0], int(words[1]), int(words[2])))}
        case "unmounted":
            return {"unmounted": (*state.unmounted, rest)}
        case "problem":
            return {"problems": (*state.problems, rest)}
        case "container":
            return {"containers": (*state.containers, container(words))}
        case "alert":
            return {"alerts": (*state.alerts, Alert(*words))}
        case "log":
            return {"containers": with_line(state.containers, rest)}
    return {}


def container(words: list[str]) -> Container:
    """A container from its line."""
    id, service, number, state, health, since, exit_code, image = words
    return Container(
        id=id,
        service=service,
        number=int(number),
        state=state,
        health="" if health == "-" else health,
        since=moment(since),
        exit_code=int(exit_code),
        image=image,
    )


def moment(text: str) -> datetime | None:
    """A time as Docker writes it, with nanoseconds; its year 1 is never."""
    when = datetime.fromisoformat(text.rstrip("Z").partition(".")[0]).replace(tzinfo=UTC)
    return when if when.year > 1 else None


def with_line(containers: tuple[Container, ...], line: str) -> tuple[Container, ...]:
    """The containers, the last of which said that."""
    *others, last = containers
    return (*others, replace(last, last_lines=(*last.last_lines, line)))


def services(states: Iterable[HostState]) -> tuple[str, ...]:
    """Every service that has a container on one of the hosts, by name."""
    return tuple(sorted({container.service for state in states for container in state.containers}))
