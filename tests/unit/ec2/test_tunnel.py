"""The tunnels agree with what compose.yaml and compose.ec2.yaml say, and with where secrets are kept."""

import socket

import yaml

from compose.project import HERE
from compose.secret_files import SECRETS
from ec2.tunnel import TUNNELS, free_port

SERVICES = yaml.safe_load((HERE / "compose.yaml").read_text())["services"]
PUBLISHED = yaml.safe_load((HERE / "compose.ec2.yaml").read_text())["services"]


def test_each_tunnel_ends_at_a_port_that_its_service_has_on_loopback() -> None:
    for name, tunnel in TUNNELS.items():
        ports = [port for port in PUBLISHED[name]["ports"] if port.startswith(f"127.0.0.1:{tunnel.port}:")]
        assert len(ports) == 1, name


def test_each_tunnel_leads_to_a_host_of_its_services_role() -> None:
    assert {name: [tunnel.role] for name, tunnel in TUNNELS.items()} == {
        name: SERVICES[name]["profiles"] for name in TUNNELS
    }


def test_every_password_is_one_that_the_stack_keeps() -> None:
    kept = {file for secret in SECRETS for group in secret.files for file in group}
    with_account = {name for name, tunnel in TUNNELS.items() if tunnel.user}
    assert with_account == {"grafana", "jenkins"}
    for name in with_account:
        assert f"{name}/{TUNNELS[name].password}" in kept
    assert TUNNELS["grafana"].parameter("blog") == "/blog/monitoring/grafana/admin_password"


def test_a_port_that_somebody_has_is_left_to_them() -> None:
    with socket.socket() as theirs:
        theirs.bind(("127.0.0.1", 0))
        theirs.listen()
        taken = theirs.getsockname()[1]
        assert free_port(taken) != taken
    assert free_port(taken) == taken


def test_prometheus_is_opened_at_a_page_that_it_has() -> None:
    assert (HERE.parent / "prometheus" / TUNNELS["prometheus"].page).is_file()
