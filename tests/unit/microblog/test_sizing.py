"""How many workers fit, seen from made-up control groups."""

from pathlib import Path

import pytest

from microblog import sizing as module
from microblog.sizing import MIB, RESERVE_MIB, THREADS, WORKER_MIB, sizing


@pytest.fixture(autouse=True)
def _four_processors(monkeypatch):
    monkeypatch.setattr(module.os, "cpu_count", lambda: 4)


def machine(root: Path, files: dict[str, str], total_mib: int = 8192) -> Path:
    files = {"proc/meminfo": f"MemTotal:       {total_mib * 1024} kB\nMemFree: 1 kB\n", **files}
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


V2_MEMORY, V2_CPU = "sys/fs/cgroup/memory.max", "sys/fs/cgroup/cpu.max"
V1_MEMORY = "sys/fs/cgroup/memory/memory.limit_in_bytes"
V1_QUOTA, V1_PERIOD = "sys/fs/cgroup/cpu/cpu.cfs_quota_us", "sys/fs/cgroup/cpu/cpu.cfs_period_us"


def test_without_limits_the_machine_decides(tmp_path):
    size = sizing(root=machine(tmp_path, {V2_MEMORY: "max\n", V2_CPU: "max 100000\n"}))
    assert (size.workers, size.memory_mib, size.cpus) == (4, 8192, 4)
    assert str(size) == "4 workers × 8 threads: 8192 MiB, 4 CPUs (one for each CPU, at least 2)"


@pytest.mark.parametrize("path", [V2_MEMORY, V1_MEMORY])
def test_the_memory_limit_is_found_in_both_kinds_of_control_group(tmp_path, path):
    size = sizing(root=machine(tmp_path, {path: f"{256 * MIB}\n"}))
    assert size.memory_mib == 256
    assert size.chosen_by == "limited by memory"
    assert size.workers < 4


@pytest.mark.parametrize(
    "files",
    [{V2_CPU: "50000 100000\n"}, {V1_QUOTA: "50000\n", V1_PERIOD: "100000\n"}],
)
def test_the_processor_quota_is_found_in_both_kinds_of_control_group(tmp_path, files):
    size = sizing(root=machine(tmp_path, files))
    assert (size.cpus, size.workers) == (0.5, 2)


def test_no_quota_is_written_as_minus_one_in_the_old_kind(tmp_path):
    assert sizing(root=machine(tmp_path, {V1_QUOTA: "-1\n", V1_PERIOD: "100000\n"})).cpus == 4


def test_a_limit_above_the_memory_of_the_machine_is_no_limit(tmp_path):
    assert sizing(root=machine(tmp_path, {V1_MEMORY: "9223372036854771712\n"}, 1024)).memory_mib == 1024


@pytest.mark.parametrize("limit_mib", range(16, 1024, 16))
def test_the_workers_never_need_more_than_there_is(tmp_path, limit_mib):
    size = sizing(root=machine(tmp_path, {V2_MEMORY: str(limit_mib * MIB)}))
    assert 1 <= size.workers <= 4
    assert size.workers == 1 or size.workers * WORKER_MIB + RESERVE_MIB <= limit_mib


def test_a_person_may_decide(tmp_path):
    size = sizing(3, root=machine(tmp_path, {V2_MEMORY: str(64 * MIB)}))
    assert size.workers == 3
    assert str(size) == "3 workers × 8 threads: 64 MiB, 4 CPUs (WEB_CONCURRENCY)"


def test_one_is_not_many(tmp_path):
    files = {V2_MEMORY: str(64 * MIB), V2_CPU: "100000 100000"}
    assert str(sizing(root=machine(tmp_path, files))).startswith("1 worker × 8 threads: 64 MiB, 1 CPU (")


def test_a_machine_that_says_nothing_gets_something(tmp_path):
    size = sizing(root=tmp_path)
    assert (size.workers >= 1, size.threads) == (True, THREADS)


def test_nonsense_is_no_limit(tmp_path):
    files = {V2_MEMORY: "", V2_CPU: "x", V1_QUOTA: "much", V1_PERIOD: ""}
    assert sizing(root=machine(tmp_path, files)).workers == 4
