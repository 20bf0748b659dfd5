"""What cloud-init says of a host's boot, read where it writes it."""

import json
from dataclasses import dataclass
from pathlib import Path

RESULT = "run/cloud-init/result.json"


@dataclass(frozen=True)
class Boot:
    """A boot that cloud-init has finished, and what went wrong in it."""

    errors: tuple[str, ...]


def boot_result(process: int) -> Boot | None:
    """The outcome of the boot of the host whose first process this is; None while it boots."""
    try:
        text = (Path("/proc") / str(process) / "root" / RESULT).read_text()
        return Boot(tuple(json.loads(text)["v1"]["errors"]))
    except (OSError, ValueError, KeyError):
        return None
