"""What an outcome is, what is accepted for how long, and how Dependency-Check's report is read."""

import xml.etree.ElementTree as ElementTree
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from scans import accepted, dependency_check
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


def test_every_scan_must_have_been_made_and_have_seen_all(tmp_path: Path) -> None:
    for name in SCANS:
        keep(Outcome(name, scanned=("all",)), tmp_path)
    assert gaps(tmp_path) == []
    keep(Outcome("lock_files", scanned=("one",), unscanned=("another",)), tmp_path)
    (tmp_path / "source_code.json").unlink()
    assert gaps(tmp_path) == ["lock_files: another", "source_code: not made"]


def test_reports_are_no_part_of_the_repository() -> None:
    assert REPORTS.relative_to(ROOT).parts[0] + "/" in (ROOT / ".gitignore").read_text().splitlines()


def test_what_is_accepted_has_a_reason_and_its_time_is_not_over() -> None:
    for entry in accepted.read(accepted.FILE):
        assert len(entry.reason) > 10
        assert entry.until >= datetime.now(UTC).date(), f"{entry.id} is accepted no longer: look at it again"


def test_an_acceptance_is_for_one_package_and_until_its_last_day(tmp_path: Path) -> None:
    file = tmp_path / "accepted.toml"
    file.write_text(
        '[[accepted]]\nid = "CVE-1"\npackage = "flask"\nreason = "of no use"\nuntil = 2026-11-28\n'
    )
    [entry] = accepted.accepted(file, date(2026, 11, 28))
    assert accepted.is_accepted("flask", ["GHSA-1", "CVE-1"], [entry])
    assert not accepted.is_accepted("click", ["CVE-1"], [entry])
    assert accepted.accepted(file, date(2026, 11, 29)) == ()


def test_what_is_suppressed_names_a_package_says_why_and_has_a_last_day() -> None:
    assert SUPPRESSION.tag == f"{{{XML['s']}}}suppressions"
    for entry in SUPPRESSION:
        assert datetime.fromisoformat(entry.attrib["until"].rstrip("Z")).date() >= datetime.now(UTC).date()
        assert len(entry.findtext("s:notes", "", XML)) > 10
        assert entry.find("s:packageUrl", XML) is not None
        assert entry.find("s:cve", XML) is not None


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


def test_the_data_is_kept_per_major_version() -> None:
    assert dependency_check.IMAGE.split(":")[1].split(".")[0] == dependency_check.DATA_VOLUME.removeprefix(
        "odc-data-v"
    )
