"""OWASP Dependency-Check in its own container: a second opinion on packages, by the NVD's product names.

Its data is fetched at night (`fetch`) into a volume. A scan only reads there, without a network, so that no
pipeline waits for the NVD.
https://dependency-check.github.io/DependencyCheck/dependency-check-cli/arguments.html
"""

import io
import json
import subprocess
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from scans.engine import image_id, run, told
from scans.outcome import ROOT, NotScanned, Outcome

SCAN = "dependency_check"
VERSION = "13.0.0"
IMAGE = f"owasp/dependency-check:{VERSION}"
# The next major version cannot read what this one wrote.
DATA_VOLUME = f"odc-data-v{VERSION.partition('.')[0]}"
DATA_FOLDER = "/usr/share/dependency-check/data"
REPORT = "dependency-check-report"
SUPPRESSION = "scans/suppression.xml"
# High and critical. https://nvd.nist.gov/vuln-metrics/cvss
CVSS_THRESHOLD = 7.0
# Beyond that the data says nothing of what came up this week.
DATA_LASTS = timedelta(days=3)
MEMORY = "2g"
HEAP = "-Xmx1400m"
SCAN_SECONDS = 900
FETCH_SECONDS = 2700
ABOVE_THRESHOLD = 15
STATUSES = {
    8: "it could not update its data",
    9: "it could not open its data: make advisories",
    11: "its data is damaged or not there: make advisories",
    13: "it failed",
    14: "it could not analyse every file",
}
NO_KEY = ("", "none")


@dataclass(frozen=True)
class Container:
    """A container that was made and not started; what it is to read is copied in, what it wrote out."""

    id: str

    def give(self, archive: bytes, folder: str) -> None:
        """Unpack a tar archive in it."""
        done = run(["cp", "-", f"{self.id}:{folder}"], archive, SCAN_SECONDS, "docker cp")
        if done.returncode != 0:
            raise NotScanned(f"docker cp failed: {told(done)}")

    def run(self, seconds: float) -> subprocess.CompletedProcess[bytes]:
        """Its whole life."""
        return run(["start", "--attach", self.id], b"", seconds, "Dependency-Check")

    def take(self, path: str) -> bytes:
        """A file that it wrote, or b"" where there is none."""
        done = run(["cp", f"{self.id}:{path}", "-"], b"", SCAN_SECONDS, "docker cp")
        if done.returncode != 0:
            return b""
        with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
            file = archive.extractfile(Path(path).name)
            return file.read() if file else b""


def scan(root: Path = ROOT, image: str = IMAGE, volume: str = DATA_VOLUME) -> Outcome:
    """Look at what the commit holds, with the data that is there."""
    obtain(image)
    words = [
        "--noupdate", "--scan", "/src", "--out", "/report", "--project", "microblog",
        "--format", "JSON", "--format", "HTML", "--enableExperimental", "--disableOssIndex",
        "--failOnCVSS", f"{CVSS_THRESHOLD:g}", "--suppression", f"/src/{SUPPRESSION}",
    ]  # fmt: skip
    with container(image, volume, ["--network=none"], words) as made:
        made.give(committed(root), "/src")
        done = made.run(SCAN_SECONDS)
        report, page = (made.take(f"/report/{REPORT}.{kind}") for kind in ("json", "html"))
    keep_reports(root, report, page)
    if done.returncode not in (0, ABOVE_THRESHOLD):
        why = STATUSES.get(done.returncode, f"exit status {done.returncode}")
        raise NotScanned(f"Dependency-Check: {why}: {told(done, 1)}")
    if not report:
        raise NotScanned("Dependency-Check wrote no report")
    return judged(json.loads(report), done.returncode == ABOVE_THRESHOLD, datetime.now(UTC))


def judged(report: dict[str, Any], above: bool, now: datetime) -> Outcome:
    """What the report and the exit status say; old data proves nothing, but what it knows is known."""
    looked_at = report.get("dependencies", [])
    lines = tuple(line for dependency in looked_at for line in findings(dependency))
    if above and not lines:
        lines = (f"something scores {CVSS_THRESHOLD:g} or more: reports/dependency-check/{REPORT}.html",)
    return Outcome(
        SCAN,
        scanned=(f"{len(looked_at)} dependencies",) if looked_at else (),
        findings=lines,
        unscanned=tuple(stale(report, now)),
    )


def findings(dependency: dict[str, Any]) -> Iterator[str]:
    """A line per vulnerability at or above the threshold."""
    for one in dependency.get("vulnerabilities", ()):
        score = max(scores(one), default=0.0)
        if score >= CVSS_THRESHOLD:
            severity = one.get("severity", "unknown").lower()
            yield f"{dependency['fileName']}: {one['name']} ({score:g}, {severity})"


def scores(vulnerability: dict[str, Any]) -> Iterator[float]:
    """Every score that it has been given."""
    for kind, key in (("cvssv2", "score"), ("cvssv3", "baseScore"), ("cvssv4", "baseScore")):
        told_score = vulnerability.get(kind, {}).get(key)
        if told_score is not None:
            yield float(told_score)


def stale(report: dict[str, Any], now: datetime) -> Iterator[str]:
    """What stands in the way of believing the data."""
    times = [
        moment
        for source in report.get("scanInfo", {}).get("dataSource", ())
        if source["name"].startswith("NVD") and (moment := read_time(source["timestamp"]))
    ]
    if not times:
        yield "the report does not say how old its data is: make advisories"
    elif now - max(times) > DATA_LASTS:
        yield f"its data is of {max(times):%Y-%m-%d}, {(now - max(times)).days} days old: make advisories"


def read_time(text: str) -> datetime | None:
    """A moment as the report writes it; None for what is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def fetch(key: str, image: str = IMAGE, volume: str = DATA_VOLUME) -> str:
    """Bring the data up to date; what was done. Raises NotScanned where it was not.

    Without a key the NVD answers five requests in half a minute: the first time takes half an hour where
    nothing goes wrong, and mostly something does. So nothing is asked then.
    """
    if key.strip() in NO_KEY:
        raise NotScanned(
            "there is no NVD API key, and without one the first fetch takes half an hour at best and mostly "
            "fails; a key is free: https://nvd.nist.gov/developers/request-an-api-key"
        )
    obtain(image)
    words = ["--updateonly", "--propertyfile", "/src/nvd.properties", "--disableOssIndex"]
    with container(image, volume, [], words) as made:
        made.give(packed("nvd.properties", f"nvd.api.key={key.strip()}\n".encode()), "/src")
        done = made.run(FETCH_SECONDS)
    if done.returncode != 0:
        why = STATUSES.get(done.returncode, f"exit status {done.returncode}")
        raise NotScanned(f"{why}; what was there is kept: {told(done, 1).replace(key.strip(), '***')}")
    return f"{volume} is up to date"


def obtain(image: str) -> None:
    """Have the image here. Raises NotScanned."""
    if image_id(image):
        return
    done = run(["pull", "--quiet", image], b"", FETCH_SECONDS, "docker pull")
    if done.returncode != 0:
        raise NotScanned(f"{image} is not on this machine and no registry gave it: {told(done, 1)}")


@contextmanager
def container(image: str, volume: str, options: Sequence[str], words: Sequence[str]) -> Iterator[Container]:
    """A container of the tool with its data; it cannot take more memory than it is given."""
    made = run(
        [
            "create", "--init", "--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges",
            f"--memory={MEMORY}", f"--memory-swap={MEMORY}", "--pids-limit=256", "--tmpfs=/tmp:exec",
            "--env", f"JAVA_OPTS={HEAP}", "--volume", f"{volume}:{DATA_FOLDER}",
            "--volume=/src", "--volume=/report", *options, image, *words,
        ],
        b"", SCAN_SECONDS, "docker create",
    )  # fmt: skip
    if made.returncode != 0:
        raise NotScanned(f"docker create failed: {told(made)}")
    identity = made.stdout.decode().strip()
    try:
        yield Container(identity)
    finally:
        subprocess.run(["docker", "rm", "--force", "--volumes", identity], capture_output=True, check=False)


def committed(root: Path) -> bytes:
    """The commit's files as a tar archive."""
    words = ["git", "-C", str(root), "archive", "--format=tar", "HEAD"]
    done = subprocess.run(words, capture_output=True, check=False)
    if done.returncode != 0:
        raise NotScanned("this is no git checkout")
    return done.stdout


def packed(name: str, content: bytes) -> bytes:
    """A file as a tar archive."""
    archived = io.BytesIO()
    with tarfile.open(fileobj=archived, mode="w") as archive:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode, entry.uid = len(content), 0o400, 1000
        archive.addfile(entry, io.BytesIO(content))
    return archived.getvalue()


def keep_reports(root: Path, report: bytes, page: bytes) -> None:
    """What people read, where it is archived from."""
    folder = root / "reports/dependency-check"
    folder.mkdir(parents=True, exist_ok=True)
    for kind, content in (("json", report), ("html", page)):
        if content:
            (folder / f"{REPORT}.{kind}").write_bytes(content)
