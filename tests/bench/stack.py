"""How long the local stack takes and what it costs, on this machine: `python tests/bench/stack.py`.

Measured on a stack of its own that is removed at the end; images that are here already stay. From nothing
(`--from-nothing`) it first removes every image and cache of this machine's engine, so run that only where
nothing else uses Docker.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "images/microblog")]

from tests.e2e.conftest import PORTS, free_ports  # noqa: E402

PROJECT = "bench"
TEMPLATE = ROOT / "images/microblog/microblog/templates/posts/explore.html"
REPETITIONS = 5


def main() -> None:
    """Print one JSON object: seconds, MiB and ratios."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--from-nothing", action="store_true", help="remove all images and caches first")
    from_nothing = arguments.parse_args().from_nothing
    with tempfile.TemporaryDirectory() as secrets:
        environment = {
            **os.environ,
            "COMPOSE_PROJECT_NAME": PROJECT,
            "SECRETS_DIR": secrets,
            **{name: str(port) for name, port in zip(PORTS, free_ports(len(PORTS)), strict=True)},
        }
        if from_nothing:
            run("docker", "system", "prune", "--all", "--force", "--volumes")
        figures: dict[str, object] = {"from_nothing": from_nothing}
        try:
            figures["first_up_seconds"] = up(environment)
            figures["unchanged_up_seconds"] = [up(environment) for _ in range(REPETITIONS)]
            figures["unchanged_up_median_seconds"] = statistics.median(figures["unchanged_up_seconds"])
            figures["template_change_up_seconds"] = up_after_a_template_change(environment)
            time.sleep(60)
            figures["idle_mebibytes"] = idle_memory()
            figures["image_megabytes_over_base"] = sizes_over_base()
        finally:
            subprocess.run(
                compose("clean", "--yes"), cwd=ROOT, env=environment, check=True, capture_output=True
            )
    print(json.dumps(figures, indent=2))


def compose(*words: str) -> list[str]:
    return [sys.executable, "-m", "compose", *words]


def up(environment: dict[str, str]) -> float:
    """Seconds from the command to its end, every service healthy."""
    started = time.monotonic()
    subprocess.run(compose("up"), cwd=ROOT, env=environment, check=True, capture_output=True)
    return round(time.monotonic() - started, 1)


def up_after_a_template_change(environment: dict[str, str]) -> float:
    """Seconds from one changed line in a template to a healthy stack that serves it; the line is put back."""
    text = TEMPLATE.read_text()
    try:
        TEMPLATE.write_text(text + "{# a changed line #}\n")
        return up(environment)
    finally:
        TEMPLATE.write_text(text)


def idle_memory() -> dict[str, float]:
    """MiB per service as the engine counts them, and the sums that matter."""
    rows = run("docker", "stats", "--no-stream", "--format", "{{.Name}} {{.MemUsage}}").splitlines()
    used = {
        row.split()[0].removeprefix(f"{PROJECT}-").removesuffix("-1"): mebibytes(row.split()[1])
        for row in rows
        if row.startswith(f"{PROJECT}-")
    }
    app_and_database = ("nginx", "microblog", "nginx_exporter", "mariadb", "mysqld_exporter")
    return {
        **used,
        "all": round(sum(used.values()), 1),
        "app_and_database": round(sum(used[name] for name in app_and_database), 1),
    }


def mebibytes(text: str) -> float:
    """A figure such as 12.3MiB or 1.2GiB in MiB."""
    factors = {"KiB": 1 / 1024, "MiB": 1, "GiB": 1024}
    return next(
        float(text.removesuffix(unit)) * factor for unit, factor in factors.items() if text.endswith(unit)
    )


def sizes_over_base() -> dict[str, float]:
    """MB that each image adds to the base image."""
    base = size("debian:trixie-slim")
    names = run("docker", "images", "--format", "{{.Repository}}:{{.Tag}}").split()
    ours = sorted(name for name in names if name.startswith("microblog/") and name.endswith(":local"))
    return {name.split("/")[1].split(":")[0]: round((size(name) - base) / 1e6, 1) for name in ours}


def size(image: str) -> int:
    return int(run("docker", "image", "inspect", "--format", "{{.Size}}", image))


def run(*words: str) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    main()
