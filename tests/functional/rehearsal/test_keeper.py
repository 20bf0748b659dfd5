"""The cloud is kept before a request is answered, and nobody else waits for the disk."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ec2.rehearsal.control.server import Gate
from ec2.rehearsal.control.turns import TURN
from ec2.rehearsal.keeper import Keeper
from ec2.rehearsal.settings import ACCOUNT, REGION, Rehearsal
from ec2.rehearsal.snapshot.memory import file as snapshot_file
from ec2.rehearsal.stacks.engine import Engine

SOON_SECONDS = 10


@dataclass
class Disk:
    """A disk that writes when the test lets it."""

    asked: threading.Event = field(default_factory=threading.Event)
    free: threading.Event = field(default_factory=threading.Event)

    def sync(self, _: int) -> None:
        self.asked.set()
        self.free.wait(SOON_SECONDS)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    slow = Disk()
    monkeypatch.setattr(os, "fsync", slow.sync)
    return slow


@pytest.fixture
def keeper(tmp_path: Path, disk: Disk) -> Iterator[Keeper]:
    engine = Engine({}, lambda _: None, ACCOUNT, REGION)
    keeper = Keeper(Rehearsal(folder=tmp_path), Gate(), engine, print)
    with running(keeper):
        yield keeper
        disk.free.set()


@contextmanager
def running(keeper: Keeper) -> Iterator[None]:
    thread = threading.Thread(target=keeper.run)
    thread.start()
    try:
        yield
    finally:
        keeper.stop()
        thread.join(SOON_SECONDS)
    assert not thread.is_alive()


def test_a_change_does_not_wait_for_the_disk_that_another_waits_for(keeper: Keeper, disk: Disk) -> None:
    def change() -> None:
        with keeper.gate.change(), keeper.engine.lock, TURN:
            changed.set()

    changed = threading.Event()
    keeper.changed()
    assert disk.asked.wait(SOON_SECONDS)
    threading.Thread(target=change).start()
    assert changed.wait(SOON_SECONDS / 2)


def test_what_is_kept_is_on_disk(keeper: Keeper, disk: Disk) -> None:
    answered = threading.Thread(target=keeper.kept)
    answered.start()
    assert disk.asked.wait(SOON_SECONDS)
    answered.join(0.2)
    assert answered.is_alive()
    disk.free.set()
    answered.join(SOON_SECONDS)
    assert not answered.is_alive()
    assert snapshot_file(keeper.rehearsal).exists()
