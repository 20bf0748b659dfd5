"""Prometheus's own checker on what the image holds: configuration, rules, rule tests, dashboards."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import pytest
import yaml
from docker.models.containers import Container

from tests.conftest import ROOT

RULES = sorted(path.name for path in (ROOT / "prometheus/rules").glob("*.yml"))
RULE_TESTS = sorted(path.name for path in (ROOT / "prometheus/tests").glob("*.yml"))
DASHBOARDS = sorted((ROOT / "grafana/dashboards").glob("*.json"))


@pytest.fixture(scope="module")
def toolbox(
    image: Callable[[str], str], engine: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Container]:
    """The image at rest, with the rule tests beside its rules and the dashboards' expressions as rules."""
    expressions = tmp_path_factory.mktemp("expressions")
    expressions.chmod(0o755)
    for dashboard in DASHBOARDS:
        (expressions / f"{dashboard.stem}.yml").write_text(as_rules(dashboard))
    container = engine.containers.run(
        image("prometheus"),
        entrypoint=["sleep", "infinity"],
        detach=True,
        init=True,
        network_mode="none",
        tmpfs={"/run/prometheus": "uid=10004,gid=10004"},
        volumes={
            str(ROOT / "prometheus/tests"): {"bind": "/etc/prometheus/tests", "mode": "ro"},
            str(expressions): {"bind": "/expressions", "mode": "ro"},
        },
    )
    yield container
    container.remove(force=True, v=True)


def promtool(toolbox: Container, *arguments: str) -> str:
    """Run promtool; what it printed, which is why the test failed if it did."""
    status, output = toolbox.exec_run(["promtool", *arguments])
    text = str(output.decode())
    assert status == 0, text
    return text


@pytest.mark.parametrize("place", ["local", "ec2"])
def test_the_configuration_is_valid(toolbox: Container, place: str) -> None:
    # The entry point with promtool in the place of Prometheus: what is checked is what it has put together.
    entry = (
        "mkdir -p /tmp/bin && cp /usr/bin/promtool /tmp/bin/prometheus && PATH=/tmp/bin:$PATH exec entrypoint"
    )
    status, output = toolbox.exec_run(
        ["bash", "-c", f"{entry} check config /etc/prometheus/prometheus.yml"],
        environment={"DISCOVERY": place, "STACK": "microblog", "REGION": "us-east-1"},
    )
    assert status == 0, output.decode()
    assert f"{len(RULES)} rule files found" in output.decode()


ENTRY = (
    "mkdir -p /tmp/bin && cp /usr/bin/true /tmp/bin/prometheus && PATH=/tmp/bin:$PATH entrypoint "
    "&& cat /run/prometheus/rules/{name}"
)


def in_force(toolbox: Container, name: str, **settings: str) -> str:
    """The rules that the entry point puts in place."""
    status, output = toolbox.exec_run(["bash", "-c", ENTRY.format(name=name)], environment=settings)
    assert status == 0, output.decode()
    return str(output.decode())


@pytest.mark.parametrize("name", RULES)
def test_the_rules_in_force_are_the_ones_that_are_shipped(toolbox: Container, name: str) -> None:
    assert in_force(toolbox, name) == (ROOT / "prometheus/rules" / name).read_text()


def test_in_a_drill_durations_are_shorter_and_nothing_else_differs(toolbox: Container) -> None:
    shipped = (ROOT / "prometheus/rules/host.yml").read_text()
    drilled = in_force(toolbox, "host.yml", PACE="60")
    duration = re.compile(r"(?<=for: )\d+[smhd]$|(?<=\[)\d+[smhd](?=\])", re.MULTILINE)
    assert duration.sub("", drilled) == duration.sub("", shipped)
    pairs = dict(zip(duration.findall(shipped), duration.findall(drilled), strict=True))
    assert pairs["15m"] == "15s"
    assert pairs["1d"] == "1440s"
    assert pairs["10m"] == "10s"


def test_a_pace_that_is_no_number_is_refused(toolbox: Container) -> None:
    status, output = toolbox.exec_run(["entrypoint"], environment={"PACE": "fast"})
    assert status == 1
    assert "PACE=fast is no whole number above 0" in output.decode()


def test_what_is_probed_besides_has_its_certificate_watched_where_it_has_one(toolbox: Container) -> None:
    entry = ENTRY.replace("rules/{name}", "targets/{name}")
    probed = {
        "PROBED": "https://blog.example.org/login http://other.example.org https://alone.example.org:8443"
    }
    found = {}
    for name in ("probed", "certificates"):
        status, output = toolbox.exec_run(
            ["bash", "-c", entry.format(name=f"{name}.json")], environment=probed
        )
        assert status == 0, output.decode()
        (group,) = json.loads(output)
        assert group["labels"] == {"role": "app", "host": "local"}
        found[name] = group["targets"]
    assert found == {
        "probed": probed["PROBED"].split(),
        "certificates": ["blog.example.org:443", "alone.example.org:8443"],
    }


@pytest.mark.parametrize("name", RULES)
def test_the_rules_are_valid_and_none_is_double(toolbox: Container, name: str) -> None:
    promtool(toolbox, "check", "rules", "--lint=all", "--lint-fatal", f"/etc/prometheus/rules/{name}")


@pytest.mark.parametrize("name", RULE_TESTS)
def test_the_alerts_fire_when_they_should_and_only_then(toolbox: Container, name: str) -> None:
    promtool(toolbox, "test", "rules", f"/etc/prometheus/tests/{name}")


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda path: path.stem)
def test_every_expression_of_a_dashboard_is_valid(toolbox: Container, dashboard: Path) -> None:
    promtool(toolbox, "check", "rules", "--lint=none", f"/expressions/{dashboard.stem}.yml")


def as_rules(dashboard: Path) -> str:
    """The dashboard's expressions as recording rules, its variables filled in: the form promtool checks."""
    panels: list[dict[str, Any]] = json.loads(dashboard.read_text())["panels"]
    expressions = [target["expr"] for panel in panels for target in panel.get("targets", [])]
    filled = [re.sub(r"\$instance", "x", re.sub(r"\$__\w+", "5m", text)) for text in expressions]
    rules = [{"record": f"expression:{number}", "expr": text} for number, text in enumerate(filled)]
    return yaml.safe_dump({"groups": [{"name": dashboard.stem, "rules": rules}]})
