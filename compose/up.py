"""The story of `make up`: each line takes what a line above gives."""

import os
from dataclasses import dataclass

from compose.build import Say, build_images, obtain_base, official_images_left_out, revision
from compose.engine import Engine
from compose.errors import BuildFailed, ComposeFailed
from compose.preflight import check_machine
from compose.project import Container, Project, Service, last_lines
from compose.secret_files import place_secrets

# A first start creates a database and migrates it; the slowest single service is Jenkins with three minutes.
START_TIMEOUT_SECONDS = 240


@dataclass(frozen=True)
class Outcome:
    """What `up` did: the services, their containers now, which were made anew, and which were left out."""

    services: tuple[Service, ...]
    containers: dict[str, Container]
    started: tuple[str, ...]
    left_out: dict[str, str]


def bring_up(project: Project, say: Say) -> Outcome:
    """Build what is missing, start what does not run, and return when every service is healthy.

    Raises a StackError that says what stood in the way; what already runs is left running.
    """
    engine = Engine()
    services = tuple(project.chosen.values())
    before = project.containers()
    check_machine(engine, services, before)
    left_out = prepare_images(engine, project, say)
    prepare_secrets(project, say)
    wanted = [service.name for service in services if service.name not in left_out]
    say(f"starting {len(wanted)} services")
    start(
        project.with_environment(LEFT_OUT=" ".join(absent(project, wanted)), **places(engine, project.name)),
        wanted,
    )
    after = project.containers()
    started = tuple(name for name in wanted if is_new(before.get(name), after[name]))
    return Outcome(services, after, started, left_out)


def places(engine: Engine, project: str) -> dict[str, str]:
    """What services that talk to the engine must know of it."""
    volume = engine.storage() / "volumes" / f"{project}_jenkins_agent" / "_data"
    return {
        "DOCKER_SOCKET": str(engine.socket),
        "DOCKER_GID": str(engine.group()),
        "JENKINS_AGENT_FOLDER": os.environ.get("JENKINS_AGENT_FOLDER") or str(volume),
    }


def prepare_images(engine: Engine, project: Project, say: Say, fresh: bool = False) -> dict[str, str]:
    """Have every image that can be had, perhaps made anew; the services left out, each with the reason."""
    obtain_base(engine, say, fresh)
    left_out = official_images_left_out(engine, project.chosen.values(), say)
    project, chosen = project.with_environment(REVISION=revision()), project.chosen
    ours = [name for name, service in chosen.items() if not service.official_image]
    build_images(project, ours, say, fresh)
    for name, service in chosen.items():
        if service.official_image and name not in left_out:
            left_out |= build_or_leave_out(project, name, say, fresh)
    return left_out


def build_or_leave_out(project: Project, name: str, say: Say, fresh: bool) -> dict[str, str]:
    """Build on an official image; what others publish may not fit together, and must not stop our own."""
    try:
        build_images(project, [name], say, fresh)
    except BuildFailed as error:
        return {name: error.message}
    return {}


def prepare_secrets(project: Project, say: Say) -> None:
    """Have every secret of every role in place, for whoever reads it."""
    if made := place_secrets(project.secrets_folder, project.services.values()):
        say(f"made {len(made)} secret files in {project.secrets_folder}")


def absent(project: Project, wanted: list[str]) -> list[str]:
    """The services that Prometheus must not expect: those that may be left out and are not wanted now."""
    return [
        name for name, service in project.services.items() if service.official_image and name not in wanted
    ]


def is_new(before: Container | None, after: Container) -> bool:
    """Whether the container was made or started by this run."""
    return before is None or before.id != after.id or before.state != "running"


def start(project: Project, names: list[str]) -> None:
    """Start the services and wait for their health. Raises ComposeFailed with the failed ones' logs."""
    try:
        project.run(
            "up", "--detach", "--no-build", "--wait", "--wait-timeout", str(START_TIMEOUT_SECONDS), *names
        )
    except ComposeFailed as error:
        failed = unwell(project, names)
        raise ComposeFailed(
            "\n".join([last_lines(error.message, 3), *(account(project, container) for container in failed)]),
            f"make logs SERVICE={failed[0].service}" if failed else "make ps",
        ) from error


def unwell(project: Project, names: list[str]) -> list[Container]:
    """The containers that failed; where none did, those still starting; one never begun has no say."""
    begun = [c for name, c in project.containers().items() if name in names and c.state != "created"]
    failed = [c for c in begun if c.state != "running" or c.health == "unhealthy"]
    return failed or [c for c in begun if not c.well]


def account(project: Project, container: Container) -> str:
    """What a container that is not well said last; one that restarts says the same each time."""
    log = project.run("logs", "--no-color", "--no-log-prefix", "--tail", "8", container.service)
    words = "\n".join(dict.fromkeys(last_lines(log).splitlines()))
    return f"{container.service} is {container.status}:\n{words}"
