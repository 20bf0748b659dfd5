"""What Prometheus is told of deployments to a host: node_exporter's file, made anew from itself and a record.

usage: python3 deployments.py FILE RECORD

RECORD is a line of the ledger. Counters are kept in the file alone; a record that was counted is not counted
again. A full disk leaves the file as it was.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

ACTIONS, ENDED = ("deploy", "rollback"), ("done", "failed")
HELP = {
    "stack_deployments_total": ("counter", "Deployments and rollbacks that ended, by how."),
    "stack_deployment_timestamp_seconds": ("gauge", "When the last one of each kind began."),
    "stack_deployment_stage_seconds": ("gauge", "How long each stage of the last one that serves took."),
    "stack_deployment_uplink_bytes": ("gauge", "What left the deployer for the last one that serves."),
    "stack_release_info": ("gauge", "The release that serves; always 1."),
}
SAMPLE = re.compile(r"(?P<name>\w+)(?P<labels>\{.*\})? (?P<value>\S+)$")
COUNTED = "# counted "


def told(before: str, record: Mapping[str, Any]) -> str:
    """The file's text once the record is known; `before` is what it was."""
    samples = {f"stack_deployments_total{labels(action=a, outcome=o)}": 0.0 for a in ACTIONS for o in ENDED}
    samples |= read(before)
    mark = f"{COUNTED}{record['at']} {record['release']} {record['outcome']}"
    if record["outcome"] in ENDED and mark not in before.splitlines():
        count(samples, record)
    else:
        mark = next((line for line in before.splitlines() if line.startswith(COUNTED)), "")
    return "\n".join([*written(samples), *([mark] if mark else [])]) + "\n"


def count(samples: dict[str, float], record: Mapping[str, Any]) -> None:
    """Have the samples know of the end of one more."""
    kind = labels(action=record["action"], outcome=record["outcome"])
    samples[f"stack_deployments_total{kind}"] = samples.get(f"stack_deployments_total{kind}", 0) + 1
    began = datetime.fromisoformat(record["at"]).timestamp()
    samples[f"stack_deployment_timestamp_seconds{kind}"] = began
    if record["outcome"] == "done":
        serve(samples, record)


def serve(samples: dict[str, float], record: Mapping[str, Any]) -> None:
    """What is so since it serves."""
    stages = f'stack_deployment_stage_seconds{{action="{record["action"]}"'
    for gone in [name for name in samples if name.startswith((stages, "stack_release_info"))]:
        del samples[gone]
    for stage, seconds in record["seconds"].items():
        samples[f"stack_deployment_stage_seconds{labels(action=record['action'], stage=stage)}"] = seconds
    samples["stack_deployment_uplink_bytes"] = record["uplink_bytes"]
    release = labels(release=record["release"], commit=record["commit"])
    samples[f"stack_release_info{release}"] = 1


def labels(**values: str) -> str:
    """Labels as the format has them."""
    escaped = {
        name: re.sub(r'[\\"]', r"\\\g<0>", value).replace("\n", r"\n") for name, value in values.items()
    }
    return "{" + ",".join(f'{name}="{value}"' for name, value in escaped.items()) + "}"


def read(text: str) -> dict[str, float]:
    """The samples of a text; what is none is passed over."""
    found = filter(None, map(SAMPLE.match, text.splitlines()))
    return {one["name"] + (one["labels"] or ""): float(one["value"]) for one in found if one["name"] in HELP}


def written(samples: Mapping[str, float]) -> Iterator[str]:
    """The lines of the format, by series."""
    for name, (kind, text) in HELP.items():
        lines = [f"{key} {value:.15g}" for key, value in samples.items() if key.partition("{")[0] == name]
        if lines:
            yield from (f"# HELP {name} {text}", f"# TYPE {name} {kind}", *lines)


def main(file: Path, record: str) -> None:
    """Replace the file in one step, so that nobody reads half of it."""
    anew = file.with_suffix(".new")
    with suppress(OSError, ValueError, KeyError):
        before = file.read_text() if file.exists() else ""
        file.parent.mkdir(parents=True, exist_ok=True)
        anew.write_text(told(before, json.loads(record)))
        anew.chmod(0o644)
        anew.replace(file)
    with suppress(OSError):
        anew.unlink(missing_ok=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
