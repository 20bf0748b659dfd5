"""The launcher from an empty account to a serving stack and back, on one host with every role."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import pytest

from tests.conftest import LEFT_OUT, ROOT
from tests.e2e.person import Person
from tests.e2e.rehearsal.conftest import Cloud, opens
from tests.waiting import wait_until

STACK_FILE = """
name = "blog"
region = "us-east-1"
admin = "my address"
network = "10.215.0.0/16"

[hosts.all]
roles = ["app", "database", "jenkins", "monitoring"]
instance_type = "t3.medium"
zone = 1
root_volume_gib = 20
data_volumes_gib = { database = 1, jenkins = 1, monitoring = 1 }
"""
INSIDE_PORTS = (3000, 3306, 8000, 8080, 9090, 9093, 9100, 9104, 9113)
FOUND_WITHIN_SECONDS = 120


@dataclass(frozen=True)
class Launcher:
    """`python -m ec2` about one stack file."""

    cloud: Cloud
    file: Path

    def __call__(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        endpoint = {"AWS_ENDPOINT_URL": self.cloud.rehearsal.common_endpoint}
        return subprocess.run(
            [sys.executable, "-m", "ec2", "--file", str(self.file), *words],
            cwd=ROOT,
            env={**os.environ, **self.cloud.environment, **endpoint, **LEFT_OUT, **more},
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
    tag = report["release"].partition("-")[2]
    for built in engine.images.list():
        for name in built.tags:
            if name.startswith("microblog/") and name.endswith(f":{tag}"):
                engine.images.remove(name, force=True)


def public_address(report: dict[str, Any]) -> str:
    return str(report["hosts"][0]["address"])


def on_the_host(cloud: Cloud, *words: str) -> str:
    """What a command prints on the one host of the stack."""
    (instance,) = [host.instance_id for host in hosts_of(cloud)]
    status, output = cloud.containers.container(instance).exec_run(list(words))
    assert status == 0, output.decode()
    return str(output.decode())


def hosts_of(cloud: Cloud) -> list[Any]:
    (row,) = cloud.aws("ec2").describe_instances(
        Filters=[
            {"Name": "tag:Stack", "Values": ["blog"]},
            {"Name": "instance-state-name", "Values": ["running"]},
        ]
    )["Reservations"]
    return [cloud.containers.hosts()[one["InstanceId"]] for one in row["Instances"]]


def test_from_an_empty_account_to_people_who_post(first: dict[str, Any]) -> None:
    assert first["stack_outcome"] == "created"
    assert set(first["left_out"]) == {"grafana", "jenkins"}
    ada = Person(first["address"].rstrip("/"), "ada")
    ada.register()
    ada.post("from a host of our own")
    assert "from a host of our own" in ada.reads("/")


def test_prometheus_finds_every_target_by_itself(first: dict[str, Any], cloud: Cloud) -> None:
    def targets() -> dict[str, str]:
        said = json.loads(on_the_host(cloud, "curl", "-s", "http://127.0.0.1:9090/api/v1/targets"))
        return {t["labels"]["job"]: t["lastError"] or t["health"] for t in said["data"]["activeTargets"]}

    expected = {
        "alertmanager", "blackbox", "blackbox_exporter", "microblog", "mysqld_exporter", "nginx_exporter",
        "node_exporter", "prometheus",
    }  # fmt: skip
    wait_until(lambda: targets() == dict.fromkeys(expected, "up"), FOUND_WITHIN_SECONDS, f"{targets()}")


def test_only_ssh_and_the_pages_are_reached_from_outside(first: dict[str, Any]) -> None:
    address = public_address(first)
    assert opens(address, 22)
    assert opens(address, 80)
    assert [port for port in INSIDE_PORTS if opens(address, port)] == []


def test_secrets_are_readable_for_their_reader_alone_and_in_no_environment(
    first: dict[str, Any], cloud: Cloud
) -> None:
    folder = on_the_host(cloud, "sh", "-c", "ls -d /srv/stack/secrets/*").strip()
    listed = on_the_host(cloud, "find", folder, "-type", "f", "-printf", "%U %m %P\\n")
    assert "10001 400 microblog/secret_key" in listed.splitlines()
    assert {line.split()[1] for line in listed.splitlines()} == {"400"}
    value = on_the_host(cloud, "cat", f"{folder}/microblog/secret_key")
    assert value not in on_the_host(cloud, "sh", "-c", "docker inspect $(docker ps --quiet)")
    assert value not in on_the_host(cloud, "cat", "/srv/stack/current/.env")


def test_data_lies_on_the_volume_of_its_role(first: dict[str, Any], cloud: Cloud) -> None:
    assert "/dev/" in on_the_host(cloud, "findmnt", "--noheadings", "--output", "SOURCE", "/srv/database")
    assert "ibdata1" in on_the_host(cloud, "ls", "/srv/database/mariadb")


def test_a_second_deployment_sends_nothing_and_restarts_nothing(
    first: dict[str, Any], launcher: Launcher, cloud: Cloud
) -> None:
    before = on_the_host(cloud, "docker", "ps", "--quiet", "--no-trunc")
    again = launcher.deploy()
    assert again["stack_outcome"] == "unchanged"
    assert again["hosts"][0]["images_pulled"] == []
    assert on_the_host(cloud, "docker", "ps", "--quiet", "--no-trunc") == before


def test_without_a_terminal_nothing_is_done_unasked(first: dict[str, Any], launcher: Launcher) -> None:
    refused = launcher("destroy")
    assert refused.returncode == 1
    assert "try: python -m ec2 destroy --yes" in refused.stderr


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
    assert not opens(public_address(first), 22)
    again = launcher("destroy", "--yes")
    assert again.returncode == 0, again.stderr
