"""The Jenkins agent's image as it is run: over SSH, read-only, without a capability.

The SSH client is a throwaway container of the same image: the host needs none.
"""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import docker
import pytest
from docker.models.containers import Container

from compose.one_image import build_image
from compose.secret_files import ssh_key_pair
from tests.conftest import ROOT
from tests.waiting import PATIENCE, wait_until, wait_until_healthy

START_SECONDS = 30
REMOTING = ROOT / "tests/remoting"
MAKE = (
    "javac -Xlint:all -Werror -d /made *.java; cd /made;"
    " jar --create --file agent.jar --main-class Agent Agent*.class"
)
# As compose runs it.
CONFINEMENT = {
    "read_only": True,
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges"],
    "init": True,
    "mem_limit": "1g",
    "pids_limit": 512,
}


@dataclass(frozen=True)
class Key:
    private: str
    public: str


@dataclass(frozen=True)
class Answer:
    status: int
    output: str


@dataclass(frozen=True)
class Agent:
    container: Container
    ssh: Callable[..., Answer]


CONTROLLER, HOST, STRANGER = (Key(*ssh_key_pair()) for _ in range(3))


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    return written_secrets(tmp_path)


def written_secrets(folder: Path) -> Path:
    write(folder / "agent_host_key", HOST.private)
    write(folder / "agent_authorized_key", CONTROLLER.public)
    return folder


def write(path: Path, text: str) -> None:
    """A secret as compose mounts it: readable for whatever uid the container has."""
    path.unlink(missing_ok=True)
    path.write_text(text)
    path.chmod(0o444)


@pytest.fixture(scope="module")
def agent(
    engine: docker.DockerClient, image: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Agent]:
    name = f"jenkins-agent-{uuid4().hex[:12]}"
    keys = tmp_path_factory.mktemp("keys")
    write(keys / "controller", CONTROLLER.private)
    write(keys / "stranger", STRANGER.private)
    write(keys / "known_hosts", f"[jenkins_agent]:2222 {HOST.public}\n")
    write(keys / "other_hosts", f"[jenkins_agent]:2222 {STRANGER.public}\n")
    with ExitStack() as cleanup:
        network = engine.networks.create(name)
        cleanup.callback(network.remove)
        home = engine.volumes.create(name)
        cleanup.callback(home.remove, force=True)
        secrets = written_secrets(tmp_path_factory.mktemp("secrets"))
        container = start(engine, image("jenkins_agent"), name, secrets, network=name, home=home.name)
        cleanup.callback(container.remove, force=True, v=True)
        network.disconnect(container)
        network.connect(container, aliases=["jenkins_agent"])
        wait_until_healthy(container)
        yield Agent(container, lambda *words, **how: ssh(engine, container, name, keys, words, **how))


def start(
    engine: docker.DockerClient, image: str, name: str, secrets: Path, network: str = "none", home: str = ""
) -> Container:
    volumes = {str(path): {"bind": f"/run/secrets/{path.name}", "mode": "ro"} for path in secrets.iterdir()}
    if home:
        volumes[home] = {"bind": "/home/jenkins", "mode": "rw"}
    return engine.containers.run(
        image,
        name=name,
        detach=True,
        network=network,
        environment={"DOCKER_HOST": "tcp://docker_proxy:2375", "https_proxy": "http://proxy:3128"},
        tmpfs={"/tmp": "exec", "/run/sshd": "uid=1000,gid=1000,mode=0700"},  # noqa: S108
        volumes=volumes,
        **CONFINEMENT,
    )


def ssh(
    engine: docker.DockerClient,
    agent: Container,
    network: str,
    keys: Path,
    words: tuple[str, ...],
    *,
    client: str = "ssh",
    key: str = "controller",
    user: str = "jenkins",
    known_hosts: str = "known_hosts",
    options: tuple[str, ...] = (),
    programs: Path | None = None,
) -> Answer:
    """What an SSH client says that knows `known_hosts`, and has one key and the programs in a folder."""
    # A client refuses a private key that others may read, and a mounted one keeps its mode.
    script = f'install -m 600 /keys/{key} /tmp/key && exec {client} "$@"'
    settings = ["BatchMode=yes", "IdentitiesOnly=yes", "StrictHostKeyChecking=yes", "ConnectTimeout=5"]
    arguments = [
        f"-o{setting}" for setting in [*settings, f"UserKnownHostsFile=/keys/{known_hosts}", *options]
    ]
    container = engine.containers.run(
        agent.image,
        name=f"{network}-{uuid4().hex[:8]}",
        detach=True,
        network=network,
        entrypoint=["sh", "-c", script, client, "-i/tmp/key", "-oPort=2222", *arguments],
        command=[f"{user}@jenkins_agent", *words],
        volumes={
            **{str(path): {"bind": f"/keys/{path.name}", "mode": "ro"} for path in keys.iterdir()},
            **({str(programs): {"bind": "/programs", "mode": "ro"}} if programs else {}),
        },
    )
    try:
        status = container.wait(timeout=60)["StatusCode"]
        return Answer(status, container.logs().decode())
    finally:
        container.remove(force=True, v=True)


@pytest.mark.parametrize("command", ["java -version", "docker --version", "git --version", "make --version"])
def test_a_session_finds_what_a_build_needs(agent: Agent, command: str) -> None:
    answer = agent.ssh(command)
    assert answer.status == 0, answer.output


def test_java_is_the_one_the_controllers_remoting_runs_on(agent: Agent) -> None:
    assert 'openjdk version "21.' in agent.ssh("java -version").output


def test_javas_classes_and_its_machine_are_of_one_build(agent: Agent) -> None:
    told = agent.ssh("java -XshowSettings:properties -version").output
    properties = dict(re.findall(r"^ +(\S+) = (.+)$", told, re.MULTILINE))
    package = agent.ssh("dpkg-query --show --showformat '${Version}' openjdk-21-jre-headless").output
    assert properties["java.runtime.version"] == properties["java.vm.version"]
    assert properties["java.runtime.version"].startswith(package.partition("~")[0])


def test_what_was_left_out_leaves_no_program_that_no_package_answers_for(agent: Agent) -> None:
    """Scans for updates know packages: a file of nobody's would never be updated."""
    owned = "cat /var/lib/dpkg/info/*.list | sort --unique >/tmp/owned"
    there = "find /usr /opt -type f -not -path '*/__pycache__/*' | sort >/tmp/there"
    answer = agent.ssh(f"{owned}; {there}; comm -13 /tmp/owned /tmp/there")
    assert answer.output.split() == [
        "/usr/local/bin/entrypoint.sh",
        "/usr/local/bin/healthcheck.sh",
        "/usr/sbin/docker-init",
        "/usr/share/info/dir",
    ]


def test_a_session_gets_the_environment_that_sshd_would_keep_from_it(agent: Agent) -> None:
    environment = agent.ssh("env").output.splitlines()
    assert "DOCKER_HOST=tcp://docker_proxy:2375" in environment
    assert "https_proxy=http://proxy:3128" in environment
    assert "JAVA_HOME=/opt/java" in environment
    assert any(line.startswith("PATH=") and "/usr/local/bin" in line for line in environment)


def test_a_session_writes_files_that_other_users_can_read(agent: Agent) -> None:
    assert agent.ssh("umask").output.strip() == "0022"


def test_a_session_is_not_root_and_its_folder_is_its_own(agent: Agent) -> None:
    answer = agent.ssh("id -u && pwd && touch /home/jenkins/written")
    assert (answer.status, answer.output.split()) == (0, ["1000", "/home/jenkins"])


def test_a_build_can_run_what_it_writes_to_tmp(agent: Agent) -> None:
    assert agent.ssh("cp /bin/true /tmp/program && /tmp/program").status == 0


def test_the_controller_can_copy_its_jar(agent: Agent) -> None:
    answer = agent.ssh(client="echo 'put /etc/hostname remoting.jar' | sftp")
    assert answer.status == 0, answer.output
    assert agent.ssh("test -s /home/jenkins/remoting.jar").status == 0


@pytest.fixture(scope="module")
def programs(
    engine: docker.DockerClient, agent: Agent, run_id: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """A controller and its agent.jar, made by the JDK that the image's own Java was taken from."""
    folder = tmp_path_factory.mktemp("programs")
    sources = {str(path): {"bind": f"/java/{path.name}", "mode": "ro"} for path in REMOTING.iterdir()}
    jdk = f"microblog/jenkins_agent_jdk:{run_id}"
    build_image(jdk, ROOT / "images/jenkins_agent", target="java")
    try:
        engine.containers.run(
            jdk,
            ["sh", "-ec", MAKE],
            user=f"{os.getuid()}:{os.getgid()}",
            volumes={**sources, str(folder): {"bind": "/made", "mode": "rw"}},
            remove=True,
            working_dir="/java",
        )
        folder.chmod(0o755)
        yield folder
    finally:
        engine.images.remove(jdk, force=True)


def test_the_controller_runs_what_it_likes_in_the_java_that_it_starts(agent: Agent, programs: Path) -> None:
    """As Jenkins' launcher does it: a jar is copied, started by a shell, and spoken with through SSH."""
    work = "/home/jenkins/work"
    assert agent.ssh(f"mkdir {work}").status == 0
    copied = agent.ssh(client=f"echo 'put /programs/agent.jar {work}/remoting.jar' | sftp", programs=programs)
    assert copied.status == 0, copied.output
    started = agent.ssh(
        f'cd "{work}" && java -jar remoting.jar -workDir {work} -jarCache {work}/remoting/jarCache',
        client="java -cp /programs Controller ssh",
        programs=programs,
    )
    assert started.status == 0, started.output
    told = [line.split("\t") for line in started.output.splitlines() if "\t" in line]
    assert told == [
        ["fetched", "Work"],
        ["logging", "logged"],
        ["certificates", "trusted"],
        ["tls", "TLSv1.3 TLSv1.2"],
        ["keys", "verified"],
        ["management", "seen"],
        ["threads", "5050"],
        ["process", "ran"],
        ["files", "jenkins text"],
        ["archive", "zipped"],
        ["xml", "parsed"],
        ["beans", "introspected"],
        ["image", "drawn"],
        ["http", "204"],
        ["names", "resolved"],
        ["text", "read at Europe/Berlin"],
        ["classes", "found"],
        ["ended", "0"],
    ]
    assert "a line of the work" in agent.ssh(f"cat {work}/remoting/logs/remoting.log").output
    assert "remoting.jar" not in agent.ssh("ps -eo args | grep -v grep || true").output


def test_another_key_is_refused(agent: Agent) -> None:
    answer = agent.ssh("true", key="stranger")
    assert answer.status == 255
    assert "Permission denied (publickey)." in answer.output


def test_root_is_refused(agent: Agent) -> None:
    answer = agent.ssh("true", user="root")
    assert answer.status == 255
    assert "Permission denied (publickey)." in answer.output


def test_a_password_is_not_even_asked_for(agent: Agent) -> None:
    answer = agent.ssh(
        "true", options=("PubkeyAuthentication=no", "PreferredAuthentications=password,keyboard-interactive")
    )
    assert answer.status == 255
    assert "Permission denied (publickey)." in answer.output


def test_a_client_that_pins_another_host_key_stays_away(agent: Agent) -> None:
    answer = agent.ssh("true", known_hosts="other_hosts")
    assert answer.status == 255
    assert "Host key verification failed." in answer.output


def test_a_session_forwards_nothing(agent: Agent) -> None:
    answer = agent.ssh("true", options=("ExitOnForwardFailure=yes", "RemoteForward=9999 127.0.0.1:22"))
    assert answer.status == 255
    assert "forwarding failed" in answer.output


def test_no_process_is_root(agent: Agent) -> None:
    """But Docker's own for a moment, when it begins to ask for the health."""

    def users() -> set[str]:
        top = agent.container.top(ps_args="-eo uid,pid,args")
        return {process[0] for process in top["Processes"]}

    wait_until(lambda: users() == {"1000"}, 5, "no process of root's")


def test_work_leaves_the_root_filesystem_as_it_was(agent: Agent) -> None:
    before = changed_paths(agent.container)
    assert agent.ssh("git init --quiet /home/jenkins/repository && touch /tmp/scratch").status == 0
    assert agent.ssh("touch /usr/local/bin/planted").status != 0
    assert changed_paths(agent.container) == before


def changed_paths(container: Container) -> set[str]:
    return {change["Path"] for change in container.diff()}


def refusal(engine: docker.DockerClient, image: str, secrets: Path) -> str:
    """What the agent says when it does not start."""
    container = start(engine, image, f"jenkins-agent-{uuid4().hex[:12]}", secrets)
    try:
        status = container.wait(timeout=START_SECONDS * PATIENCE)["StatusCode"]
        said = container.logs().decode().strip()
    finally:
        container.remove(force=True, v=True)
    assert status == 1, said
    assert len(said.splitlines()) == 1, said
    assert HOST.private.splitlines()[2] not in said
    return said


@pytest.mark.parametrize("name", ["agent_host_key", "agent_authorized_key"])
def test_a_missing_secret_is_named(
    engine: docker.DockerClient, image: Callable[[str], str], secrets: Path, name: str
) -> None:
    (secrets / name).unlink()
    assert f"cannot read the secret /run/secrets/{name}" in refusal(engine, image("jenkins_agent"), secrets)


@pytest.mark.parametrize("name", ["agent_host_key", "agent_authorized_key"])
def test_an_unreadable_secret_is_named(
    engine: docker.DockerClient, image: Callable[[str], str], secrets: Path, name: str
) -> None:
    (secrets / name).chmod(0o000)
    assert f"cannot read the secret /run/secrets/{name}" in refusal(engine, image("jenkins_agent"), secrets)


@pytest.mark.parametrize("name", ["agent_host_key", "agent_authorized_key"])
def test_an_empty_secret_is_named(
    engine: docker.DockerClient, image: Callable[[str], str], secrets: Path, name: str
) -> None:
    write(secrets / name, "")
    assert f"the secret /run/secrets/{name} is empty" in refusal(engine, image("jenkins_agent"), secrets)


@pytest.mark.parametrize("name", ["agent_host_key", "agent_authorized_key"])
def test_a_secret_that_is_no_key_is_named(
    engine: docker.DockerClient, image: Callable[[str], str], secrets: Path, name: str
) -> None:
    write(secrets / name, "not a key\n")
    assert f"/run/secrets/{name} is not a " in refusal(engine, image("jenkins_agent"), secrets)
