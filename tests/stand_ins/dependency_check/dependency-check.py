#!/usr/bin/python3
"""The command line of Dependency-Check for the tests: its flags, statuses and report, no intelligence."""

import argparse
import json
import os
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path

DATA = Path("/usr/share/dependency-check/data/odc.mv.db")
UPDATE_FAILED, NO_DATA, ABOVE_THRESHOLD = 8, 11, 15
SCORE = 9.8
CRITICAL = {
    "name": "CVE-2026-0002",
    "severity": "CRITICAL",
    "cvssv2": {"score": 6.8},
    "cvssv3": {"baseScore": SCORE},
}
MILD = {"name": "CVE-2026-0003", "severity": "LOW", "cvssv3": {"baseScore": 3.1}}


def main() -> int:
    said = arguments()
    bounded()
    return update(said.propertyfile) if said.updateonly else scan(said)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    for flag in ("--updateonly", "--noupdate", "--enableExperimental", "--disableOssIndex"):
        parser.add_argument(flag, action="store_true")
    for option in ("--scan", "--out", "--project", "--suppression", "--propertyfile"):
        parser.add_argument(option, type=Path)
    parser.add_argument("--format", action="append", choices=["JSON", "HTML", "XML", "SARIF", "JUNIT"])
    parser.add_argument("--failOnCVSS", type=float, default=11)
    said = parser.parse_args()
    assert said.disableOssIndex, "OSS Index wants an account"
    assert said.updateonly != said.noupdate, "a scan that updates keeps a pipeline waiting"
    return said


def bounded() -> None:
    """Java takes a quarter of the machine unless it is told otherwise."""
    assert "-Xmx" in os.environ["JAVA_OPTS"]
    assert os.getuid() == 1000


def update(properties: Path) -> int:
    key = dict(line.split("=", 1) for line in properties.read_text().splitlines())["nvd.api.key"]
    if key == "refused-key":
        print(f"[ERROR] NVD Returned Status Code: 403, key {key}", file=sys.stderr)
        return UPDATE_FAILED
    DATA.write_text(datetime.now(UTC).isoformat())
    return 0


def scan(said: argparse.Namespace) -> int:
    if connected():
        return 1
    if not DATA.exists():
        print("[ERROR] Unable to continue dependency-check analysis: no data", file=sys.stderr)
        return NO_DATA
    assert said.suppression.is_file(), "the repository is in /src"
    text = (said.scan / "requirements.txt").read_text()
    found = [MILD, CRITICAL] if "vulnerable==" in text else [MILD]
    report = {
        "reportSchema": "1.1",
        "scanInfo": {
            "engineVersion": "0.0.0",
            "dataSource": [{"name": "NVD API Last Checked", "timestamp": DATA.read_text()}],
        },
        "dependencies": [{"fileName": "requirements.txt", "vulnerabilities": found}],
    }
    (said.out / "dependency-check-report.json").write_text(json.dumps(report))
    (said.out / "dependency-check-report.html").write_text("<title>Dependency-Check Report</title>")
    return ABOVE_THRESHOLD if CRITICAL in found and said.failOnCVSS <= SCORE else 0


def connected() -> bool:
    """Whether there is any way out: a scan needs none."""
    return any(name != "lo" for _, name in socket.if_nameindex())


sys.exit(main())
