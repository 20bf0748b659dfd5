"""The launcher from an empty account to a serving stack on three hosts, and back."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import pytest
import yaml

from tests.conftest import LEFT_OUT, ROOT, remove_images
from tests.e2e.person import Person
from tests.e2e.rehearsal.conftest import Cloud, opens
from tests.waiting import wait_until

# As a person finds it, but for its name and a range of this test's own.
STACK_FILE = (
    (ROOT / "stack.toml")
    .read_text()
    .replace('name = "microblog"', 'name = "blog"')
    .replace("10.20.0.0/16", "10.215.0.0/16")
)
INSIDE_PORTS = (3000, 3306, 8000, 8080, 9090, 9093, 9100, 9104, 9113)
FOUND_WITHIN_SECONDS = 120


@dataclass(frozen=True)
class Launcher:
    """`python -m ec2` about one stack file."""

    cloud: Cloud
    file: Path

    def __call__(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "ec2", "--file", str(self.file), *words],
            cwd=ROOT,
            env={**os.environ, **self.cloud.environment, **LEFT_OUT, **more},
            capture_output=True,
            text=True,
            check=False,
        )

    def deploy(self) -> dict[str, Any]:
        """Deploy; what was reported."""
        done = self("deploy", "--yes", "--uncommitted", "--json")
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout))


@pytest.fixture(scope="module")
def launcher(cloud: Cloud, image: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Launcher:
    """The launcher, once the images of this run are built: then its own are there at once."""
    file = tmp_path_factory.mktemp("stack") / "stack.toml"
    file.write_text(STACK_FILE)
    return Launcher(cloud, file)


@pytest.fixture(scope="module")
def first(launcher: Launcher, engine: docker.DockerClient) -> Iterator[dict[str, Any]]:
    """The report of the first deployment."""
    report = launcher.deploy()
    yield report
    remove_images(engine, report["release"].partition("-")[2])


def instance(cloud: Cloud, name: str) -> dict[str, Any]:
    """What EC2 says of a host of the stack."""
    wanted = {"tag:Stack": "blog", "tag:Host": name, "instance-state-name": "running"}
    filters = [{"Name": key, "Values": [value]} for key, value in wanted.items()]
    (row,) = cloud.aws("ec2").describe_instances(Filters=filters)["Reservations"]
    return dict(row["Instances"][0])


def on_host(cloud: Cloud, name: str, *words: str) -> str:
    """What a command prints on a host of the stack."""
    container = cloud.containers.container(instance(cloud, name)["InstanceId"])
    status, output = container.exec_run(list(words), stderr=False)
    assert status == 0, output.decode()
    return str(output.decode())


def test_from_an_empty_account_to_people_who_post(first: dict[str, Any]) -> None:
    assert first["stack_outcome"] == "created"
    assert set(first["left_out"]) == {"grafana", "jenkins"}
    ada = Person(first["address"].rstrip("/"), "ada")
    ada.register()
    ada.post("from a host of our own")
    assert "from a host of our own" in ada.reads("/")


def test_prometheus_finds_every_target_by_itself(first: dict[str, Any], cloud: Cloud) -> None:
    def targets() -> dict[str, str]:
        said = json.loads(on_host(cloud, "monitoring", "curl", "-s", "http://127.0.0.1:9090/api/v1/targets"))
        return {
            f"{t['labels']['job']} {t['labels']['instance']}": t["lastError"] or t["health"]
            for t in said["data"]["activeTargets"]
        }

    expected = {
        "alertmanager alertmanager", "blackbox app", "blackbox_exporter blackbox_exporter", "microblog app",
        "mysqld_exporter app", "nginx_exporter app", "node_exporter app", "node_exporter jenkins",
        "node_exporter monitoring", "prometheus prometheus",
    }  # fmt: skip
    wait_until(lambda: targets() == dict.fromkeys(expected, "up"), FOUND_WITHIN_SECONDS, f"{targets()}")


def test_only_ssh_and_the_pages_are_reached_from_outside(first: dict[str, Any]) -> None:
    with ThreadPoolExecutor(16) as side_by_side:
        asked = [(host, port) for host in first["hosts"] for port in (22, 80, *INSIDE_PORTS)]
        answers = side_by_side.map(lambda one: opens(one[0]["address"], one[1]), asked)
        reached = {(host["name"], port) for (host, port), open_ in zip(asked, answers, strict=True) if open_}
    assert reached == {("app", 22), ("app", 80), ("jenkins", 22), ("monitoring", 22)}


def test_hosts_reach_each_other_only_where_a_role_needs_it(first: dict[str, Any], cloud: Cloud) -> None:
    app = instance(cloud, "app")["PrivateIpAddress"]
    ports = "22 80 3306 8000 9100 9104 9113"
    probe = f'for p in {ports}; do (timeout 5 bash -c "</dev/tcp/{app}/$p" && echo $p) & done; wait'
    # The pages are everybody's; exporters answer the host that measures; who deploys may log in; the
    # database answers nobody else.
    assert set(on_host(cloud, "monitoring", "bash", "-c", probe).split()) == {
        "80", "8000", "9100", "9104", "9113",
    }  # fmt: skip
    assert set(on_host(cloud, "jenkins", "bash", "-c", probe).split()) == {"22", "80"}


def test_secrets_are_readable_for_their_reader_alone_and_in_no_environment(
    first: dict[str, Any], cloud: Cloud
) -> None:
    folder = on_host(cloud, "app", "sh", "-c", "ls -d /srv/stack/secrets/*").strip()
    listed = on_host(cloud, "app", "find", folder, "-type", "f", "-printf", "%U %m %P\\n")
    assert "10001 400 microblog/secret_key" in listed.splitlines()
    assert {line.split()[1] for line in listed.splitlines()} == {"400"}
    value = on_host(cloud, "app", "cat", f"{folder}/microblog/secret_key")
    assert value not in on_host(cloud, "app", "sh", "-c", "docker inspect $(docker ps --quiet)")
    assert value not in on_host(cloud, "app", "cat", "/srv/stack/current/.env")


def test_data_lies_on_the_volume_of_its_role(first: dict[str, Any], cloud: Cloud) -> None:
    assert "/dev/" in on_host(cloud, "app", "findmnt", "--noheadings", "--output", "SOURCE", "/srv/database")
    assert "ibdata1" in on_host(cloud, "app", "ls", "/srv/database/mariadb")


def test_a_second_deployment_sends_nothing_and_restarts_nothing(
    first: dict[str, Any], launcher: Launcher, cloud: Cloud
) -> None:
    before = on_host(cloud, "app", "docker", "ps", "--quiet", "--no-trunc")
    again = launcher.deploy()
    assert again["stack_outcome"] == "unchanged"
    assert [host["images_pulled"] for host in again["hosts"]] == [[], [], []]
    assert on_host(cloud, "app", "docker", "ps", "--quiet", "--no-trunc") == before


def test_from_the_jenkins_host_the_others_are_deployed_to_at_their_private_addresses(
    first: dict[str, Any], launcher: Launcher, cloud: Cloud
) -> None:
    """In the host's own network, where its agent deploys from, behind its groups.

    With the deployer's credentials: the local EC2 does not weigh what a policy narrows to resources.
    """
    host = cloud.containers.container(instance(cloud, "jenkins")["InstanceId"])
    words = ["--file", str(launcher.file), "deploy", "--inside", "--yes", "--uncommitted", "--json"]
    done = subprocess.run(
        ["nsenter", f"--net=/proc/{host.attrs['State']['Pid']}/ns/net", sys.executable, "-m", "ec2", *words],
        cwd=ROOT,
        env={**os.environ, **cloud.environment, **LEFT_OUT},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["stack_outcome"] == "unchanged"
    assert {host["name"]: host["address"] for host in report["hosts"]} == {
        name: instance(cloud, name)["PrivateIpAddress"] for name in ("app", "monitoring")
    }


def test_a_secret_that_nobody_has_given_is_told_before_anything_changes(
    first: dict[str, Any], launcher: Launcher, cloud: Cloud, tmp_path: Path
) -> None:
    file = tmp_path / "stack.toml"
    file.write_text(f"{STACK_FILE}\n[alerts]\nslack = true\n")
    wanting = Launcher(cloud, file)
    before = on_host(cloud, "monitoring", "readlink", "/srv/stack/current")
    refused = wanting("deploy", "--yes", "--uncommitted")
    assert refused.returncode == 1
    assert "nobody has given what stack.toml needs: slack_webhook; nothing was changed" in refused.stderr
    assert f"try: python -m ec2 --file {file} secret slack_webhook" in refused.stderr
    assert on_host(cloud, "monitoring", "readlink", "/srv/stack/current") == before
    assert re.search("^slack_webhook +no", launcher("secret", "--list").stdout, re.MULTILINE)


def test_a_stopped_host_is_seen_as_vanished_though_its_target_goes_away(
    first: dict[str, Any], cloud: Cloud
) -> None:
    groups = yaml.safe_load((ROOT / "prometheus/rules/meta.yml").read_text())["groups"]
    (rule,) = [one for group in groups for one in group["rules"] if one.get("alert") == "HostVanished"]

    def vanished() -> list[str]:
        query = [
            "curl",
            "-sG",
            "http://127.0.0.1:9090/api/v1/query",
            "--data-urlencode",
            f"query={rule['expr']}",
        ]
        answer = json.loads(on_host(cloud, "monitoring", *query))
        return [row["metric"]["host"] for row in answer["data"]["result"]]

    assert vanished() == []
    cloud.aws("ec2").stop_instances(InstanceIds=[instance(cloud, "jenkins")["InstanceId"]])
    wait_until(lambda: vanished() == ["jenkins"], FOUND_WITHIN_SECONDS, f"jenkins vanished: {vanished()}")


def test_without_a_terminal_nothing_is_done_unasked(first: dict[str, Any], launcher: Launcher) -> None:
    refused = launcher("destroy")
    assert refused.returncode == 1
    assert f"try: python -m ec2 --file {launcher.file} destroy --yes" in refused.stderr


def test_destroy_leaves_nothing_but_snapshots(
    first: dict[str, Any], launcher: Launcher, cloud: Cloud
) -> None:
    done = launcher("destroy", "--yes")
    assert done.returncode == 0, done.stderr
    ec2, ours = cloud.aws("ec2"), [{"Name": "tag:Stack", "Values": ["blog"]}]
    running = [{"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]}]
    assert ec2.describe_instances(Filters=[*ours, *running])["Reservations"] == []
    assert ec2.describe_vpcs(Filters=ours)["Vpcs"] == []
    assert ec2.describe_addresses(Filters=ours)["Addresses"] == []
    assert ec2.describe_volumes(Filters=ours)["Volumes"] == []
    assert cloud.aws("ssm").get_parameters_by_path(Path="/blog/", Recursive=True)["Parameters"] == []
    assert not opens(first["hosts"][0]["address"], 22)
    again = launcher("destroy", "--yes")
    assert again.returncode == 0, again.stderr
