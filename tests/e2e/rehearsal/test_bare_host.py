"""Debian as AWS has it, without Docker: installed by cloud-init at the first boot, or by our script."""

import subprocess
import time
from collections.abc import Iterator

import pytest

from ec2.rehearsal import trial
from ec2.rehearsal.control import seeds
from tests.conftest import ROOT
from tests.e2e.rehearsal.conftest import Cloud, Host
from tests.e2e.rehearsal.templates import SSH_IN, group, host, network, ref, template

# The aim is 30, for one host on a machine without other work; what it took is printed.
LIMIT_SECONDS = 180
SCRIPT = ROOT / "ec2/host/docker.sh"
WITH_DOCKER = "#cloud-config\npackages: [docker.io, docker-cli, docker-compose, docker-buildx]\n"
WITH_TREE = "#cloud-config\npackages: [tree]\n"


@pytest.fixture(scope="module")
def outputs(cloud: Cloud) -> Iterator[dict[str, str]]:
    """Two hosts of the bare image; they boot at once."""
    admin = {**SSH_IN, "CidrIp": f"{cloud.rehearsal.gateway}/32"}
    resources = network(223) | {"Group": group(admin)}
    for name, data in (("Declared", WITH_DOCKER), ("Plain", WITH_TREE)):
        resources |= host(name, [ref("Group")], ImageId=seeds.BARE, UserData={"Fn::Base64": data})
    yield cloud.launch("bare", template(resources, "Declared", "Plain"), PublicKey=cloud.public_key)
    cloud.delete("bare")


@pytest.fixture(scope="module")
def declared(cloud: Cloud, outputs: dict[str, str]) -> Host:
    return cloud.reach(outputs["Declared"], outputs["DeclaredAddress"])


@pytest.fixture(scope="module")
def plain(cloud: Cloud, outputs: dict[str, str]) -> Host:
    reached = cloud.reach(outputs["Plain"], outputs["PlainAddress"])
    reached.run("cloud-init status --wait")
    return reached


def test_cloud_init_installs_docker_at_the_first_boot(cloud: Cloud, declared: Host) -> None:
    assert declared.run("cloud-init status --wait --long").startswith("status: done")
    assert declared.run("sudo docker version --format '{{.Server.Version}}' && sudo docker compose version")
    (group,) = cloud.aws("ec2").describe_instances(InstanceIds=[declared.instance])["Reservations"]
    launched = group["Instances"][0]["LaunchTime"].timestamp()
    done = float(declared.run("stat --format %.3Y /run/cloud-init/result.json"))
    print(f"bare, from RunInstances to Docker installed by cloud-init: {done - launched:.1f} s")
    assert done - launched < LIMIT_SECONDS


def test_it_knows_the_cloud_that_it_is_in(plain: Host, outputs: dict[str, str]) -> None:
    assert plain.run("cloud-id") == "aws"
    asked = "v1.cloud_name v1.region v1.instance_id v1.availability_zone ds.meta_data.placement.region"
    said = plain.run(f"for key in {asked}; do cloud-init query $key; done").split()
    assert said == ["aws", "us-east-1", outputs["Plain"], "us-east-1a", "us-east-1"]
    assert plain.run("sudo cloud-init query userdata") == WITH_TREE.strip()


def test_a_package_of_the_user_data_is_there_after_the_first_boot(plain: Host) -> None:
    assert plain.run("tree --version").startswith("tree v")
    assert plain.run("dpkg-query --show --showformat '${db:Status-Status}' tree") == "installed"
    assert plain.run("command -v docker || echo none") == "none"


def test_our_script_installs_docker_as_on_any_debian(plain: Host) -> None:
    copy = trial.ssh(plain.folder, plain.address)
    there = f"{copy.pop()}:docker.sh"
    subprocess.run(["scp", "-q", *copy[1:], str(SCRIPT), there], check=True)
    started = time.monotonic()
    first = plain.run("sh docker.sh 2>&1; echo $?").splitlines()
    print(f"docker.sh on a bare host: {time.monotonic() - started:.1f} s")
    assert first[-1] == "1", "the new group counts from the next log-in on"
    assert first[-2] == "docker: try: log out and in, or 'newgrp docker', and repeat the command"
    assert plain.run("sh docker.sh 2>&1; echo $?") == "0", "nothing is left to do, and nothing is said"
    assert plain.run("docker compose version --short && docker buildx version | cut -d ' ' -f 1").split()
    assert plain.run("systemctl is-enabled docker.service; systemctl is-active docker.service").split() == [
        "enabled",
        "active",
    ]
