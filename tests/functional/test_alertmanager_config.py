"""Where alerts go, and which ones are held back because another says more."""

import json
import time
from collections.abc import Iterator

import pytest
from docker.models.containers import Container

from tests.functional.conftest import StartAlone

READY_WITHIN_SECONDS = 30
CONFIGURATION = "--config.file=/etc/prometheus/alertmanager.yml"
ADDRESS = "--alertmanager.url=http://127.0.0.1:9093"


@pytest.fixture
def alertmanager(start_alone: StartAlone) -> Iterator[Container]:
    container = start_alone("alertmanager").get_wrapped_container()
    deadline = time.monotonic() + READY_WITHIN_SECONDS
    while container.exec_run(["http_ok", "9093", "/-/ready"])[0] != 0:
        assert time.monotonic() < deadline, container.logs(tail=20).decode()
        time.sleep(0.2)
    return container


def amtool(alertmanager: Container, *arguments: str) -> str:
    """Run amtool; what it printed, which is why the test failed if it did."""
    status, output = alertmanager.exec_run(["amtool", *arguments])
    text = str(output.decode())
    assert status == 0, text
    return text


def test_the_configuration_is_valid(alertmanager: Container) -> None:
    amtool(alertmanager, "check-config", "/etc/prometheus/alertmanager.yml")


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        (("alertname=Watchdog", "severity=none"), "watchdog"),
        (("alertname=MicroblogDown", "severity=critical"), "page"),
        (("alertname=HostMemoryPressure", "severity=warning"), "ticket"),
        (("alertname=HostRebooted", "severity=info"), "nobody"),
        (("alertname=WithoutSeverity",), "ticket"),
    ],
)
def test_an_alert_reaches_its_receiver(
    labels: tuple[str, ...], receiver: str, alertmanager: Container
) -> None:
    amtool(alertmanager, "config", "routes", "test", CONFIGURATION, f"--verify.receivers={receiver}", *labels)


@pytest.mark.parametrize(
    ("cause", "consequence"),
    [
        (
            {"alertname": "MicroblogDown", "job": "microblog", "instance": "microblog"},
            {"alertname": "TargetDown", "job": "microblog", "instance": "microblog"},
        ),
        (
            {"alertname": "HostFilesystemAlmostFull", "mountpoint": "/", "severity": "critical"},
            {"alertname": "HostFilesystemAlmostFull", "mountpoint": "/", "severity": "warning"},
        ),
        ({"alertname": "MariaDBDown"}, {"alertname": "MicroblogErrorRate"}),
        ({"alertname": "NginxDown"}, {"alertname": "ProbeFailed"}),
    ],
)
def test_a_cause_silences_its_consequence(
    cause: dict[str, str], consequence: dict[str, str], alertmanager: Container
) -> None:
    assert states(alertmanager, cause, consequence) == ["active", "suppressed"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            {"alertname": "MicroblogDown", "job": "microblog", "instance": "microblog"},
            {"alertname": "TargetDown", "job": "grafana", "instance": "grafana"},
        ),
        (
            {"alertname": "HostFilesystemAlmostFull", "mountpoint": "/", "severity": "critical"},
            {"alertname": "HostFilesystemAlmostFull", "mountpoint": "/data", "severity": "warning"},
        ),
    ],
)
def test_what_has_another_cause_is_told(
    one: dict[str, str], other: dict[str, str], alertmanager: Container
) -> None:
    assert states(alertmanager, one, other) == ["active", "active"]


def states(alertmanager: Container, *alerts: dict[str, str]) -> list[str]:
    """Raise the alerts; the state of each."""
    for labels in alerts:
        words = [f"{name}={value}" for name, value in labels.items()]
        amtool(alertmanager, "alert", "add", ADDRESS, *words)
    raised = json.loads(
        amtool(
            alertmanager,
            "alert",
            "query",
            ADDRESS,
            "--output=json",
            "--active",
            "--inhibited",
        )
    )
    return [next(a["status"]["state"] for a in raised if a["labels"] == labels) for labels in alerts]
