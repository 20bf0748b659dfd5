"""The gates, through the tools that make them: clean, found, or not scanned, which is never the first."""

import json
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import docker
import pytest

from compose.one_image import build_image
from compose.secret_files import ssh_key_pair
from scans import (
    debian_updates,
    dependency_check,
    lock_files,
    official_images,
    repository_secrets,
    source_code,
)
from scans.accepted import AcceptedUpdate, this_day
from scans.engine import BuiltImage
from scans.outcome import CLEAN, FOUND, NOT_SCANNED, NotScanned
from scans.sbom import write_boms
from tests.conftest import ROOT
from tests.osv import advisory, osv
from tests.update_center import update_center, warning

# Nobody listens there.
NOWHERE = "http://127.0.0.1:9/v1/query"
HASH = "0" * 64


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with a lock file, and the lists that the scans read."""
    folder = tmp_path / "checkout"
    (folder / "scans").mkdir(parents=True)
    (folder / "scans/accepted.toml").touch()
    (folder / "scans/suppression.xml").write_text((ROOT / "scans/suppression.xml").read_text())
    (folder / "pyproject.toml").touch()
    (folder / "requirements.txt").write_text(
        f"flask==3.1.0 \\\n    --hash=sha256:{HASH}\nclick==8.1.8 \\\n    --hash=sha256:{HASH}\n"
    )
    subprocess.run(["git", "init", "--quiet", folder], check=True)
    commit(folder)
    return folder


def commit(folder: Path) -> None:
    identity = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.org"]
    subprocess.run(["git", "-C", folder, "add", "--all"], check=True)
    subprocess.run(["git", "-C", folder, *identity, "commit", "--quiet", "--message", "A change"], check=True)


# Lock files: pip-audit itself, asking a source on loopback.


def test_a_lock_file_without_known_vulnerabilities_is_clean(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with osv({}) as source:
        monkeypatch.setenv("OSV_URL", source)
        outcome = lock_files.scan(checkout)
    assert (outcome.state, outcome.scanned) == (CLEAN, ("requirements.txt: 2 packages",))


def test_a_known_vulnerable_version_is_found(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with osv({"flask": advisory("flask", mended="3.1.1")}) as source:
        monkeypatch.setenv("OSV_URL", source)
        outcome = lock_files.scan(checkout)
    assert outcome.state == FOUND
    assert outcome.findings == (
        "requirements.txt: flask 3.1.0: CVE-2026-0001 GHSA-0000-0000-0000, mended by 3.1.1",
    )


@pytest.mark.parametrize(("days", "state"), [(30, CLEAN), (-1, FOUND)])
def test_what_somebody_accepted_stops_nothing_until_its_day(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, days: int, state: str
) -> None:
    until = this_day() + timedelta(days=days)
    (checkout / "scans/accepted.toml").write_text(
        f'[[accepted]]\nid = "CVE-2026-0001"\npackage = "flask"\nreason = "not used so"\nuntil = {until}\n'
    )
    with osv({"flask": advisory("flask", mended="3.1.1")}) as source:
        monkeypatch.setenv("OSV_URL", source)
        assert lock_files.scan(checkout).state == state


def test_without_a_source_of_advisories_nothing_is_known(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OSV_URL", NOWHERE)
    outcome = lock_files.scan(checkout)
    assert outcome.state == NOT_SCANNED
    assert "no advisory source" in outcome.unscanned[0]
    assert "Connection refused" in outcome.unscanned[0]


def test_every_lock_file_of_this_repository_is_asked_about() -> None:
    assert lock_files.lock_files(ROOT) == [
        "images/microblog/requirements.txt", "requirements-checkov.txt", "requirements-rehearsal.txt",
        "requirements-scan.txt", "requirements-test.txt", "requirements.txt",
    ]  # fmt: skip


# Secrets: gitleaks itself, in its image.


def test_a_repository_without_secrets_is_clean(checkout: Path) -> None:
    outcome = repository_secrets.scan(checkout)
    assert (outcome.state, outcome.scanned) == (CLEAN, ("1 commits",))


def test_a_key_is_found_though_it_was_taken_back(checkout: Path) -> None:
    private, _ = ssh_key_pair()
    (checkout / "id_ed25519").write_text(private)
    commit(checkout)
    (checkout / "id_ed25519").unlink()
    commit(checkout)
    outcome = repository_secrets.scan(checkout)
    assert outcome.state == FOUND
    [finding] = outcome.findings
    assert finding.startswith("id_ed25519:1 in commit ")
    assert finding.endswith("private-key")
    assert private.splitlines()[2] not in json.dumps(outcome.__dict__)


def test_half_a_history_is_not_scanned(checkout: Path, tmp_path: Path) -> None:
    subprocess.run(
        ["git", "clone", "--quiet", "--depth=1", f"file://{checkout}", tmp_path / "half"], check=True
    )
    (checkout / "more").touch()
    commit(checkout)
    subprocess.run(["git", "-C", tmp_path / "half", "fetch", "--quiet", "--depth=1"], check=True)
    with pytest.raises(NotScanned, match="fetch --unshallow"):
        repository_secrets.scan(tmp_path / "half")


# Mistakes: bandit itself.


def test_code_that_lets_others_in_is_found(checkout: Path) -> None:
    for folder in source_code.FOLDERS:
        (checkout / folder).mkdir(exist_ok=True)
    (checkout / "ec2/loose.py").write_text('import yaml\n\nprint(yaml.load("a: 1", yaml.Loader))\n')
    outcome = source_code.scan(checkout)
    assert outcome.state == FOUND
    assert outcome.findings[0].startswith("ec2/loose.py:3: B506 ")


def test_this_repositorys_own_code_stops_no_pipeline() -> None:
    assert source_code.scan().findings == ()


# Jenkins and its plugins: asking an update center on loopback.


@pytest.fixture
def pins(checkout: Path) -> Path:
    """A repository with a Jenkins and two plugins."""
    folder = checkout / "images/jenkins"
    folder.mkdir(parents=True)
    (folder / "Dockerfile").write_text("ARG JENKINS_IMAGE=jenkins/jenkins:2.580.3-lts-jdk21\n")
    (folder / "plugins.txt").write_text("# asked for\ngit:5.10.1\n\n# what those need\nscm-api:728.vc\n")
    return checkout


@pytest.mark.parametrize(
    ("name", "pattern", "found"),
    [
        ("core", r"2[.](\d|[1-9]\d|[1-4]\d\d|5[0-7]\d|580[.][12])(|[.-].*)", ()),
        ("core", r"2[.]580(|[.-].*)", ("core 2.580.3",)),
        ("git", r"5[.]10[.]1", ("git 5.10.1",)),
        ("git", r"5[.]10", ()),
        ("scm-api", r"([0-6]?\d?\d|7[0-2]\d)(|[.].*)", ("scm-api 728.vc",)),
        ("absent", ".*", ()),
    ],
)
def test_what_the_update_center_warns_of_is_found_where_it_is_pinned(
    pins: Path, monkeypatch: pytest.MonkeyPatch, name: str, pattern: str, found: tuple[str, ...]
) -> None:
    told = f"SECURITY-{name} Lets others in, https://www.jenkins.io/security/advisory/2026-01-01/"
    with update_center(warning("another", ".*"), warning(name, pattern)) as source:
        monkeypatch.setenv("UPDATE_CENTER_URL", source)
        outcome = official_images.scan(pins)
    assert outcome.scanned == ("Jenkins 2.580.3 and 2 plugins",)
    assert outcome.findings == tuple(f"jenkins: {pin}: {told}" for pin in found)
    assert outcome.unscanned == ("grafana: no source is asked about its version",)


@pytest.mark.parametrize(("days", "count"), [(30, 0), (-1, 1)])
def test_a_warning_that_somebody_accepted_stops_nothing_until_its_day(
    pins: Path, monkeypatch: pytest.MonkeyPatch, days: int, count: int
) -> None:
    until = this_day() + timedelta(days=days)
    (pins / "scans/accepted.toml").write_text(
        f'[[accepted]]\nid = "SECURITY-git"\npackage = "git"\nreason = "not used so"\nuntil = {until}\n'
    )
    with update_center(warning("git", ".*")) as source:
        monkeypatch.setenv("UPDATE_CENTER_URL", source)
        assert len(official_images.scan(pins).findings) == count


def test_without_an_update_center_nothing_is_known_of_jenkins(
    pins: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UPDATE_CENTER_URL", NOWHERE)
    with pytest.raises(NotScanned, match=r"no update center of Jenkins': \[Errno 111\] Connection refused$"):
        official_images.scan(pins)
    with update_center() as source:
        monkeypatch.setenv("UPDATE_CENTER_URL", source)
        with pytest.raises(NotScanned, match="warns of nothing at all"):
            official_images.scan(pins)


def test_every_pin_of_this_repository_is_asked_about() -> None:
    pinned = official_images.pinned(ROOT / "images/jenkins")
    lines = (ROOT / "images/jenkins/plugins.txt").read_text().splitlines()
    assert len(pinned) == 1 + sum(bool(line) and not line.startswith("#") for line in lines)


# Debian's updates: apt itself, asking a repository that is a folder of the image that is asked.

UPDATE = """\
FROM debian:trixie-slim
COPY packages /packages
RUN rm --recursive /etc/apt/sources.list /etc/apt/sources.list.d \\
    && echo 'deb [trusted=yes] file:/packages {where}' >/etc/apt/sources.list
"""
RELEASE = "Origin: Debian\nLabel: {label}\nSuite: stable-security\nCodename: trixie-security\n"
PACKAGE = """\
Package: bash
Version: {version}
Architecture: amd64
Essential: yes
Maintainer: Somebody <somebody@example.org>
Filename: ./bash.deb
Size: 1
SHA256: {hash}
Description: newer

"""
# A package that wants another, which is neither there nor to be had.
UNUSABLE = """\
Package: bash
Version: 1
Architecture: amd64
Status: install ok installed
Depends: absent
Maintainer: Somebody <somebody@example.org>
Description: unusable

"""


@pytest.fixture
def reference(engine: docker.DockerClient, tmp_path: Path) -> Iterator[Callable[..., str]]:
    """An image whose only package source has one package in the given version, under the given label."""
    made: list[str] = []

    def build(version: str, label: str = "Debian-Security", where: str = "./") -> str:
        packages = tmp_path / "context/packages"
        packages.mkdir(parents=True)
        (packages / "Packages").write_text(PACKAGE.format(version=version, hash=HASH))
        (packages / "Release").write_text(RELEASE.format(label=label))
        (tmp_path / "context/Dockerfile").write_text(UPDATE.format(where=where))
        made.append(f"scan-reference:{uuid4().hex[:12]}")
        build_image(made[-1], tmp_path / "context")
        return made[-1]

    yield build
    for name in made:
        engine.images.remove(name, force=True)


def base(engine: docker.DockerClient) -> BuiltImage:
    return BuiltImage("base", "debian:trixie-slim", str(engine.images.get("debian:trixie-slim").id))


def test_an_image_with_a_pending_security_update_is_found(
    engine: docker.DockerClient, reference: Callable[..., str]
) -> None:
    outcome = debian_updates.scan([base(engine)], reference("99.0-1"))
    assert outcome.state == FOUND
    [finding] = outcome.findings
    assert finding.startswith("base: bash 5.")
    assert finding.endswith(" -> 99.0-1")


@pytest.mark.parametrize(
    ("image", "package", "state"),
    [("base", "bash", CLEAN), ("nginx", "bash", FOUND), ("base", "dash", FOUND)],
)
def test_a_pending_update_is_accepted_for_one_package_of_one_image(
    engine: docker.DockerClient, reference: Callable[..., str], image: str, package: str, state: str
) -> None:
    entry = AcceptedUpdate(image, package, "others publish it", date(2026, 11, 29))
    assert debian_updates.scan([base(engine)], reference("99.0-1"), [entry]).state == state


@pytest.mark.parametrize(("version", "label"), [("0.1-1", "Debian-Security"), ("99.0-1", "Debian")])
def test_an_image_that_lacks_no_security_update_is_clean(
    engine: docker.DockerClient, reference: Callable[..., str], version: str, label: str
) -> None:
    outcome = debian_updates.scan([base(engine)], reference(version, label))
    assert (outcome.state, outcome.scanned) == (CLEAN, ("base",))


def test_without_a_package_source_no_image_is_called_clean(
    engine: docker.DockerClient, reference: Callable[..., str]
) -> None:
    with pytest.raises(NotScanned, match="no package source"):
        debian_updates.scan([base(engine)], reference("99.0-1", where="absent main"))


def test_an_image_whose_list_apt_cannot_work_with_is_not_called_clean(
    engine: docker.DockerClient, reference: Callable[..., str], tmp_path: Path
) -> None:
    (tmp_path / "status").write_text(UNUSABLE)
    (tmp_path / "Dockerfile").write_text("FROM debian:trixie-slim\nCOPY status /var/lib/dpkg/status\n")
    tag = f"scan-broken:{uuid4().hex[:12]}"
    build_image(tag, tmp_path)
    try:
        broken = BuiltImage("broken", tag, str(engine.images.get(tag).id))
        with pytest.raises(NotScanned, match=r"apt failed: .*Unmet dependencies"):
            debian_updates.scan([base(engine), broken], reference("0.1-1"))
    finally:
        engine.images.remove(tag, force=True)


def test_an_image_that_is_not_here_or_not_debians_is_not_scanned(
    engine: docker.DockerClient, reference: Callable[..., str], tmp_path: Path
) -> None:
    empty = BytesIO()
    with tarfile.open(fileobj=empty, mode="w"):
        pass
    foreign = engine.api.import_image_from_data(empty.getvalue(), repository="scan-foreign", tag="test")
    identity = str(json.loads(foreign.splitlines()[-1])["status"])
    try:
        images = [
            BuiltImage("foreign", "scan-foreign:test", identity),
            BuiltImage("jenkins", "jenkins:absent", ""),
        ]
        outcome = debian_updates.scan(images)
    finally:
        engine.images.remove("scan-foreign:test", force=True)
    assert outcome.state == NOT_SCANNED
    assert outcome.unscanned == (
        "foreign: no packages of Debian's in it",
        "jenkins: jenkins:absent is not on this machine",
    )


# Dependency-Check: how it is run and how its report is read, on a stand-in that keeps its image's contract.


@pytest.fixture(scope="module")
def stand_in(engine: docker.DockerClient) -> Iterator[str]:
    tag = f"dependency-check-stand-in:{uuid4().hex[:12]}"
    folder = ROOT / "tests/stand_ins/dependency_check"
    build_image(tag, folder)
    yield tag
    engine.images.remove(tag, force=True)


@pytest.fixture
def data(engine: docker.DockerClient) -> Iterator[str]:
    volume = engine.volumes.create(f"odc-test-{uuid4().hex[:12]}")
    yield str(volume.name)
    volume.remove(force=True)


def test_what_was_fetched_at_night_is_scanned_with_by_day(checkout: Path, stand_in: str, data: str) -> None:
    with pytest.raises(NotScanned, match="its data is damaged or not there: make advisories"):
        dependency_check.scan(checkout, stand_in, data)
    assert dependency_check.fetch("0-0-0", stand_in, data) == f"{data} is up to date"
    outcome = dependency_check.scan(checkout, stand_in, data)
    assert (outcome.state, outcome.scanned) == (CLEAN, ("1 dependencies",))
    assert (checkout / "reports/dependency-check/dependency-check-report.html").is_file()


def test_what_scores_high_is_found(checkout: Path, stand_in: str, data: str) -> None:
    dependency_check.fetch("0-0-0", stand_in, data)
    (checkout / "requirements.txt").write_text(f"vulnerable==1.0 \\\n    --hash=sha256:{HASH}\n")
    commit(checkout)
    outcome = dependency_check.scan(checkout, stand_in, data)
    assert outcome.state == FOUND
    assert outcome.findings == ("requirements.txt: CVE-2026-0002 (9.8, critical)",)


def test_a_key_that_the_nvd_refuses_is_told_and_not_shown(stand_in: str, data: str) -> None:
    with pytest.raises(NotScanned, match="it could not update its data") as told:
        dependency_check.fetch("refused-key", stand_in, data)
    assert "refused-key" not in str(told.value)


def test_without_a_key_nothing_is_asked_and_the_cost_is_told() -> None:
    with pytest.raises(NotScanned, match="half an hour at best"):
        dependency_check.fetch("none", "127.0.0.1:9/no/image:1")


def test_without_the_image_it_is_not_scanned(checkout: Path) -> None:
    with pytest.raises(NotScanned, match="no registry gave it"):
        dependency_check.scan(checkout, "127.0.0.1:9/no/image:1")


# Bills of materials: syft itself.


def test_the_bill_of_an_image_names_its_packages(engine: docker.DockerClient, tmp_path: Path) -> None:
    [file] = write_boms([base(engine), BuiltImage("absent", "absent:1", "")], tmp_path)
    bill = json.loads(Path(file).read_text())
    assert (bill["bomFormat"], bill["metadata"]["component"]["name"]) == ("CycloneDX", "debian")
    names = {component["name"] for component in bill["components"]}
    assert {"bash", "apt", "libc6"} <= names
