"""Where alerts go, and which ones are held back because another says more."""

import json
from collections.abc import Callable
from typing import Any

import docker
import pytest
import yaml
from docker.models.containers import Container

from compose.secret_files import UNSET
from tests.conftest import ROOT
from tests.functional.conftest import StartAlone
from tests.waiting import wait_until

READY_WITHIN_SECONDS = 30
FILE = "/run/alertmanager/alertmanager.yml"
CONFIGURATION = f"--config.file={FILE}"
ADDRESS = "--alertmanager.url=http://127.0.0.1:9093"


# Everything that can be set at once.
EVERYTHING = {
    "ALERTS_EMAIL_TO": "ops@example.org",
    "ALERTS_EMAIL_FROM": "alerts@example.org",
    "ALERTS_SMTP_URL": "smtp+starttls://alerts%40example.org@mail.example.org",
    "ALERTS_SLACK": "yes",
    "ALERTS_SLACK_CHANNEL": "#alerts",
    "ALERTS_WEBHOOK_URL": "https://example.org/it's/alerts",
    "ALERTS_SNS_TOPIC": "arn:aws:sns:eu-central-1:123456789012:alerts",
    "ALERTS_HEARTBEAT_URL": "https://example.org/beat",
    "ALERTS_QUIET_HOURS": "22:00-06:00",
}
SECRETS = {"smtp_password": "correct horse", "slack_webhook": "https://hooks.example.org/T/B/x"}


@pytest.fixture
def alertmanager(start_alone: StartAlone) -> Container:
    return ready(start_alone("alertmanager").get_wrapped_container())


def ready(container: Container) -> Container:
    """The container once it answers."""

    def answers() -> bool:
        container.reload()
        assert container.status == "running", container.logs(tail=20).decode()
        return bool(container.exec_run(["http_ok", "9093", "/-/ready"])[0] == 0)

    wait_until(answers, READY_WITHIN_SECONDS, "Alertmanager")
    return container


def amtool(alertmanager: Container, *arguments: str) -> str:
    """Run amtool; what it printed, which is why the test failed if it did."""
    status, output = alertmanager.exec_run(["amtool", *arguments])
    text = str(output.decode())
    assert status == 0, text
    return text


def test_the_configuration_is_valid(alertmanager: Container) -> None:
    amtool(alertmanager, "check-config", FILE)


def configuration(container: Container) -> dict[str, Any]:
    """What the entry point put together."""
    status, output = container.exec_run(["cat", FILE])
    assert status == 0
    return dict(yaml.safe_load(output))


def receivers(container: Container) -> dict[str, dict[str, Any]]:
    return {receiver.pop("name"): receiver for receiver in configuration(container)["receivers"]}


def test_without_settings_nobody_is_told_and_the_log_says_so(alertmanager: Container) -> None:
    assert receivers(alertmanager) == {"nobody": {}, "heartbeat": {}, "ticket": {}, "page": {}}
    assert "no receiver is set, so nobody is told" in alertmanager.logs().decode()


def test_every_receiver_that_is_set_is_told_of_tickets_and_pages(start_alone: StartAlone) -> None:
    container = ready(
        start_alone("alertmanager", secrets=SECRETS, environment=EVERYTHING).get_wrapped_container()
    )
    amtool(container, "check-config", FILE)
    found = receivers(container)
    kinds = {"email_configs", "slack_configs", "webhook_configs", "sns_configs"}
    assert found["page"].keys() == found["ticket"].keys() == kinds
    assert found["heartbeat"].keys() == {"webhook_configs"}
    (email,) = found["page"]["email_configs"]
    assert (email["smarthost"], email["auth_username"]) == ("mail.example.org:587", "alerts@example.org")
    assert email["auth_password_file"] == "/run/secrets/smtp_password"
    assert found["page"]["slack_configs"][0]["api_url_file"] == "/run/secrets/slack_webhook"
    assert found["page"]["webhook_configs"][0]["url"] == EVERYTHING["ALERTS_WEBHOOK_URL"]
    assert found["page"]["sns_configs"][0]["sigv4"] == {"region": "eu-central-1"}


def test_no_secret_is_in_what_is_put_together(start_alone: StartAlone) -> None:
    container = ready(
        start_alone("alertmanager", secrets=SECRETS, environment=EVERYTHING).get_wrapped_container()
    )
    text = container.exec_run(["cat", FILE])[1].decode()
    assert not [value for value in SECRETS.values() if value in text]


@pytest.mark.parametrize(
    ("hours", "pieces"),
    [
        ("22:00-06:00", [("22:00", "24:00"), ("00:00", "06:00")]),
        ("01:30-05:00", [("01:30", "05:00")]),
        ("20:00-00:00", [("20:00", "24:00")]),
    ],
)
def test_in_the_quiet_hours_warnings_wait_and_pages_do_not(
    hours: str, pieces: list[tuple[str, str]], start_alone: StartAlone
) -> None:
    container = ready(
        start_alone("alertmanager", environment={"ALERTS_QUIET_HOURS": hours}).get_wrapped_container()
    )
    found = configuration(container)
    (named,) = found["time_intervals"]
    times = [(t["start_time"], t["end_time"]) for i in named["time_intervals"] for t in i.get("times", [])]
    assert times == pieces
    muted = [r["receiver"] for r in found["route"]["routes"] if "mute_time_intervals" in r]
    assert muted == ["ticket"]


def test_a_message_says_where_its_runbook_and_its_dashboard_are(alertmanager: Container) -> None:
    told = {"runbook_url": "docs/runbooks/host.md#backuptooold", "dashboard": "/d/stack_overview"}
    alert = {"status": "firing", "startsAt": "2026-01-31T12:00:00Z", "annotations": told}
    data = "/run/alertmanager/data.json"
    written = ["bash", "-c", 'printf %s "$1" >"$2"', "bash", json.dumps({"alerts": [alert]}), data]
    assert alertmanager.exec_run(written)[0] == 0
    templates = "--template.glob=/etc/prometheus/templates/*.tmpl"
    text = '--template.text={{ template "stack.text" . }}'
    said = amtool(alertmanager, "template", "render", templates, text, f"--template.data={data}")
    assert "What to do: docs/runbooks/host.md#backuptooold in the repository\n" in said
    assert "To be seen in Grafana, at /d/stack_overview of its address\n" in said


def test_the_heartbeat_is_heard_every_minute(
    start_alone: StartAlone, engine: docker.DockerClient, image: Callable[[str], str]
) -> None:
    settings = {"ALERTS_HEARTBEAT_URL": "http://127.0.0.1:8000/heartbeat"}
    container = ready(start_alone("alertmanager", environment=settings).get_wrapped_container())
    ears = engine.containers.run(
        image("container_metrics"),
        ["-c", (ROOT / "tests/e2e/receiver.py").read_text()],
        entrypoint=["python3"],
        init=True,
        network_mode=f"container:{container.id}",
        detach=True,
    )

    def beats() -> list[float]:
        return [json.loads(line)["at"] for line in ears.logs(stderr=False).decode().splitlines()]

    try:
        listening = "import socket; socket.create_connection(('127.0.0.1', 8000)).close()"
        wait_until(lambda: ears.exec_run(["python3", "-c", listening])[0] == 0, 10, "somebody listens")
        amtool(container, "alert", "add", ADDRESS, "alertname=Watchdog", "severity=none")
        wait_until(lambda: len(beats()) == 2, 100, "two heartbeats")
        first, second = beats()
        assert second - first < 90
    finally:
        ears.remove(force=True, v=True)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"ALERTS_EMAIL_TO": "ops@example.org"}, "ALERTS_SMTP_URL is not an address like"),
        (
            {"ALERTS_EMAIL_TO": "ops@example.org", "ALERTS_SMTP_URL": "smtps://mail.example.org"},
            "ALERTS_EMAIL_TO needs ALERTS_EMAIL_FROM",
        ),
        (
            {
                "ALERTS_EMAIL_TO": "ops@example.org",
                "ALERTS_EMAIL_FROM": "alerts@example.org",
                "ALERTS_SMTP_URL": "smtps://mail.example.org:2465",
            },
            "ALERTS_SMTP_URL has smtps at port 2465: Alertmanager speaks it at 465 alone",
        ),
        ({"ALERTS_SLACK": "yes"}, "ALERTS_SLACK is set, and nobody has given the secret slack_webhook"),
        ({"ALERTS_SNS_TOPIC": "alerts"}, "ALERTS_SNS_TOPIC is no ARN of a topic"),
        ({"ALERTS_QUIET_HOURS": "22-6"}, "ALERTS_QUIET_HOURS is not like 22:00-06:00"),
        ({"ALERTS_QUIET_HOURS": "22:00-22:00"}, "ALERTS_QUIET_HOURS ends when it begins"),
    ],
)
def test_a_mistake_is_one_sentence_that_names_the_setting(
    settings: dict[str, str], said: str, start_alone: StartAlone
) -> None:
    unset = dict.fromkeys(SECRETS, UNSET)
    container = start_alone("alertmanager", secrets=unset, environment=settings).get_wrapped_container()
    assert container.wait(timeout=30)["StatusCode"] == 1
    assert said in container.logs().decode()


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        (("alertname=Watchdog", "severity=none"), "heartbeat"),
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
        ({"alertname": "MariaDBDown"}, {"alertname": "MicroblogErrorBudgetFastBurn"}),
        (
            {"alertname": "HostVanished", "host": "app", "instance": "app"},
            {"alertname": "TargetDown", "host": "app", "instance": "nginx_exporter"},
        ),
        ({"alertname": "NginxDown"}, {"alertname": "ProbeFailed"}),
    ],
)
def test_a_cause_silences_its_consequence(
    cause: dict[str, str], consequence: dict[str, str], alertmanager: Container
) -> None:
    add(alertmanager, cause, consequence)
    expected = ["active", "suppressed"]
    wait_until(lambda: states(alertmanager, cause, consequence) == expected, 5, "the consequence silenced")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            {"alertname": "MicroblogDown", "job": "microblog", "instance": "microblog"},
            {"alertname": "TargetDown", "job": "grafana", "instance": "grafana"},
        ),
        (
            {"alertname": "HostVanished", "host": "app", "instance": "app"},
            {"alertname": "TargetDown", "host": "jenkins", "instance": "jenkins"},
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
    add(alertmanager, one, other)
    assert states(alertmanager, one, other) == ["active", "active"]


def add(alertmanager: Container, *alerts: dict[str, str]) -> None:
    """Raise the alerts."""
    for labels in alerts:
        words = [f"{name}={value}" for name, value in labels.items()]
        amtool(alertmanager, "alert", "add", ADDRESS, *words)


def states(alertmanager: Container, *alerts: dict[str, str]) -> list[str]:
    """The state of each."""
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
