"""Whether every host can take and run what is for it, asked before anything is sent."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from compose.project import Service
from ec2.errors import NotFit
from ec2.everywhere import everywhere
from ec2.facts import Facts, feeder, read_facts, to_send
from ec2.host_scripts import host_script
from ec2.images import Image
from ec2.ssh import Session

# A layer is downloaded, unpacked and kept, and what ran before stays to go back to.
ROOM_PER_BYTE = 2.5
FREE_FLOOR_BYTES = 2**30
# Debian, Docker and a session need that of every host.
SYSTEM_BYTES = 256 * 2**20
CLOCK_LIMIT_SECONDS = 60.0
# After a boot the host answers before its engine does.
ENGINE_WITHIN_SECONDS = 60
# Runs twice while it is replaced.
TWICE = "microblog"


@dataclass(frozen=True)
class Load:
    """What a host is to hold and to run."""

    images: Sequence[Image]
    services: Sequence[Service]

    @property
    def memory_bytes(self) -> int:
        """What the services need when nobody uses them, in the middle of an update."""
        return sum(service.idle_memory * (2 if service.name == TWICE else 1) for service in self.services)


def survey(sessions: Sequence[Session]) -> dict[str, Facts]:
    """The facts of each host by its name, asked once. Raises as everywhere does."""
    return {
        session.host.name: facts
        for session, facts in zip(sessions, everywhere(sessions, survey_host), strict=True)
    }


def survey_host(session: Session) -> Facts:
    """The facts of one host, once its engine answers or has had its time to."""
    patient = f"ENGINE_WITHIN_SECONDS={ENGINE_WITHIN_SECONDS}\n{host_script('survey.sh')}"
    started = time.time()
    printed = session.run(patient, sudo=True, what="looking at the host")
    return read_facts(printed, started, time.time())


def check_fit(loads: Mapping[str, Load], facts: Mapping[str, Facts]) -> None:
    """Raise NotFit with all that is wrong with any host, each with what to do; nothing was changed then."""
    found = [problem for host, load in loads.items() for problem in problems(host, load, facts[host])]
    found += crowded(loads, facts)
    if found:
        raise NotFit(
            "\n".join(what for what, _ in found), "\n".join(dict.fromkeys(remedy for _, remedy in found))
        )


def problems(host: str, load: Load, facts: Facts) -> Iterator[tuple[str, str]]:
    """What one host cannot do, but for its disk, and what helps."""
    if facts.docker:
        yield f"{host}: Docker does not answer: {facts.docker}", f"python -m ec2 ssh {host}"
    for other in sorted({image.architecture for image in load.images} - {facts.architecture}):
        yield (
            f"{host}: the images are for {other}, the host is {facts.architecture}",
            f"choose an instance_type for {other}, or deploy from a machine that is {facts.architecture}",
        )
    needed = load.memory_bytes + SYSTEM_BYTES
    if needed > facts.memory_bytes:
        yield (
            f"{host}: its services need {size(needed)} of memory, it has {size(facts.memory_bytes)}",
            f"give {host} a bigger instance_type in stack.toml, or a role of it to another host",
        )
    if abs(facts.clock_off_seconds) > CLOCK_LIMIT_SECONDS:
        ahead = "ahead of" if facts.clock_off_seconds > 0 else "behind"
        yield (
            f"{host}: its clock is {abs(facts.clock_off_seconds):.0f} s {ahead} the one here",
            f"look which is wrong: 'timedatectl' here, and there with python -m ec2 ssh {host}",
        )


def crowded(loads: Mapping[str, Load], facts: Mapping[str, Facts]) -> Iterator[tuple[str, str]]:
    """Hosts without room for what they lack; the one that feeds also keeps what others lack meanwhile."""
    lacking = {host: lacks for host, load in loads.items() if (lacks := facts[host].lacks(load.images))}
    feeds = feeder(lacking, facts) if len(lacking) > 1 else ""
    for host, images in lacking.items():
        needed = int(to_send(images, facts[host]).bytes * ROOM_PER_BYTE) + FREE_FLOOR_BYTES
        if host == feeds:
            others = {image.id: image for other in lacking if other != host for image in lacking[other]}
            needed += to_send(others.values(), facts[host]).bytes
        if needed > facts[host].free_bytes:
            yield (
                f"{host}: {size(needed)} of its disk must be free for the new images, "
                f"{size(facts[host].free_bytes)} are",
                f"raise root_volume_gib of {host} in stack.toml and launch it anew, or make room: "
                f"python -m ec2 ssh {host} sudo docker image prune --all",
            )


def size(bytes_: int) -> str:
    """Bytes as people read them."""
    return f"{bytes_ / 2**30:.1f} GiB"
