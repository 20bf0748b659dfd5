"""Mistakes in Python that let others in: bandit. `make check` sees to Dockerfiles and shell scripts."""

import json
import subprocess
from pathlib import Path

from scans.outcome import ROOT, NotScanned, Outcome

SCAN = "source_code"
BANDIT = ROOT / ".venv/scan/bin/bandit"
FOLDERS = ("compose", "ec2", "scans", "images")
TIMEOUT_SECONDS = 300


def scan(root: Path = ROOT) -> Outcome:
    """Read all Python that runs anywhere but in tests; what is of low severity is ruff's affair."""
    words = [
        str(BANDIT), "--quiet", "--recursive", "--configfile", "pyproject.toml", "--format", "json",
        "--severity-level", "medium", *FOLDERS,
    ]  # fmt: skip
    try:
        done = subprocess.run(
            words, cwd=root, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False
        )
    except FileNotFoundError as error:
        raise NotScanned("bandit is not installed: make .venv/scan/made") from error
    except subprocess.TimeoutExpired as error:
        raise NotScanned(f"bandit did not end within {TIMEOUT_SECONDS} s") from error
    try:
        report = json.loads(done.stdout)
    except json.JSONDecodeError as error:
        raise NotScanned(f"bandit failed: {done.stderr.strip()[-200:]}") from error
    return Outcome(
        SCAN,
        scanned=(f"{lines} lines",) if (lines := report["metrics"]["_totals"]["loc"]) else (),
        findings=tuple(
            f"{one['filename']}:{one['line_number']}: {one['test_id']} {one['issue_text']}"
            for one in report["results"]
        ),
        unscanned=tuple(f"{one['filename']}: {one['reason']}" for one in report["errors"]),
    )
