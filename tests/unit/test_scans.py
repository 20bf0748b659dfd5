"""What an outcome is, what is accepted for how long, and how Dependency-Check's report is read."""

import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from compose.errors import ComposeFailed
from scans import accepted, dependency_check, repository_secrets
from scans.cli import page, table
from scans.every import SCANS, gaps
from scans.outcome import CLEAN, FOUND, NOT_SCANNED, REPORTS, ROOT, NotScanned, Outcome, attempted, keep, kept

NOW = datetime(2026, 11, 28, tzinfo=UTC)
SUPPRESSION = ElementTree.parse(ROOT / dependency_check.SUPPRESSION).getroot()  # noqa: S314 - our own file
XML = {"s": "https://jeremylong.github.io/DependencyCheck/dependency-suppression.1.3.xsd"}


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (Outcome("a", scanned=("all",)), CLEAN),
        (Outcome("a", scanned=("half",), unscanned=("the rest",)), NOT_SCANNED),
        (Outcome("a"), NOT_SCANNED),
        (Outcome("a", scanned=("half",), findings=("one",), unscanned=("the rest",)), FOUND),
    ],
)
def test_only_what_was_looked_at_whole_is_clean(outcome: Outcome, state: str) -> None:
    assert outcome.state == state


def test_a_scan_that_cannot_be_made_is_an_outcome(tmp_path: Path) -> None:
    def look() -> Outcome:
        raise NotScanned("no source answers")

    keep(attempted("lock_files", look), tmp_path)
    assert kept(tmp_path) == [Outcome("lock_files", unscanned=("no source answers",))]


@pytest.mark.parametrize(
    ("reason", "line"),
    [
        (FileNotFoundError(2, "No such file or directory", "docker"), "No such file or directory: 'docker'"),
        (ComposeFailed("docker compose config failed:\nno such plugin"), "config failed: no such plugin"),
        (subprocess.CalledProcessError(128, ["git", "bundle"]), "returned non-zero exit status 128."),
    ],
)
def test_a_tool_that_is_not_there_stops_one_scan_and_is_a_line(reason: Exception, line: str) -> None:
    def look() -> Outcome:
        raise reason

    [told] = attempted("lock_files", look).unscanned
    assert told.endswith(line)


def test_without_the_docker_command_there_is_a_sentence_and_no_traceback(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "scans", "sbom"], cwd=ROOT, env={"PATH": str(tmp_path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("not scanned: the docker command is not installed\ntry: ")


def test_a_closed_output_is_no_mistake() -> None:
    words = ["sh", "-c", 'exec "$0" -m scans --help >&-', sys.executable]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_repository_without_commits_has_no_history(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    with pytest.raises(NotScanned, match="git gives no history: "):
        repository_secrets.bundled(tmp_path)


def test_every_scan_must_have_been_made_and_have_seen_all(tmp_path: Path) -> None:
    for name in SCANS:
        keep(Outcome(name, scanned=("all",)), tmp_path)
    assert gaps(tmp_path, ()) == []
    keep(Outcome("lock_files", scanned=("one",), unscanned=("another",)), tmp_path)
    (tmp_path / "source_code.json").unlink()
    assert [str(gap) for gap in gaps(tmp_path, ())] == ["lock_files: another", "source_code: not made"]
    assert [str(gap) for gap in gaps(tmp_path, (), ["source_code"])] == ["source_code: not made"]
    assert gaps(tmp_path, (), ["repository_secrets"]) == []


def test_a_gap_is_accepted_for_one_scan_and_thing_and_never_that_a_scan_was_not_made(tmp_path: Path) -> None:
    file = tmp_path / "accepted.toml"
    file.write_text(
        '[[unscanned]]\nscan = "debian_updates"\nabout = "grafana: no packages"\nreason = "Alpine"\n'
        "until = 2026-11-28\n"
        '[[unscanned]]\nscan = "dependency_check"\nreason = "no key"\nuntil = 2026-11-29\n'
    )
    reports, alpine, here = tmp_path / "reports", "grafana: no packages", "jenkins: is not here"
    keep(
        Outcome("debian_updates", ("nginx",), unscanned=(f"{alpine} of Debian's", here)),
        reports,
    )
    keep(Outcome("dependency_check", unscanned=("no image",)), reports)

    def stopping(day: int) -> list[str]:
        entries = accepted.accepted_gaps(file, date(2026, 11, day))
        return [f"{gap.scan}: {gap.what}" for gap in gaps(reports, entries) if not gap.accepted]

    others = [f"{scan}: not made" for scan in ("official_images", "repository_secrets", "source_code")]
    alpine, here = f"debian_updates: {alpine} of Debian's", f"debian_updates: {here}"
    assert stopping(28) == ["lock_files: not made", here, *others]
    assert stopping(29) == ["lock_files: not made", alpine, here, *others]
    assert stopping(30)[-1] == "dependency_check: no image"
    told = [str(gap) for gap in gaps(reports, accepted.accepted_gaps(file, date(2026, 11, 28)))]
    assert "dependency_check: no image (accepted until 2026-11-29: no key)" in told


def test_reports_are_no_part_of_the_repository() -> None:
    assert REPORTS.relative_to(ROOT).parts[0] + "/" in (ROOT / ".gitignore").read_text().splitlines()


def test_what_is_accepted_has_a_reason_and_a_scan_that_there_is() -> None:
    # That the time of one is over stops no commit: the scans tell of it.
    file = accepted.FILE
    for entry in (*accepted.read(file), *accepted.read_updates(file), *accepted.read_gaps(file)):
        assert len(entry.reason) > 10
        assert not isinstance(entry, accepted.AcceptedGap) or entry.scan in SCANS


@pytest.mark.parametrize(
    ("good", "bad", "told"),
    [
        ("2027-01-31", '"2027-01-31"', "[[accepted]], entry 1: until is not a day without quotes and time"),
        ("2027-01-31", "2027-01-31T00:00:00", "[[accepted]], entry 1: until is not a day without quotes"),
        ('"CVE-1"', "1", "[[accepted]], entry 1: id is not a text in quotes"),
        ("package", "packages", "[[accepted]], entry 1: package is missing, nobody knows packages"),
        ("[[accepted]]", "[accepted]", "an entry begins with [[accepted]]"),
        ('image = "jenkins"', "", "[[pending]], entry 1: image is missing"),
        ("[[accepted]]", "[[accepted]", "cannot be read: "),
        ("2027-02-28", '"2027-02-28"', "[[unscanned]], entry 1: until is not a day without quotes and time"),
        ('scan = "source_code"', "about = 1", "[[unscanned]], entry 1: scan is missing, about is not a text"),
    ],
)
def test_an_entry_with_a_mistake_is_named(tmp_path: Path, good: str, bad: str, told: str) -> None:
    text = (
        '[[accepted]]\nid = "CVE-1"\npackage = "flask"\nreason = "of no use"\nuntil = 2027-01-31\n'
        '[[pending]]\nimage = "jenkins"\npackage = "bash"\nreason = "of no use"\nuntil = 2027-01-31\n'
        '[[unscanned]]\nscan = "source_code"\nreason = "no time"\nuntil = 2027-02-28\n'
    )
    file = tmp_path / "accepted.toml"
    file.write_text(text.replace(good, bad))
    today = NOW.date()
    with pytest.raises(NotScanned, match=rf"^accepted\.toml:? {re.escape(told)}"):
        (accepted.accepted(file, today), accepted.accepted_updates(file, today), accepted.accepted_gaps(file))


def test_an_acceptance_is_for_one_package_and_until_its_last_day(tmp_path: Path) -> None:
    file = tmp_path / "accepted.toml"
    file.write_text(
        '[[accepted]]\nid = "CVE-1"\npackage = "flask"\nreason = "of no use"\nuntil = 2026-11-28\n'
    )
    [entry] = accepted.accepted(file, date(2026, 11, 28))
    assert accepted.is_accepted("flask", ["GHSA-1", "CVE-1"], [entry])
    assert not accepted.is_accepted("click", ["CVE-1"], [entry])
    assert accepted.accepted(file, date(2026, 11, 29)) == ()


@pytest.mark.parametrize(
    ("entry", "accepts"),
    [
        ('[[accepted]]\nid = "CVE-1"\npackage = "flask"', accepted.accepted),
        ('[[pending]]\nimage = "jenkins"\npackage = "bash"', accepted.accepted_updates),
    ],
)
def test_nothing_is_accepted_for_longer_than_a_quarter(
    tmp_path: Path, entry: str, accepts: Callable[[Path, date], tuple[object, ...]]
) -> None:
    file = tmp_path / "accepted.toml"
    file.write_text(f'{entry}\nreason = "of no use"\nuntil = 2026-11-28\n')
    assert accepts(file, date(2026, 8, 30))
    assert accepts(file, date(2026, 11, 29)) == ()
    with pytest.raises(NotScanned, match="entry 1: until is after 2026-11-27, in 90 days"):
        accepts(file, date(2026, 8, 29))


def test_what_is_suppressed_names_a_package_says_why_and_has_a_last_day_within_a_quarter() -> None:
    assert SUPPRESSION.tag == f"{{{XML['s']}}}suppressions"
    for entry in SUPPRESSION:
        until = datetime.fromisoformat(entry.attrib["until"].rstrip("Z")).date()
        assert until <= accepted.this_day() + accepted.QUARTER
        assert len(entry.findtext("s:notes", "", XML)) > 10
        assert entry.find("s:packageUrl", XML) is not None
        assert entry.find("s:cve", XML) is not None


def test_the_line_of_a_finding_is_no_emoji(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = Outcome("source_code", scanned=("ec2/stack.py:100: lines",))
    page.print(table([outcome]))
    page.print("found source_code: ec2/stack.py:100: B602")
    assert capsys.readouterr().out.count("ec2/stack.py:100: ") == 2


@pytest.mark.parametrize("folder", ["compose", "ec2", "scans"])
def test_no_terminal_makes_emojis_of_what_it_is_given(folder: str) -> None:
    for file in (ROOT / folder).rglob("*.py"):
        for line in file.read_text().splitlines():
            assert "Console(" not in line or "emoji=False" in line, f"{file}: {line}"


def report(*vulnerabilities: dict[str, object], checked: str = "2026-11-27T02:00:00Z") -> dict[str, object]:
    return {
        "scanInfo": {"dataSource": [{"name": "NVD API Last Checked", "timestamp": checked}]},
        "dependencies": [{"fileName": "requirements.txt", "vulnerabilities": list(vulnerabilities)}],
    }


def test_a_score_of_any_version_counts() -> None:
    mild = {"name": "CVE-1", "severity": "LOW", "cvssv2": {"score": 6.9}, "cvssv3": {"baseScore": 5.0}}
    severe = {"name": "CVE-2", "severity": "HIGH", "cvssv2": {"score": 2.0}, "cvssv4": {"baseScore": 7.0}}
    outcome = dependency_check.judged(report(mild, severe), False, NOW)
    assert outcome.findings == ("requirements.txt: CVE-2 (7, high)",)


def test_a_report_that_tells_of_nothing_has_looked_at_nothing() -> None:
    assert dependency_check.judged(report() | {"dependencies": []}, False, NOW).state == NOT_SCANNED


def test_the_exit_status_stops_what_the_report_does_not_explain() -> None:
    outcome = dependency_check.judged(report(), True, NOW)
    assert outcome.state == FOUND
    assert "dependency-check-report.html" in outcome.findings[0]


@pytest.mark.parametrize(("days", "state"), [(0, CLEAN), (2, CLEAN), (4, NOT_SCANNED), (400, NOT_SCANNED)])
def test_old_data_proves_nothing(days: int, state: str) -> None:
    checked = (NOW - timedelta(days=days)).isoformat()
    assert dependency_check.judged(report(checked=checked), False, NOW).state == state


def test_a_report_that_does_not_say_how_old_its_data_is_proves_nothing() -> None:
    outcome = dependency_check.judged(report(checked="yesterday"), False, NOW)
    assert outcome.state == NOT_SCANNED
    assert "how old" in outcome.unscanned[0]


@pytest.mark.parametrize(("until", "status"), [("2999-01-31", 0), ("2020-01-31", 1)])
def test_without_a_key_nothing_is_fetched_which_is_no_failure_where_it_is_accepted(
    tmp_path: Path, until: str, status: int
) -> None:
    for package in ("compose", "scans"):
        shutil.copytree(ROOT / package, tmp_path / package)
    (tmp_path / "scans/accepted.toml").write_text(
        f'[[unscanned]]\nscan = "dependency_check"\nreason = "no key"\nuntil = {until}\n'
    )
    done = subprocess.run(
        [sys.executable, "-m", "scans", "advisories"], cwd=tmp_path, env={"NVD_API_KEY": "none"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == status
    assert "there is no NVD API key" in done.stdout + done.stderr
    assert (f"accepted until {until}: no key" in done.stdout) is (status == 0)


def test_the_data_is_kept_per_major_version() -> None:
    assert dependency_check.IMAGE.split(":")[1].split(".")[0] == dependency_check.DATA_VOLUME.removeprefix(
        "odc-data-v"
    )
