"""What the documents tell a person to do exists, and what exists is told."""

import re
import subprocess
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from ec2.settings import PipelineSettings, mail_variables

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()
LISTED = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
DOCUMENTS = subprocess.run(LISTED, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
# Of OWASP's ASVS 5.0.0, by section.
LEVEL_1 = {
    "1.2": 5, "1.3": 2, "1.5": 1, "2.1": 1, "2.2": 2, "2.3": 1, "3.2": 2, "3.3": 1, "3.4": 2, "3.5": 3,
    "4.1": 1, "4.4": 1, "5.2": 2, "5.3": 2, "6.1": 1, "6.2": 8, "6.3": 2, "6.4": 2, "7.2": 4, "7.4": 2,
    "8.1": 1, "8.2": 2, "8.3": 1, "9.1": 3, "9.2": 1, "10.4": 5, "11.3": 2, "11.4": 1, "12.1": 1, "12.2": 2,
    "13.4": 1, "14.2": 1, "14.3": 1, "15.1": 1, "15.2": 1, "15.3": 1,
}  # fmt: skip


def targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):.*##", MAKEFILE, re.MULTILINE))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_verb_of_make_in_a_document_exists(document: str) -> None:
    told = set(re.findall(r"(?:`|    |&& )make ([a-z-]+)", (ROOT / document).read_text()))
    assert told <= targets()


def test_the_readme_tells_every_verb_for_users() -> None:
    for_contributors = {"help", "format", "dashboards", "lock"}
    assert targets() - for_contributors <= set(re.findall(r"make ([a-z-]+)", README))


def test_the_readme_tells_every_port_that_can_be_chosen() -> None:
    local = yaml.safe_load((ROOT / "compose/compose.local.yaml").read_text())["services"]
    for service in local.values():
        for port in service.get("ports", []):
            variable, default = re.findall(r"\$\{(\w+):-(\d+)\}", port)[0]
            assert f"`{variable}`" in README
            assert f"http://127.0.0.1:{default}" in README


def test_the_readme_tells_every_limit_of_memory_that_can_be_chosen() -> None:
    limits = re.findall(r"\$\{(\w+_MEMORY|BUFFER_POOL_SIZE):-", (ROOT / "compose/compose.yaml").read_text())
    assert len(limits) > 3
    assert [limit for limit in limits if f"`{limit}`" not in README] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_path_in_a_document_is_there(document: str) -> None:
    folders = "compose|images|prometheus|grafana|jenkins|ec2|scans|tests|docs"
    told = re.findall(rf"`((?:{folders})/[\w./]*)`", (ROOT / document).read_text())
    # Secrets are made on first use; a name in capitals stands for many.
    kept = [path for path in told if not re.search("compose/secrets/|[A-Z]{4}", path)]
    assert [path for path in kept if not (ROOT / path).exists()] == []


def test_the_continuous_integration_runs_what_the_readme_tells() -> None:
    assert "exec make test" in (ROOT / ".ci/run").read_text()
    assert "make test" in README


def test_the_settings_of_jenkins_are_told_with_the_key_that_sets_each_on_ec2() -> None:
    keys = {field.name: f"`{field.name}`" for field in fields(PipelineSettings)}
    mail = dict.fromkeys(mail_variables("smtps://mail.example.org"), keys["smtp_url"])
    told = re.findall(
        r"^\| `([A-Z_]+)`[^|]* \| ([^|]+) \|", (ROOT / "jenkins/README.md").read_text(), re.MULTILINE
    )
    set_there = PipelineSettings(**{**keys, "smtp_url": ""}).variables() | mail
    assert {name: key for name, key in told if not key.startswith("always ")} == set_there
    assert [name for name, key in told if key.startswith("always ")] == [
        "JENKINS_PUBLIC_URL",
        "JENKINS_MEMORY",
    ]


def test_every_test_in_the_table_of_security_exists() -> None:
    told = set(re.findall(r"`(test_\w+)`", (ROOT / "docs/security.md").read_text()))
    files = (ROOT / "tests").rglob("test_*.py")
    there = {
        name for file in files for name in re.findall(r"^def (test_\w+)", file.read_text(), re.MULTILINE)
    }
    assert len(told) > 20
    assert told - there == set()


def test_the_table_of_security_has_every_requirement_of_level_1() -> None:
    told = re.findall(r"(?:^\| |, )(\d+\.\d+\.\d+) ", (ROOT / "docs/security.md").read_text(), re.MULTILINE)
    wanted = [f"{section}.{n}" for section, number in LEVEL_1.items() for n in range(1, number + 1)]
    assert sorted(told) == sorted(wanted)
