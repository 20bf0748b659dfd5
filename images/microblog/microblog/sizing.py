"""How many workers fit into the memory and the processors this container was given."""

import os
from dataclasses import dataclass
from math import ceil
from pathlib import Path

THREADS = 8
# More than the processors would only share them, and each copies what all had in common. While one is made
# anew, another answers.
FEWEST = 2
MIB = 1024 * 1024
# Measured under load, with MariaDB: a worker has 35 MiB for itself, and 19 more while it checks a password.
WORKER_MIB = 56
# The master (31 MiB), the libraries that all share (21), the files of the metrics, a probe now and then; and
# one picture at a time that is being reduced: should it take more, the kernel ends it before anything else.
RESERVE_MIB = 128


@dataclass(frozen=True)
class Sizing:
    """Workers and threads, and what they were derived from."""

    workers: int
    threads: int
    memory_mib: int
    cpus: float
    chosen_by: str

    def __str__(self) -> str:
        plural = "s" if self.workers != 1 else ""
        cpus = f"{self.cpus:g} CPU{'s' if self.cpus != 1 else ''}"
        return (
            f"{self.workers} worker{plural} × {self.threads} threads: {self.memory_mib} MiB, {cpus}"
            f" ({self.chosen_by})"
        )


def sizing(asked_for: int | None = None, root: Path = Path("/")) -> Sizing:
    """The workers for this container; `asked_for` (WEB_CONCURRENCY) wins over everything."""
    memory = memory_mib(root)
    processors = cpus(root)
    by_cpu = max(FEWEST, ceil(processors))
    by_memory = max(1, (memory - RESERVE_MIB) // WORKER_MIB)
    if asked_for is not None:
        return Sizing(asked_for, THREADS, memory, processors, "WEB_CONCURRENCY")
    chosen_by = "limited by memory" if by_memory < by_cpu else f"one for each CPU, at least {FEWEST}"
    return Sizing(min(by_cpu, by_memory), THREADS, memory, processors, chosen_by)


def memory_mib(root: Path = Path("/")) -> int:
    """The smaller of the machine's memory and the container's limit."""
    total = _memory_total(root)
    limits = (
        _number(root / "sys/fs/cgroup/memory.max"),  # cgroup v2
        _number(root / "sys/fs/cgroup/memory/memory.limit_in_bytes"),  # cgroup v1
    )
    return min([total, *(limit for limit in limits if limit is not None)]) // MIB


def cpus(root: Path = Path("/")) -> float:
    """The smaller of the machine's processors and the container's quota."""
    quota, period = _cpu_quota(root)
    machine = float(os.cpu_count() or 1)
    return min(machine, quota / period) if quota and period and quota > 0 else machine


def _cpu_quota(root: Path) -> tuple[int | None, int | None]:
    words = _text(root / "sys/fs/cgroup/cpu.max").split()  # cgroup v2: "max 100000" or "50000 100000"
    if len(words) == 2 and words[0].isdigit():
        return int(words[0]), int(words[1])
    folder = root / "sys/fs/cgroup/cpu"  # cgroup v1, -1 without a quota
    return _number(folder / "cpu.cfs_quota_us"), _number(folder / "cpu.cfs_period_us")


def _memory_total(root: Path) -> int:
    for line in _text(root / "proc/meminfo").splitlines():
        if line.startswith("MemTotal:"):
            return int(line.split()[1]) * 1024
    return 512 * MIB


def _number(path: Path) -> int | None:
    text = _text(path).strip()
    return int(text) if text.removeprefix("-").isdigit() else None


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
