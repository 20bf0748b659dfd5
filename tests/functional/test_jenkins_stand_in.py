"""The controller's image on a stand-in for the official one: secrets, settings, users, health check.

What only the real Jenkins can tell (whether its plugins know the configuration's keys) is not tested here.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import docker
import pytest
import requests
from docker.models.containers import Container

from compose.one_image import build_image
from compose.secret_files import ssh_key_pair
from tests.conftest import ROOT
from tests.waiting import PATIENCE, wait_until, wait_until_healthy

START_SECONDS = 30
PASSWORDS = {"admin": "admin-password", "prometheus": "prometheus-password"}
SETTINGS = {
    "JENKINS_ADMIN_ADDRESS": "admin@example.org",
    "JENKINS_AGENT_FOLDER": "/srv/jenkins/jenkins_agent",
    "JENKINS_DEPLOYMENT": "none",
    "JENKINS_GIT_KNOWN_HOSTS": "",
    "JENKINS_PUBLIC_URL": "http://localhost:8080/",
    "JENKINS_SMTP_HOST": "localhost",
    "JENKINS_SMTP_PORT": "25",
    "JENKINS_SMTP_SSL": "false",
    "JENKINS_SMTP_STARTTLS": "false",
    "JENKINS_SMTP_USER": "",
    "PIPELINE_BRANCH": "main",
    "PIPELINE_REPOSITORY_URL": "https://example.org/microblog.git",
}
SECRETS = [
    "agent_host_public_key",
    "agent_private_key",
    "git_private_key",
    "jenkins_admin_password",
    "jenkins_prometheus_password",
    "nvd_api_key",
    "smtp_password",
]


@pytest.fixture(scope="module")
def stand_in(engine: docker.DockerClient) -> Iterator[str]:
    yield from built(engine, "jenkins-stand-in", ROOT / "tests/stand_ins/jenkins")


@pytest.fixture(scope="module")
def controller_image(engine: docker.DockerClient, stand_in: str) -> Iterator[str]:
    given = {"contexts": {"config": ROOT / "jenkins"}, "arguments": {"JENKINS_IMAGE": stand_in}}
    yield from built(engine, "jenkins", ROOT / "images/jenkins", **given)


def built(engine: docker.DockerClient, name: str, folder: Path, **given: Any) -> Iterator[str]:
    tag = f"{name}:test-{uuid4().hex[:12]}"
    build_image(tag, folder, **given)
    yield tag
    engine.images.remove(tag)


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    return written_secrets(tmp_path)


def written_secrets(folder: Path) -> Path:
    private, public = ssh_key_pair()
    write(folder / "agent_private_key", private)
    write(folder / "git_private_key", private)
    write(folder / "agent_host_public_key", public)
    write(folder / "nvd_api_key", "none")
    write(folder / "smtp_password", "unset")
    for user, password in PASSWORDS.items():
        write(folder / f"jenkins_{user}_password", f"{password}\n")
    return folder


def write(path: Path, text: str) -> None:
    """A secret as compose mounts it: readable for whatever uid the container has."""
    path.unlink(missing_ok=True)
    path.write_text(text)
    path.chmod(0o444)


def start(engine: docker.DockerClient, image: str, secrets: Path, **options: Any) -> Container:
    """The controller as compose runs it."""
    run: dict[str, Any] = {
        "name": f"jenkins-{uuid4().hex[:12]}",
        "environment": SETTINGS,
        "volumes": {
            str(path): {"bind": f"/run/secrets/{path.name}", "mode": "ro"} for path in secrets.iterdir()
        },
        # Jenkins unpacks native libraries there; Docker's own default is noexec.
        "tmpfs": {"/tmp": "exec"},  # noqa: S108
        "read_only": True,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
    }
    return engine.containers.run(image, detach=True, **(run | options))


@pytest.fixture(scope="module")
def controller(
    engine: docker.DockerClient, controller_image: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Container]:
    secrets = written_secrets(tmp_path_factory.mktemp("secrets"))
    container = start(engine, controller_image, secrets, ports={"8080/tcp": ("127.0.0.1", None)})
    try:
        wait_until_healthy(container)
        yield container
    finally:
        container.remove(force=True, v=True)


@pytest.fixture(scope="module")
def get(controller: Container) -> Callable[..., requests.Response]:
    port = controller.ports["8080/tcp"][0]["HostPort"]

    def answer(path: str, user: str = "", password: str = "") -> requests.Response:
        authentication = (user, password) if user else None
        return requests.get(f"http://127.0.0.1:{port}{path}", auth=authentication, timeout=10)

    return answer


def test_the_login_page_is_there_for_everybody_and_nothing_else_is(
    get: Callable[..., requests.Response],
) -> None:
    assert get("/login").status_code == 200
    assert get("/").status_code == 403
    assert get("/prometheus/").status_code == 403


def test_prometheus_reads_the_metrics_with_its_password(get: Callable[..., requests.Response]) -> None:
    answer = get("/prometheus/", "prometheus", PASSWORDS["prometheus"])
    assert answer.status_code == 200
    assert "default_jenkins_up 1.0" in answer.text


def test_a_wrong_password_is_refused(get: Callable[..., requests.Response]) -> None:
    assert get("/prometheus/", "prometheus", PASSWORDS["admin"]).status_code == 401


def test_prometheus_sees_the_metrics_and_no_more(get: Callable[..., requests.Response]) -> None:
    assert get("/", "prometheus", PASSWORDS["prometheus"]).status_code == 403
    assert get("/", "admin", PASSWORDS["admin"]).status_code == 200


def test_after_a_start_the_plugins_are_the_images_and_no_others(
    engine: docker.DockerClient, controller_image: str, secrets: Path
) -> None:
    others = "cd $JENKINS_HOME && mkdir plugins && echo 99 | tee plugins/git.jpi plugins/another.jpi >kept"
    home = engine.volumes.create(f"jenkins-{uuid4().hex[:12]}")
    mounted = [f"{home.name}:/var/jenkins_home"]
    try:
        engine.containers.run(controller_image, ["-c", others], entrypoint="sh", volumes=mounted, remove=True)
        mounted += [f"{path}:/run/secrets/{path.name}:ro" for path in secrets.iterdir()]
        container = start(engine, controller_image, secrets, volumes=mounted)
        try:
            wait_until_healthy(container)
            same = "diff --recursive $JENKINS_HOME/plugins $REF/plugins && cat $JENKINS_HOME/kept"
            status, said = container.exec_run(["sh", "-c", same])
        finally:
            container.remove(force=True)
    finally:
        home.remove()
    assert (status, said) == (0, b"99\n"), "and all else is still there"


def test_the_controller_is_not_root(controller: Container) -> None:
    """But Docker's own for a moment, when it begins to ask for the health."""

    def users() -> set[str]:
        top = controller.top(ps_args="-eo uid,pid,args")
        return {process[0] for process in top["Processes"]}

    wait_until(lambda: users() == {"1000"}, 5, "no process of root's")


def refusal(engine: docker.DockerClient, image: str, secrets: Path, **options: Any) -> str:
    """What the controller says when it does not start."""
    container = start(engine, image, secrets, **options)
    try:
        status = container.wait(timeout=START_SECONDS * PATIENCE)["StatusCode"]
        said = container.logs().decode()
    finally:
        container.remove(force=True, v=True)
    assert status == 1, said
    return said


@pytest.mark.parametrize("name", SECRETS)
def test_a_missing_secret_keeps_it_from_starting(
    engine: docker.DockerClient, controller_image: str, secrets: Path, name: str
) -> None:
    (secrets / name).unlink()
    assert name in refusal(engine, controller_image, secrets)


@pytest.mark.parametrize("name", SECRETS)
def test_an_unreadable_secret_keeps_it_from_starting(
    engine: docker.DockerClient, controller_image: str, secrets: Path, name: str
) -> None:
    (secrets / name).chmod(0o000)
    assert name in refusal(engine, controller_image, secrets)


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_a_missing_setting_keeps_it_from_starting(
    engine: docker.DockerClient, controller_image: str, secrets: Path, name: str
) -> None:
    settings = {key: value for key, value in SETTINGS.items() if key != name}
    assert name in refusal(engine, controller_image, secrets, environment=settings)


def test_an_empty_admin_password_keeps_it_from_starting(
    engine: docker.DockerClient, controller_image: str, secrets: Path
) -> None:
    write(secrets / "jenkins_admin_password", "\n")
    assert "the password of the user admin is empty" in refusal(engine, controller_image, secrets)


def test_a_key_without_its_last_newline_keeps_it_from_starting(
    engine: docker.DockerClient, controller_image: str, secrets: Path
) -> None:
    key = secrets / "agent_private_key"
    write(key, key.read_text().rstrip())
    assert "the private key of agent is not whole" in refusal(engine, controller_image, secrets)


def test_a_home_of_another_user_keeps_it_from_starting(
    engine: docker.DockerClient, controller_image: str, secrets: Path
) -> None:
    foreign = {"/tmp": "exec", "/var/jenkins_home": "uid=0,mode=0755"}  # noqa: S108
    assert "Wrong volume permissions?" in refusal(engine, controller_image, secrets, tmpfs=foreign)


@pytest.mark.parametrize(
    "line",
    ["git", "git:latest", "git:5.10.1:https://example.org/git.hpi", "git: 5.10.1", "git:5.10.1\ngit:5.9.0"],
)
def test_a_plugin_list_with_a_line_that_floats_is_refused(
    engine: docker.DockerClient, stand_in: str, tmp_path: Path, line: str
) -> None:
    write(tmp_path / "plugins.txt", f"{line}\n")
    container = engine.containers.run(
        stand_in,
        ["jenkins-plugin-cli", "--plugin-file", "/plugins.txt", "--latest", "false"],
        name=f"jenkins-{uuid4().hex[:12]}",
        detach=True,
        volumes={str(tmp_path / "plugins.txt"): {"bind": "/plugins.txt", "mode": "ro"}},
    )
    try:
        assert container.wait(timeout=START_SECONDS * PATIENCE)["StatusCode"] == 1
        assert "/plugins.txt:" in container.logs().decode()
    finally:
        container.remove(force=True, v=True)
