"""The thin path: a template with one host, deployed, reached on its Elastic IP, deleted with nothing left."""

import socket

import pytest

from tests.e2e.rehearsal.conftest import Cloud, opens
from tests.e2e.rehearsal.templates import SSH_IN, group, host, network, ref, template
from tests.waiting import wait_until


def test_a_host_is_launched_reached_closed_elsewhere_and_gone_after_the_delete(cloud: Cloud) -> None:
    admin = {**SSH_IN, "CidrIp": f"{cloud.rehearsal.gateway}/32"}
    resources = network(211) | {"Group": group(admin)} | host("App", [ref("Group")])
    before = cloud.containers.networks()
    outputs = cloud.launch("first", template(resources, "App"), PublicKey=cloud.public_key)
    app = cloud.reach(outputs["App"], outputs["AppAddress"])
    assert app.run("cloud-init status --wait --long").startswith("status: done")
    assert app.run("hostname --fqdn") == "ip-10-211-1-4.ec2.internal"
    app.run("sudo systemd-run --unit listener python3 -m http.server 8000")
    app.run("until curl -sf http://127.0.0.1:8000 >/dev/null; do sleep 0.1; done")
    assert opens(app.address, 22)
    assert not opens(app.address, 8000)
    cloud.delete("first")
    assert outputs["App"] not in cloud.containers.hosts()
    wait_until(lambda: cloud.containers.networks() == before, 10, "no network left")
    assert not cloud.aws("ec2").describe_vpcs(Filters=[{"Name": "cidr", "Values": ["10.211.0.0/16"]}])["Vpcs"]
    with pytest.raises(OSError, match=r"timed out|unreachable"):
        socket.create_connection((app.address, 22), timeout=1)
