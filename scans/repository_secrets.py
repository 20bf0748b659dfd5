"""Keys and passwords in the repository, in every commit that led here: gitleaks, without a network."""

import json
import subprocess
from pathlib import Path

from compose.errors import BuildFailed
from compose.one_image import build_image
from compose.project import last_lines
from scans.engine import CONFINED, image_id, run, told
from scans.outcome import ROOT, NotScanned, Outcome

SCAN = "repository_secrets"
IMAGE = "microblog/gitleaks"
FOLDER = ROOT / "images/gitleaks"
TIMEOUT_SECONDS = 300


def scan(root: Path = ROOT) -> Outcome:
    """Look through the history of HEAD; what somebody wrote and took back is known to whoever has a clone."""
    history = bundled(root)
    obtain_gitleaks()
    words = ["run", *CONFINED, "--network=none", "--tmpfs=/tmp:size=1g", "--memory=1536m", IMAGE]
    done = run(words, history, TIMEOUT_SECONDS, "gitleaks")
    if done.returncode != 0:
        raise NotScanned(f"gitleaks failed: {told(done)}")
    commits = subprocess.run(
        ["git", "-C", str(root), "rev-list", "--count", "HEAD"], capture_output=True, text=True, check=True
    )
    return Outcome(
        SCAN,
        scanned=(f"{commits.stdout.strip()} commits",),
        findings=tuple(sorted({line(found) for found in json.loads(done.stdout)})),
    )


def obtain_gitleaks() -> None:
    """Have its image; one of an earlier day will do. Raises NotScanned where there is none."""
    try:
        build_image(IMAGE, FOLDER, timeout_seconds=TIMEOUT_SECONDS)
    except BuildFailed as error:
        if not image_id(IMAGE):
            raise NotScanned(f"gitleaks could not be had: {last_lines(error.message, 3)}") from error


def bundled(root: Path) -> bytes:
    """The history as one file. Raises NotScanned where there is none, or not the whole of it."""
    shallow = subprocess.run(
        ["git", "-C", str(root), "rev-parse", "--is-shallow-repository"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if shallow.stdout.strip() != "false":
        raise NotScanned("this is no git checkout with its history: git fetch --unshallow")
    words = ["git", "-C", str(root), "bundle", "create", "--quiet", "-", "HEAD"]
    done = subprocess.run(words, capture_output=True, check=False)
    if done.returncode != 0:
        raise NotScanned(f"git gives no history: {told(done)}")
    return done.stdout


def line(found: dict[str, object]) -> str:
    """A finding without the secret itself."""
    return f"{found['File']}:{found['StartLine']} in commit {str(found['Commit'])[:12]}: {found['RuleID']}"
