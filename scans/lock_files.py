"""Known vulnerabilities of the Python packages that the lock files name: pip-audit, asking OSV."""

import json
import os
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from scans.accepted import Accepted, accepted, is_accepted
from scans.outcome import ROOT, NotScanned, Outcome

SCAN = "lock_files"
PIP_AUDIT = ROOT / ".venv/scan/bin/pip-audit"
# https://google.github.io/osv.dev/post-v1-query/
OSV_URL = "https://api.osv.dev/v1/query"
TIMEOUT_SECONDS = 300
# Of one answer of the source.
ANSWER_WITHIN_SECONDS = 15


def scan(root: Path = ROOT) -> Outcome:
    """Ask about every lock file that the repository has."""
    files, entries = lock_files(root), accepted(root / "scans/accepted.toml")
    with ThreadPoolExecutor(len(files) or 1) as pool:
        answers = list(pool.map(lambda file: answer(root, file), files))
    looked = [(file, said) for file, said in zip(files, answers, strict=True) if isinstance(said, dict)]
    return Outcome(
        SCAN,
        scanned=tuple(f"{file}: {len(said['dependencies'])} packages" for file, said in looked),
        findings=tuple(line for file, said in looked for line in findings(file, said, entries)),
        unscanned=tuple(
            f"{file}: {said}" for file, said in zip(files, answers, strict=True) if isinstance(said, str)
        ),
    )


def lock_files(root: Path) -> list[str]:
    """The files that carry hashes, by path. Raises NotScanned outside a checkout."""
    words = ["git", "-C", str(root), "ls-files", "--", "*requirements*.txt"]
    listed = subprocess.run(words, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        raise NotScanned("this is no git checkout")
    return [name for name in listed.stdout.split() if "--hash=" in (root / name).read_text()]


def answer(root: Path, file: str) -> dict[str, Any] | str:
    """What pip-audit reports, or why it reports nothing."""
    words = [
        str(PIP_AUDIT), "--requirement", file, "--disable-pip", "--format", "json",
        "--progress-spinner", "off", "--timeout", str(ANSWER_WITHIN_SECONDS),
        "--vulnerability-service", "osv", "--osv-url", os.environ.get("OSV_URL", OSV_URL),
    ]  # fmt: skip
    try:
        done = subprocess.run(
            words, cwd=root, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False
        )
    except FileNotFoundError:
        return "pip-audit is not installed: make .venv/scan/made"
    except subprocess.TimeoutExpired:
        return f"pip-audit did not end within {TIMEOUT_SECONDS} s"
    try:
        report = dict(json.loads(done.stdout))
    except json.JSONDecodeError:
        return f"no advisory source: {last_sentence(done.stderr)}"
    return report if report["dependencies"] else "pip-audit saw no package in it"


def last_sentence(text: str) -> str:
    """What a traceback ends in, without the names of the errors."""
    lines = text.strip().splitlines() or ["pip-audit said nothing"]
    cause = lines[-1].rpartition("(Caused by ")[2]
    return cause.partition('("')[2].removesuffix(")").removesuffix(")").strip('"')[:200] or cause[:200]


def findings(file: str, report: dict[str, Any], entries: tuple[Accepted, ...]) -> Iterator[str]:
    """A line per vulnerability that nobody accepted; a package that was left out is one, too."""
    for package in report["dependencies"]:
        if "skip_reason" in package:
            yield f"{file}: {package['name']} was not looked up: {package['skip_reason']}"
        for advisory in package.get("vulns", ()):
            names = [advisory["id"], *advisory["aliases"]]
            if not is_accepted(package["name"], names, entries):
                mended = ", ".join(advisory["fix_versions"]) or "no version"
                yield f"{file}: {package['name']} {package['version']}: {' '.join(names)}, mended by {mended}"
