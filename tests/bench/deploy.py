"""How long the launcher takes, beside what people do otherwise: `python tests/bench/deploy.py`.

On a local EC2 of its own with three hosts, then with three app hosts more, then on bare hosts; all of it is
removed at the end. The others work on the same hosts in the same run with the same change: `docker save | ssh
docker load` and `docker compose up`, as a script has it, and an Ansible playbook that does the same. Needs
root, and the packages of `make test`; Ansible is fetched from PyPI for the time of the run. The
commit is measured.
"""

import json
import os
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import docker

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "images/microblog")]

from ec2.rehearsal.control.clients import connect  # noqa: E402
from ec2.rehearsal.machines.containers import Containers  # noqa: E402
from ec2.rehearsal.settings import Rehearsal  # noqa: E402
from tests.conftest import LEFT_OUT  # noqa: E402
from tests.e2e.conftest import free_ports  # noqa: E402
from tests.e2e.rehearsal.conftest import Cloud, free_pool  # noqa: E402

REPETITIONS = 5
ANSIBLE = "ansible==12.3.0"
MORE_APP_HOSTS = "".join(
    f'\n[hosts.app{number}]\nroles = ["app"]\ninstance_type = "t3.small"\nzone = 1\nroot_volume_gib = 20\n'
    for number in (2, 3, 4)
)
# As a person writes it who wants what the launcher gives: the images there, and services healthy by them.
PLAYBOOK = """\
- hosts: all
  gather_facts: false
  become: true
  tasks:
    - copy: {src: "{{ archive }}", dest: /tmp/images.tar}
    - command: docker load --input /tmp/images.tar
    - copy: {src: "{{ images }}", dest: /opt/plain/compose.images.yaml}
    - community.docker.docker_compose_v2:
        project_src: /opt/plain
        services: "{{ services.split() }}"
        wait: true
"""


@dataclass(frozen=True)
class Launcher:
    """`python -m ec2` of a tree, about one stack on one cloud; what it asks of ssh is counted."""

    cloud: Cloud
    tree: Path
    file: Path
    shims: Path

    def run(self, *words: str) -> str:
        """What it printed; it must succeed."""
        done = subprocess.run(
            [sys.executable, "-m", "ec2", "--file", str(self.file), *words],
            cwd=self.tree,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def deploy(self) -> dict[str, Any]:
        """Deploy; the report, with all seconds of the whole command, and without those of the build."""
        started = time.monotonic()
        report: dict[str, Any] = json.loads(self.run("deploy", "--yes", "--uncommitted", "--json"))
        report["all"] = time.monotonic() - started
        report["images_built"] = report["all"] - report["seconds"]["images"]
        return report

    def change(self) -> None:
        """Change the code of the microblog by a line, as a commit would."""
        with (self.tree / "images/microblog/microblog/pages.py").open("a") as page:
            page.write(f"\n# {uuid4().hex}\n")

    @property
    def environment(self) -> dict[str, str]:
        """With a shim before ssh."""
        path = f"{self.shims}:{os.environ['PATH']}"
        return {**self.cloud.environment, **LEFT_OUT, "PATH": path, "SHIM_LOG": str(self.shims / "log")}

    def round_trips(self) -> int:
        """The most commands that went to one host since this was last asked."""
        log = self.shims / "log"
        lines = log.read_text().splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return max(Counter(line.split()[0] for line in lines).values(), default=0)


def main() -> None:
    """Print one JSON object; seconds are medians of five where a number says so in its name."""
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name, tree(Path(name)) as source:
        folder = Path(name)
        with cloud(folder / "one", bare=False) as running:
            launcher = prepared(running, source, folder / "one")
            figures |= three_hosts(launcher)
            figures |= others(launcher, ansible(folder))
            figures |= four_app_hosts(launcher)
        with cloud(folder / "bare", bare=True) as running:
            report = prepared(running, source, folder / "bare").deploy()
            figures["bare_hosts_to_serving_seconds"] = round(report["all"], 1)
    print(json.dumps(figures, indent=2))


def three_hosts(launcher: Launcher) -> dict[str, Any]:
    """From nothing, with nothing to do, with a change, and back."""
    # Builds what is not built yet, so that the first figure is that of a cloud and not of a build.
    launcher.run("plan", "--uncommitted")
    figures: dict[str, Any] = {"empty_cloud_to_serving_seconds": round(launcher.deploy()["all"], 1)}
    nothing, changed, back, uplink = [], [], [], []
    for _ in range(REPETITIONS):
        nothing.append(launcher.deploy()["all"])
    launcher.round_trips()
    for _ in range(REPETITIONS):
        launcher.change()
        report = launcher.deploy()
        changed.append(report["images_built"])
        uplink.append(report["uplink_bytes"])
        figures["round_trips_per_host"] = launcher.round_trips()
        started = time.monotonic()
        launcher.run("rollback", "--yes")
        back.append(time.monotonic() - started)
        launcher.round_trips()
    return figures | {
        "nothing_to_do_seconds": median(nothing),
        "change_seconds": median(changed),
        "change_uplink_bytes": int(statistics.median(uplink)),
        "rollback_seconds": median(back),
    }


def others(launcher: Launcher, playing: Path) -> dict[str, Any]:
    """The same change by a script and by a playbook, and once more by the launcher, in turns."""
    there = hosts(launcher)
    for host in there:
        on(host, "rm -rf /opt/plain && cp -rL /srv/stack/current /opt/plain")
    seconds: dict[str, list[float]] = {"launcher": [], "save_and_load": [], "ansible": []}
    for _ in range(REPETITIONS):
        launcher.change()
        seconds["launcher"].append(launcher.deploy()["images_built"])
        for name, way in (("save_and_load", save_and_load), ("ansible", play(playing))):
            launcher.change()
            images = built(launcher)
            started = time.monotonic()
            way(launcher, there, images)
            seconds[name].append(time.monotonic() - started)
    for host in there:
        on(host, "rm -rf /opt/plain /tmp/images.tar")
    ours = statistics.median(seconds["launcher"])
    return {
        "beside_seconds": {name: median(values) for name, values in seconds.items()},
        "times_as_long": {
            name: round(statistics.median(values) / ours, 2)
            for name, values in seconds.items()
            if name != "launcher"
        },
    }


def four_app_hosts(launcher: Launcher) -> dict[str, Any]:
    """What three more app hosts cost a change: bytes on the uplink and seconds."""
    one = changes(launcher)
    launcher.file.write_text(launcher.file.read_text() + MORE_APP_HOSTS)
    launcher.deploy()
    four = changes(launcher)
    grown = {name: round(four[name] / one[name] - 1, 3) for name in one}
    return {"one_app_host": one, "four_app_hosts": four, "four_app_hosts_grow_by": grown}


def changes(launcher: Launcher) -> dict[str, float]:
    """What a change takes on the stack as it is, the median of a few."""
    reports = []
    for _ in range(REPETITIONS):
        launcher.change()
        reports.append(launcher.deploy())
    return {
        "uplink_bytes": statistics.median(report["uplink_bytes"] for report in reports),
        "seconds": median([report["images_built"] for report in reports]),
    }


def save_and_load(launcher: Launcher, there: list["Reached"], images: dict[str, str]) -> None:
    """Every image of a host through one pipe, then compose; the hosts side by side."""

    def one(host: Reached) -> None:
        names = " ".join(images[service] for service in host.services)
        ssh = shlex.join(host.ssh)
        script = f"docker save {names} | {ssh} sudo docker load"
        subprocess.run(["sh", "-c", script], check=True, stdout=subprocess.DEVNULL)
        on(host, f"cat > /opt/plain/compose.images.yaml <<'E'\n{image_file(host, images)}\nE")
        on(host, f"cd /opt/plain && docker compose up -d --no-build --wait {' '.join(host.services)}")

    with ThreadPoolExecutor(len(there)) as side_by_side:
        list(side_by_side.map(one, there))


def play(playing: Path) -> Any:
    """The playbook, with one connection per host that is kept, and pipelining, the hosts side by side."""

    def run(launcher: Launcher, there: list["Reached"], images: dict[str, str]) -> None:
        folder = Path(tempfile.mkdtemp(dir=playing))
        lines = []
        for host in there:
            archive, listed = folder / f"{host.name}.tar", folder / f"{host.name}.yaml"
            names = [images[service] for service in host.services]
            subprocess.run(["docker", "save", "--output", str(archive), *names], check=True)
            listed.write_text(image_file(host, images))
            options = shlex.join(host.ssh[1:-1])
            lines.append(
                f"{host.name} ansible_host={host.address} ansible_user=admin"
                f' archive={archive} images={listed} services="{" ".join(host.services)}"'
                f" ansible_ssh_common_args={shlex.quote(options)}"
            )
        (folder / "inventory").write_text("\n".join(lines) + "\n")
        (folder / "play.yaml").write_text(PLAYBOOK)
        subprocess.run(
            [str(playing / "bin/ansible-playbook"), "--inventory", "inventory", "play.yaml"],
            cwd=folder,
            env={
                **os.environ,
                "ANSIBLE_PIPELINING": "1",
                "ANSIBLE_PYTHON_INTERPRETER": "/usr/bin/python3",
                "ANSIBLE_LOCAL_TEMP": str(folder),
            },
            check=True,
            stdout=subprocess.DEVNULL,
        )
        shutil.rmtree(folder)

    return run


@dataclass(frozen=True)
class Reached:
    """A host, how it is logged in to, and what runs there."""

    name: str
    address: str
    ssh: list[str]
    services: list[str]


def hosts(launcher: Launcher) -> list[Reached]:
    """The hosts of the stack, with a key of their own for whoever is not the launcher."""
    found = json.loads(launcher.run("status", "--json"))["hosts"]
    key = launcher.cloud.folder / "plain"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    reached = []
    for host in found:
        public = key.with_suffix(".pub").read_text().strip()
        launcher.run("ssh", host["name"], "sh", "-c", f"echo '{public}' >> .ssh/authorized_keys")
        known = launcher.cloud.folder / "known"
        keys = launcher.run("ssh", host["name"], "cat", "/etc/ssh/ssh_host_ed25519_key.pub").split()
        with known.open("a") as file:
            file.write(f"{host['address']} {keys[0]} {keys[1]}\n")
        options = ["-i", str(key), "-o", f"UserKnownHostsFile={known}", "-o", "IdentitiesOnly=yes"]
        options += ["-o", "ControlMaster=auto", "-o", f"ControlPath={launcher.cloud.folder}/%h"]
        options += ["-o", "ControlPersist=120"]
        services = launcher.run("ssh", host["name"], "sudo", "cat", "/srv/stack/current/services").split()
        ssh = ["ssh", *options, f"admin@{host['address']}"]
        reached.append(Reached(host["name"], host["address"], ssh, services))
    return reached


def on(host: Reached, script: str) -> str:
    """What a script of root's printed there."""
    words = [*host.ssh, "sudo", "sh", "-s"]
    return subprocess.run(words, input=script, capture_output=True, text=True, check=True).stdout


def built(launcher: Launcher) -> dict[str, str]:
    """Build the images of the tree, as the launcher does; each service's image by a name of its own."""
    launcher.run("plan", "--uncommitted")
    client = docker.from_env()
    tag = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude", "*"],
        cwd=launcher.tree, capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    names = {}
    for image in client.images.list(filters={"reference": f"microblog/*:{tag}"}):
        repository = next(name for name in image.tags if name.endswith(f":{tag}")).partition(":")[0]
        name = f"{repository}:{image.id.removeprefix('sha256:')[:12]}"
        image.tag(name)
        names[repository.removeprefix("microblog/")] = name
    client.close()
    return names


def image_file(host: Reached, images: dict[str, str]) -> str:
    """The compose file that names the images of a host."""
    return json.dumps({"services": {service: {"image": images[service]} for service in host.services}})


def median(values: list[float]) -> float:
    return round(statistics.median(values), 1)


def prepared(running: Cloud, source: Path, folder: Path) -> Launcher:
    """The launcher of a tree, about the stack as a person finds it, in a range of its own."""
    file, shims = folder / "stack.toml", folder / "shims"
    text = (ROOT / "stack.toml").read_text()
    file.write_text(text.replace('name = "microblog"', 'name = "bench"').replace("10.20.0.0", "10.242.0.0"))
    shims.mkdir()
    # Counts what is run on a host, by the path of the connection that is one per host.
    (shims / "ssh").write_text(
        "#!/bin/sh\n"
        'case "$*" in *ControlMaster=no*" -O "*) ;; *ControlMaster=no*)\n'
        '    printf "%s\\n" "$*" | grep -o "ControlPath=[^ ]*" >>"$SHIM_LOG" ;; esac\n'
        f'exec {shutil.which("ssh")} "$@"\n'
    )
    (shims / "ssh").chmod(0o755)
    return Launcher(running, source, file, shims)


@contextmanager
def cloud(folder: Path, *, bare: bool) -> Iterator[Cloud]:
    """A local EC2 that runs meanwhile."""
    folder.mkdir()
    rehearsal = Rehearsal(f"bench-{uuid4().hex[:6]}", free_ports(1)[0], free_pool(), bare=bare)
    running = Cloud(rehearsal, connect(rehearsal.endpoint), Containers(rehearsal, docker.from_env()), folder)
    try:
        running.start()
        yield running
    finally:
        running.command("down")


@contextmanager
def tree(folder: Path) -> Iterator[Path]:
    """The commit in a folder of its own, to be changed."""
    place = folder / "tree"
    git = ["git", "-C", str(ROOT), "worktree"]
    subprocess.run([*git, "add", "--quiet", "--detach", str(place), "HEAD"], check=True)
    try:
        yield place
    finally:
        subprocess.run([*git, "remove", "--force", str(place)], check=True)


def ansible(folder: Path) -> Path:
    """Ansible in an environment of its own."""
    place = folder / "ansible"
    subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
    subprocess.run([str(place / "bin/pip"), "install", "--quiet", ANSIBLE], check=True)
    return place


if __name__ == "__main__":
    main()
