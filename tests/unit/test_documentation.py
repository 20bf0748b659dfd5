"""What the documents tell a person to do exists, and what exists is told."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "ec2").rglob("*.md")]


def targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):.*##", MAKEFILE, re.MULTILINE))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_verb_of_make_in_a_document_exists(document: Path) -> None:
    told = set(re.findall(r"(?:`|    |&& )make ([a-z-]+)", document.read_text()))
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


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_path_in_a_document_is_there(document: Path) -> None:
    folders = "compose|images|prometheus|grafana|jenkins|ec2|tests|docs"
    told = re.findall(rf"`((?:{folders})/[\w./]*)`", document.read_text())
    # Secrets are made on first use; a name in capitals stands for many.
    kept = [path for path in told if not re.search("compose/secrets/|[A-Z]{4}", path)]
    assert [path for path in kept if not (ROOT / path).exists()] == []


def test_the_continuous_integration_runs_what_the_readme_tells() -> None:
    assert "exec make test" in (ROOT / ".ci/run").read_text()
    assert "make test" in README


def test_every_test_in_the_table_of_security_exists() -> None:
    told = set(re.findall(r"`(test_\w+)`", (ROOT / "docs/security.md").read_text()))
    files = (ROOT / "tests/unit/microblog").glob("test_*.py")
    there = {
        name for file in files for name in re.findall(r"^def (test_\w+)", file.read_text(), re.MULTILINE)
    }
    assert len(told) > 20
    assert told - there == set()
