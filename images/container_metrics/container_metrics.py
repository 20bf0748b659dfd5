#!/usr/bin/python3
"""Writes down how every container of the project is, as Docker says, for node_exporter to give out.

PROJECT names the project; the file is replaced whole, PACE times as often in drills. It only reads from the
Engine, but whoever may speak to an Engine may do anything there: so it listens nowhere and takes nothing
from anybody.
"""

import os
import sys
import time
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import docker
from docker.errors import APIError, DockerException, NotFound
from prometheus_client import CollectorRegistry, write_to_textfile
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

FILE = "/textfiles/containers.prom"
INTERVAL_SECONDS = 10
LABELS = ("service", "container")
SERVICE = "com.docker.compose.service"
# What a page cache holds is given back when it is needed; cgroup v2 and v1 call it differently.
CACHE = ("inactive_file", "total_inactive_file")


class Containers:
    """The containers of a project; counts what the Engine only tells once."""

    def __init__(self, engine: docker.APIClient, project: str) -> None:
        self.engine = engine
        # The second says that Compose itself started it: images that Compose built carry the first one too.
        labels = [f"com.docker.compose.project={project}", "com.docker.compose.oneoff=False"]
        self.chosen = {"label": labels}
        self.oom_events: Counter[str] = Counter()
        self.heard = time.time()

    def collect(self) -> Iterable[Metric]:
        """Every series, as prometheus_client wants them."""
        self.listen()
        families: list[CounterMetricFamily | GaugeMetricFamily] = [
            CounterMetricFamily("container_cpu_seconds", "CPU time used.", labels=LABELS),
            GaugeMetricFamily("container_memory_working_set_bytes", "Without caches.", labels=LABELS),
            GaugeMetricFamily("container_memory_limit_bytes", "0 where there is none.", labels=LABELS),
            CounterMetricFamily("container_restarts", "By the Engine, after an end.", labels=LABELS),
            CounterMetricFamily("container_oom_events", "The limit of memory was hit.", labels=LABELS),
            GaugeMetricFamily("container_started_time_seconds", "The last start.", labels=LABELS),
            GaugeMetricFamily("container_healthy", "It runs, its health check agrees.", labels=LABELS),
        ]
        for listed in self.engine.containers(all=True, filters=self.chosen):
            try:
                found = self.engine.inspect_container(listed["Id"])
                used = self.engine.stats(listed["Id"], stream=False, one_shot=True)
            except NotFound:
                continue
            labels = (found["Config"]["Labels"].get(SERVICE, ""), found["Name"].lstrip("/"))
            for family, value in zip(families, self.values(found, used), strict=True):
                if value is not None:
                    family.add_metric(labels, value)
        return families

    def values(self, found: dict[str, Any], used: dict[str, Any]) -> tuple[float | None, ...]:
        """A container's value in each family; None where it has none."""
        memory, state = used.get("memory_stats", {}), found["State"]
        cache = next((memory["stats"][name] for name in CACHE if name in memory.get("stats", {})), 0)
        running = state["Running"]
        return (
            used["cpu_stats"]["cpu_usage"]["total_usage"] / 1e9 if running else None,
            memory["usage"] - cache if running and "usage" in memory else None,
            found["HostConfig"]["Memory"],
            found["RestartCount"],
            self.oom_events[found["Id"]],
            datetime.fromisoformat(state["StartedAt"][:19] + "+00:00").timestamp(),
            running and state.get("Health", {}).get("Status", "healthy") == "healthy",
        )

    def listen(self) -> None:
        """Count the events since the last look."""
        now = time.time()
        chosen = self.chosen | {"event": ["oom"]}
        since, until = f"{self.heard:.9f}", f"{now:.9f}"
        events = self.engine.events(since=since, until=until, filters=chosen, decode=True)
        self.oom_events.update(event["Actor"]["ID"] for event in events)
        self.heard = now


def main() -> None:
    """Write, again and again; an Engine that does not answer now may answer next time."""
    containers, registry = None, CollectorRegistry(auto_describe=False)
    while True:
        try:
            if containers is None:
                containers = Containers(docker.APIClient(version="auto"), os.environ["PROJECT"])
                registry.register(containers)
            write_to_textfile(FILE, registry)
        except (APIError, DockerException, OSError) as error:
            print(
                f"container_metrics: the Docker Engine cannot be asked: {error}", file=sys.stderr, flush=True
            )
        time.sleep(max(1, INTERVAL_SECONDS / int(os.environ.get("PACE", "1"))))


if __name__ == "__main__":
    main()
