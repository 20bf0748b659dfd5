"""What docs/backup.md tells a person to type."""

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.conftest import ROOT

WHOLE = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# One on one machine, then as it is typed for EC2.
MAKE, RESTORE, RESTORE_ON_EC2 = WHOLE.findall((ROOT / "docs/backup.md").read_text())
MAKE_ON_EC2 = re.sub(r"^# (?=\w+=)", "", MAKE, flags=re.MULTILINE)
NAME = "microblog-2026-01-31.sql.gz"


def of_project(script: str, name: str) -> str:
    """The script for containers of that project."""
    return re.sub(r"\bmicroblog-(?=[a-z_]+-1\b)", f"{name}-", script)


def typed(script: str, above: Path, environment: Mapping[str, str] | None = None) -> None:
    """Run the script where the folder of backups is; it must go well."""
    (above / "backups").mkdir(exist_ok=True)
    done = subprocess.run(
        ["sh", "-c", script],
        cwd=above,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def only(above: Path) -> Path:
    """The only file among the backups."""
    (file,) = (above / "backups").iterdir()
    assert file.stat().st_mode & 0o077 == 0, "nobody else reads it"
    return file
