"""Prometheus in a container of a host finds its targets by the API, with the host's role and nothing else."""

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT
from tests.e2e.rehearsal.conftest import Cloud, Host, opens
from tests.e2e.rehearsal.templates import SSH_IN, attribute, group, host, network, ref, resource, template
from tests.waiting import wait_until

PORT = 9100
WITHIN_SECONDS = 20
REFUSED = ("UnauthorizedOperation", "AccessDenied")
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
MAY_LOOK = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "ec2:DescribeInstances", "Resource": "*"}],
}
METRICS = f"""#cloud-config
write_files:
  - {{path: /srv/metrics.txt, content: "rehearsed_total 42\\n"}}
runcmd:
  - [systemd-run, --unit, metrics, python3, -m, http.server, --directory, /srv, "{PORT}"]
"""


def configuration(cloud: Cloud) -> str:
    """What our own configuration for EC2 comes down to, with an endpoint and no patience."""
    discovery = {
        "region": "us-east-1",
        "endpoint": f"http://{cloud.rehearsal.gateway}:{cloud.rehearsal.port}",
        "port": PORT,
        "refresh_interval": "1s",
        "filters": [
            {"name": "tag:Role", "values": ["app"]},
            {"name": "instance-state-name", "values": ["running"]},
        ],
    }
    job = {
        "job_name": "metrics",
        "metrics_path": "/metrics.txt",
        "scrape_interval": "1s",
        "scrape_timeout": "1s",
        "ec2_sd_configs": [discovery],
        "relabel_configs": [{"source_labels": ["__meta_ec2_tag_Role"], "target_label": "role"}],
    }
    return yaml.safe_dump({"scrape_configs": [job]})


@pytest.fixture(scope="module")
def outputs(cloud: Cloud) -> Iterator[dict[str, str]]:
    """Who looks, one host that is to be found, and one of another role that is the same otherwise."""
    admin = {**SSH_IN, "CidrIp": f"{cloud.rehearsal.gateway}/32"}
    scrape = {"IpProtocol": "tcp", "FromPort": PORT, "ToPort": PORT}
    scrape |= {"SourceSecurityGroupId": attribute("Watching", "GroupId")}
    watching = {
        "Role": resource("AWS::IAM::Role", AssumeRolePolicyDocument=TRUST),
        "Profile": resource("AWS::IAM::InstanceProfile", Roles=[ref("Role")]),
        "Watching": group(admin),
        "Watched": group(admin, scrape),
    }
    seen = {"UserData": {"Fn::Base64": METRICS}}
    resources = (
        network(221)
        | watching
        | host(
            "Monitoring",
            [ref("Watching")],
            IamInstanceProfile=ref("Profile"),
            MetadataOptions={"HttpTokens": "required", "HttpPutResponseHopLimit": 2},
            Tags=tags("Monitoring", "monitoring"),
        )
        | host("App", [ref("Watched")], Tags=tags("App", "app"), **seen)
        | host("Database", [ref("Watched")], Tags=tags("Database", "database"), **seen)
    )
    known = {f"{name}Private": attribute(name, "PrivateIp") for name in ("App", "Database")}
    whole = template(resources, "Monitoring", "App", "Database", Role=ref("Role"), **known)
    yield cloud.launch("watched", whole, PublicKey=cloud.public_key)
    cloud.delete("watched")


def tags(name: str, role: str) -> list[dict[str, str]]:
    return [{"Key": "Name", "Value": name}, {"Key": "Role", "Value": role}]


@pytest.fixture(scope="module")
def prometheus_image(run_id: str) -> Iterator[str]:
    """Our own image, as `make build` builds it."""
    name, contexts = f"prometheus:{run_id}", {"base": "images/base", "config": "prometheus"}
    given = [f"--build-context={context}={ROOT / path}" for context, path in contexts.items()]
    build = ["docker", "build", "--quiet", "--tag", name, *given, str(ROOT / "images/prometheus")]
    subprocess.run(build, check=True, capture_output=True)
    yield name
    subprocess.run(["docker", "rmi", name], check=True, capture_output=True)


@pytest.fixture(scope="module")
def monitoring(cloud: Cloud, outputs: dict[str, str], prometheus_image: str) -> Iterator[Host]:
    """The host with Prometheus in a container; its role may do nothing at first."""
    reached = cloud.reach(outputs["Monitoring"], outputs["MonitoringAddress"])
    with subprocess.Popen(["docker", "save", prometheus_image], stdout=subprocess.PIPE) as saving:
        loading = reached.ssh("sudo docker load --quiet")
        subprocess.run(loading, stdin=saving.stdout, check=True, capture_output=True)
    assert saving.returncode == 0
    give(reached, "/srv/prometheus.yml", configuration(cloud))
    reached.run(
        "sudo docker run --detach --name prometheus --publish 127.0.0.1:9090:9090"
        " --read-only --tmpfs /run/prometheus:uid=10004,gid=10004,mode=0700"
        f" --volume /srv/prometheus.yml:/etc/prometheus/prometheus.yml:ro {prometheus_image}"
    )
    yield reached
    reached.run("sudo docker rm --force --volumes prometheus")


def give(there: Host, path: str, content: str) -> None:
    """Put a file on the host that everybody may read."""
    subprocess.run(
        there.ssh(f"sudo tee {path} && sudo chmod 0644 {path}"),
        input=content,
        text=True,
        check=True,
        capture_output=True,
    )


def targets(monitoring: Host) -> list[dict[str, Any]]:
    """What Prometheus scrapes; nothing while it starts."""
    said = monitoring.run("curl -s http://127.0.0.1:9090/api/v1/targets || true")
    return list(json.loads(said)["data"]["activeTargets"]) if said.startswith("{") else []


def log_of(monitoring: Host) -> str:
    return monitoring.run("sudo docker logs prometheus 2>&1")


def test_without_the_policy_it_is_refused_and_finds_nothing(
    monitoring: Host, outputs: dict[str, str]
) -> None:
    wait_until(
        lambda: any(word in log_of(monitoring) for word in REFUSED), WITHIN_SECONDS, "a refusal in the log"
    )
    assert "DescribeInstances" in log_of(monitoring)
    assert targets(monitoring) == []


def test_with_the_policy_it_finds_the_hosts_of_the_role_and_scrapes_them_by_private_address(
    cloud: Cloud, monitoring: Host, outputs: dict[str, str]
) -> None:
    cloud.aws("iam").put_role_policy(
        RoleName=outputs["Role"], PolicyName="look", PolicyDocument=json.dumps(MAY_LOOK)
    )
    wait_until(
        lambda: [one["health"] for one in targets(monitoring)] == ["up"],
        WITHIN_SECONDS,
        "one target that is up",
    )
    (target,) = targets(monitoring)
    assert target["scrapeUrl"] == f"http://{outputs['AppPrivate']}:{PORT}/metrics.txt"
    assert target["labels"]["role"] == "app"
    labels = {key: value for key, value in target["discoveredLabels"].items() if "_ec2_" in key}
    assert (
        labels.items()
        >= {
            "__meta_ec2_availability_zone": "us-east-1a",
            "__meta_ec2_instance_id": outputs["App"],
            "__meta_ec2_instance_state": "running",
            "__meta_ec2_instance_type": "t3.small",
            "__meta_ec2_private_ip": outputs["AppPrivate"],
            "__meta_ec2_public_ip": outputs["AppAddress"],
            "__meta_ec2_tag_Name": "App",
            "__meta_ec2_tag_Role": "app",
        }.items()
    )
    assert {"__meta_ec2_ami", "__meta_ec2_vpc_id", "__meta_ec2_subnet_id"} <= labels.keys()
    query = "http://127.0.0.1:9090/api/v1/query?query=rehearsed_total"

    def values() -> list[str]:
        found = json.loads(monitoring.run(f"curl -s {query}"))["data"]["result"]
        return [one["value"][1] for one in found]

    wait_until(lambda: values() == ["42"], 10, "the value")


def test_only_the_watching_group_comes_through_and_only_by_private_address(
    monitoring: Host, outputs: dict[str, str]
) -> None:
    ask = f"curl -s -o /dev/null -m 5 -w '%{{{{http_code}}}}' http://{{}}:{PORT}/metrics.txt || true"
    assert monitoring.run(ask.format(outputs["AppPrivate"])) == "200"
    other = ask.format(outputs["DatabasePrivate"])
    wait_until(lambda: monitoring.run(other) == "200", WITHIN_SECONDS, "the other, which nobody asked,")
    assert monitoring.run(ask.format(outputs["AppAddress"])) == "000"
    assert not opens(outputs["AppAddress"], PORT)


def test_a_host_that_stops_is_no_target_any_more(
    cloud: Cloud, monitoring: Host, outputs: dict[str, str]
) -> None:
    cloud.aws("ec2").stop_instances(InstanceIds=[outputs["App"]])
    wait_until(lambda: targets(monitoring) == [], WITHIN_SECONDS, "no target")
