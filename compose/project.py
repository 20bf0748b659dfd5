"""The wall around `docker compose`: one project, its services and what it is told to do."""

import json
import os
import re
import subprocess
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from compose.errors import NO_COMMAND, ComposeFailed, EngineUnreachable

HERE = Path(__file__).parent
# Of an output that ends in failure; a failed build step may need all of them.
REMEMBERED_LINES = 40
# Compose clears lines even where no terminal is.
TERMINAL_CODES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
ROLES = ("app", "database", "jenkins", "monitoring")


@dataclass(frozen=True)
class Service:
    """What compose.yaml says of one service; memory in bytes."""

    name: str
    image: str
    roles: tuple[str, ...]
    uid: int
    gid: int
    idle_memory: int
    official_image: str
    ports: tuple[int, ...]
    secret_files: tuple[Path, ...]

    @property
    def port_variable(self) -> str:
        """What chooses the port on this machine; compose.local.yaml keeps to the rule."""
        return f"{self.name.upper()}_PORT"


@dataclass(frozen=True)
class Container:
    """A container as `docker compose ps` reports it."""

    id: str
    service: str
    state: str
    health: str
    status: str

    @property
    def well(self) -> bool:
        """Whether it runs and its health check, if any, agrees."""
        return self.state == "running" and self.health in ("healthy", "")


@dataclass(frozen=True)
class Project:
    """A compose project of the given name on this machine, with the given roles."""

    name: str
    roles: tuple[str, ...] = ROLES
    environment: Mapping[str, str] = field(default_factory=dict)

    def words(self, *arguments: str) -> list[str]:
        """The command line that says `arguments` to this project."""
        files = [
            word for name in ("compose.yaml", "compose.local.yaml") for word in ("--file", str(HERE / name))
        ]
        profiles = [word for role in self.roles for word in ("--profile", role)]
        return ["docker", "compose", "--project-name", self.name, *files, *profiles, *arguments]

    def run(self, *arguments: str) -> str:
        """What the command printed. Raises ComposeFailed with what it complained of, or EngineUnreachable."""
        try:
            done = subprocess.run(
                self.words(*arguments),
                env=self.variables(),
                capture_output=True,
                text=True,
                # A container may log any bytes.
                errors="replace",
                check=False,
            )
        except FileNotFoundError as error:
            raise EngineUnreachable(*NO_COMMAND) from error
        if done.returncode != 0:
            raise failure(arguments, done.stderr or done.stdout)
        return done.stdout

    def lines(self, *arguments: str) -> Iterator[str]:
        """Each line the command prints, as it comes; at the end ComposeFailed if it failed."""
        with subprocess.Popen(
            self.words(*arguments),
            env=self.variables(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as running:
            assert running.stdout is not None  # noqa: S101 - what PIPE means, told to the type checker
            tail: deque[str] = deque(maxlen=REMEMBERED_LINES)
            for line in running.stdout:
                tail.append(line.rstrip())
                yield line.rstrip()
        if running.returncode != 0:
            raise failure(arguments, "\n".join(tail))

    def hand_over(self, *arguments: str) -> int:
        """Let the command have the terminal; its exit status."""
        return subprocess.run(self.words(*arguments), env=self.variables(), check=False).returncode

    def variables(self) -> dict[str, str]:
        """The environment of the command: the caller's, and this project's choices over it."""
        return {**os.environ, **self.environment}

    def with_environment(self, **more: str) -> "Project":
        """The same project with more choices made."""
        return Project(self.name, self.roles, {**self.environment, **more})

    @cached_property
    def services(self) -> dict[str, Service]:
        """Every service of every role, role by role."""
        shape = json.loads(self.run("--profile", "*", "config", "--format", "json"))
        return {
            name: read_service(name, service, shape.get("secrets", {}))
            for name, service in sorted(
                shape["services"].items(), key=lambda item: (role_rank(item[1].get("profiles", [])), item[0])
            )
        }

    @property
    def chosen(self) -> dict[str, Service]:
        """The services of this project's roles, and those of every role."""
        return {
            name: service
            for name, service in self.services.items()
            if not service.roles or set(service.roles) & set(self.roles)
        }

    @property
    def secrets_folder(self) -> Path:
        """Where compose.yaml has the secret files, as SERVICE/NAME."""
        return next(file.parents[1] for service in self.services.values() for file in service.secret_files)

    def containers(self) -> dict[str, Container]:
        """The project's containers by service, stopped ones too."""
        printed = self.run("ps", "--all", "--format", "json")
        rows = (json.loads(line) for line in printed.splitlines() if line)
        return {
            row["Service"]: Container(row["ID"], row["Service"], row["State"], row["Health"], row["Status"])
            for row in rows
        }


def role_rank(roles: list[str]) -> int:
    """Where a service stands in a list: by role, services of every role last."""
    return min((ROLES.index(role) for role in roles), default=len(ROLES))


def read_service(name: str, shape: Any, secrets: Any) -> Service:
    """A service from compose's own rendering of the file."""
    uid, _, gid = shape.get("user", "0:0").partition(":")
    build_arguments = shape.get("build", {}).get("args") or {}
    return Service(
        name=name,
        image=shape["image"],
        roles=tuple(shape.get("profiles", [])),
        uid=int(uid),
        gid=int(gid or uid),
        idle_memory=int(shape.get("mem_reservation", 0)),
        official_image=next((value for key, value in build_arguments.items() if key.endswith("_IMAGE")), ""),
        ports=tuple(int(port["published"]) for port in shape.get("ports", [])),
        secret_files=tuple(Path(secrets[secret["source"]]["file"]) for secret in shape.get("secrets") or []),
    )


def failure(arguments: tuple[str, ...], output: str) -> ComposeFailed:
    """What to raise when the command failed: its name and the end of what it printed."""
    verb = next(word for word in arguments if word.isalpha())
    return ComposeFailed(f"docker compose {verb} failed:\n{last_lines(output)}")


def last_lines(text: str, count: int = REMEMBERED_LINES) -> str:
    """The end of a long output."""
    return "\n".join(TERMINAL_CODES.sub("", text).strip().splitlines()[-count:])
