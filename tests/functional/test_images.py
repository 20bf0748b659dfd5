"""Each image alone: it becomes healthy, runs as its own user and writes only where it may."""

import signal
from typing import Any

import docker
import pytest
from cryptography.hazmat.primitives import serialization
from docker.types import Mount

from compose.engine import Engine
from compose.secret_files import ssh_key_pair
from tests.functional.conftest import SERVICES, StartAlone
from tests.waiting import PATIENCE, wait_until, wait_until_healthy

MOUNTED_BY_DOCKER = (
    "/run/secrets", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/usr/sbin/docker-init",
)  # fmt: skip
PRIVATE_KEY, PUBLIC_KEY = ssh_key_pair()
# What an image needs to start without the services beside it.
ALONE: dict[str, dict[str, Any]] = {
    "microblog": {
        "secrets": {"secret_key": "0123456789abcdef0123456789abcdef"},
        "environment": {
            "DATABASE_URL": "sqlite:////tmp/alone.db",
            "SECRET_KEY_FILE": "/run/secrets/secret_key",
        },
    },
    "mariadb": {"secrets": {"microblog_password": "one", "exporter_password": "two"}},
    "mysqld_exporter": {"secrets": {"database_password": "two"}},
    "container_metrics": {
        "environment": {"PROJECT": "nobody"},
        "group_add": [str(Engine().group())],
        "mounts": [Mount("/run/docker.sock", str(Engine().socket), type="bind")],
    },
    "jenkins_agent": {"secrets": {"agent_host_key": PRIVATE_KEY, "agent_authorized_key": PUBLIC_KEY}},
}
OURS = [name for name in SERVICES if name not in ("grafana", "jenkins")]

each_image = pytest.mark.parametrize("name", OURS)


@each_image
def test_alone_and_confined_it_becomes_healthy_as_its_own_user(name: str, start_alone: StartAlone) -> None:
    container = start_alone(name, **ALONE.get(name, {}))
    wait_until_healthy(container.get_wrapped_container())
    uid, _, gid = SERVICES[name]["user"].partition(":")

    def users() -> set[tuple[str, str]]:
        """docker-init is the first and starts the rest; Docker's own asks for the health now and then."""
        top = container.get_wrapped_container().top(ps_args="-o uid,gid,pid,cmd")["Processes"]
        return {(row[0], row[1]) for row in top}

    wait_until(lambda: users() == {(uid, gid)}, 5, "every process the service's user's")


@each_image
def test_with_a_writable_root_it_still_writes_only_to_its_volumes(name: str, start_alone: StartAlone) -> None:
    container = start_alone(name, **ALONE.get(name, {}), read_only=False)
    wait_until_healthy(container.get_wrapped_container())
    attributes = container.get_wrapped_container().attrs
    places = [*MOUNTED_BY_DOCKER, *attributes["HostConfig"].get("Tmpfs", {})]
    places += [mount["Destination"] for mount in attributes["Mounts"]]
    changed = [change["Path"] for change in container.get_wrapped_container().diff() or []]
    written = [path for path in changed if not any(is_within(path, place) for place in places)]
    assert written == []


def is_within(path: str, place: str) -> bool:
    """Whether the path is the place, below it, or one of the folders above it that a mount touches."""
    return f"{path}/".startswith(f"{place}/") or f"{place}/".startswith(f"{path}/")


@each_image
def test_it_ends_by_itself_within_five_seconds_when_it_is_told_to(name: str, start_alone: StartAlone) -> None:
    container = start_alone(name, **ALONE.get(name, {}))
    wait_until_healthy(container.get_wrapped_container())
    wrapped = container.get_wrapped_container()
    wrapped.stop(timeout=5 * PATIENCE)
    wrapped.reload()
    assert wrapped.attrs["State"]["ExitCode"] != 128 + signal.SIGKILL, "Docker had to kill it"


def test_assets_that_nobody_served_for_a_month_go_and_a_mark_of_maintenance_stays(
    start_alone: StartAlone,
) -> None:
    container = start_alone("microblog", **ALONE["microblog"])
    wait_until_healthy(container.get_wrapped_container())
    microblog = container.get_wrapped_container()

    def run(script: str) -> str:
        status, output = microblog.exec_run(["sh", "-ec", f"cd /assets; {script}"])
        assert status == 0, output.decode()
        return str(output.decode())

    brought = set(run("ls /app/assets").split())
    run("touch -d '31 days ago' .maintenance long_ago.css; touch -d '29 days ago' lately.css")
    microblog.restart()
    wait_until_healthy(container.get_wrapped_container())
    assert set(run("ls -A").split()) == brought | {".maintenance", "lately.css"}
    run("touch -d '31 days ago' *")
    keeping = "from microblog import assets; assets.keep()"
    status, output = microblog.exec_run(["python3", "-c", keeping], workdir="/app")
    assert status == 0, output.decode()
    assert run("find . -type f -mtime +30 | sort").split() == ["./.maintenance", "./lately.css"]


IMPORTED = """
import os, runpy, sys
from flask.cli import cli

cli.main(["--app", "microblog", "prepare"], standalone_mode=False)
runpy.run_path("/app/gunicorn.conf.py")
import gunicorn.app.wsgiapp, microblog.threaded_worker, sqlalchemy.dialects.mysql.mysqldb

for name, module in sorted(sys.modules.items()):
    found = module.__spec__
    if found and found.has_location and found.origin.endswith(".py") and not os.path.exists(found.cached):
        print("not compiled:", name)
"""


def test_all_that_the_microblog_starts_with_is_compiled(start_alone: StartAlone) -> None:
    """Its file system is read-only: what is not would be compiled anew by each process."""
    container = start_alone("microblog", **ALONE["microblog"])
    wait_until_healthy(container.get_wrapped_container())
    status, output = container.get_wrapped_container().exec_run(
        ["python3", "-c", IMPORTED],
        workdir="/app",
        environment={"PYTHONPATH": "/app", "PROMETHEUS_MULTIPROC_DIR": "/tmp"},  # noqa: S108
    )
    assert (status, "not compiled" in output.decode()) == (0, False), output.decode()[-2000:]


@each_image
def test_no_layer_holds_a_secret(name: str, image: Any, engine: docker.DockerClient) -> None:
    built = engine.images.get(image(name))
    text = "\n".join(
        [*(step["CreatedBy"] for step in built.history()), *built.attrs["Config"].get("Env", [])]
    )
    assert not [
        word for word in ("PASSWORD=", "TOKEN=", "SECRET_KEY=", "PRIVATE KEY") if word in text.upper()
    ]


@pytest.mark.parametrize(
    ("name", "lacking"),
    [
        ("mariadb", "microblog_password"),
        ("mysqld_exporter", "database_password"),
        ("jenkins_agent", "agent_host_key"),
        ("microblog", "secret_key"),
    ],
)
def test_a_missing_secret_is_one_sentence_that_names_the_file(
    name: str, lacking: str, start_alone: StartAlone
) -> None:
    choices = ALONE[name] | {"secrets": {n: v for n, v in ALONE[name]["secrets"].items() if n != lacking}}
    container = start_alone(name, **choices).get_wrapped_container()
    assert container.wait(timeout=30 * PATIENCE)["StatusCode"] != 0
    log = container.logs().decode()
    assert f"/run/secrets/{lacking}" in log
    assert "Traceback" not in log


@pytest.mark.parametrize(("name", "megabytes"), [("microblog", 80), ("jenkins_agent", 250)])
def test_it_adds_no_more_to_the_base_than_it_may(
    name: str, megabytes: int, image: Any, engine: docker.DockerClient
) -> None:
    base, built = (engine.images.get(one).attrs["Size"] for one in ("debian:trixie-slim", image(name)))
    assert (built - base) / 1e6 <= megabytes


def test_the_key_of_the_agent_is_one_that_ssh_reads() -> None:
    assert serialization.load_ssh_private_key(PRIVATE_KEY.encode(), None)
