"""Which targets Prometheus has, and that the exporters give the series that rules and dashboards use."""

import os
from typing import Any

import pytest
import yaml
from docker.models.containers import Container
from docker.types import Mount

from tests.conftest import ROOT
from tests.functional.conftest import StartAlone
from tests.waiting import wait_until

STARTED_WITHIN_SECONDS = 30
KNOWN_SERIES: dict[str, list[str]] = yaml.safe_load((ROOT / "tests/functional/known_series.yml").read_text())
# The others measure a service that is not here; tests/e2e asks them.
MEASURE_BY_THEMSELVES = {
    "prometheus": (9090, "/metrics"),
    "alertmanager": (9093, "/metrics"),
    "node_exporter": (9100, "/metrics"),
    "blackbox": (9115, "/probe?module=http_2xx&target=http://127.0.0.1:9115/-/healthy"),
}
# What a service gets from compose.yaml beyond its confinement.
WITH: dict[str, dict[str, Any]] = {
    "node_exporter": {"mounts": [Mount("/host", "/", type="bind", read_only=True)], "pid_mode": "host"}
}
GET = 'exec 3<>/dev/tcp/127.0.0.1/{port}; printf "GET {path} HTTP/1.0\\r\\n\\r\\n" >&3; cat <&3'


def page(container: Container, port: int, path: str) -> str:
    """What the container answers itself, as soon as it does."""
    answers: list[str] = []

    def answered() -> bool:
        status, output = container.exec_run(["bash", "-c", GET.format(port=port, path=path)])
        answers.append(output.decode())
        return status == 0

    wait_until(answered, STARTED_WITHIN_SECONDS, f"an answer on port {port}")
    return answers[-1]


@pytest.mark.parametrize(
    ("left_out", "expected"),
    [("", {"grafana", "jenkins"}), ("jenkins", {"grafana"}), ("grafana jenkins", set())],
)
def test_a_service_that_is_left_out_has_no_target(
    left_out: str, expected: set[str], start_alone: StartAlone
) -> None:
    started = start_alone("prometheus", environment={"LEFT_OUT": left_out}).get_wrapped_container()
    page(started, 9090, "/-/ready")
    status, output = started.exec_run(["ls", "/run/prometheus/targets"])
    assert status == 0
    always = {"probed", "certificates"}
    assert {name.removesuffix(".json") for name in output.decode().split()} == expected | always


@pytest.mark.parametrize("job", MEASURE_BY_THEMSELVES)
def test_the_known_series_are_really_there(job: str, start_alone: StartAlone) -> None:
    name = "blackbox_exporter" if job == "blackbox" else job
    container = start_alone(name, **WITH.get(name, {})).get_wrapped_container()

    def missing() -> set[str]:
        # Those of containers are given by node_exporter and written by container_metrics.
        wanted = {name for name in KNOWN_SERIES[job] if not name.startswith("container_")}
        return wanted - series(page(container, *MEASURE_BY_THEMSELVES[job])) - {"node_textfile_mtime_seconds"}

    # Prometheus answers before its database is open and its rules are loaded.
    wait_until(lambda: not missing(), STARTED_WITHIN_SECONDS, f"these series: {sorted(missing())}")


def series(exposition: str) -> set[str]:
    """The names in the text, those that have no sample yet included: their TYPE line announces them."""
    words = [line.split() for line in exposition.splitlines()]
    announced = {word[2] for word in words if word[:2] == ["#", "TYPE"]}
    return announced | {line.split("{")[0].split()[0] for line in exposition.splitlines() if line.strip()}


def test_the_node_exporter_measures_the_host_and_not_its_container(start_alone: StartAlone) -> None:
    container = start_alone("node_exporter", **WITH["node_exporter"]).get_wrapped_container()
    metrics = page(container, 9100, "/metrics")
    (size,) = [
        line.split()[-1]
        for line in metrics.splitlines()
        if line.startswith("node_filesystem_size_bytes{") and 'mountpoint="/"' in line
    ]
    here = os.statvfs("/")
    assert float(size) == here.f_blocks * here.f_frsize
