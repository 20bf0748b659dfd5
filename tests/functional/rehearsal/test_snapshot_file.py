"""What is loaded is ours, whole, and of the versions that run; anything else is refused with the way out."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from moto.s3.models import FakeKey

from ec2.rehearsal.errors import RehearsalError
from ec2.rehearsal.settings import ACCOUNT, REGION, Rehearsal
from ec2.rehearsal.snapshot import load, sealed, take
from ec2.rehearsal.snapshot.bodies import Bodies
from tests.conftest import ROOT

WRITER = """
import itertools, pathlib, sys
from ec2.rehearsal.snapshot import sealed
for number in itertools.count():
    sealed.write(pathlib.Path(sys.argv[1]), b"%d " % (number % 10) * 500_000)
    print(number, flush=True)
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    sealed.write(folder / "snapshot", b"the cloud")
    return folder / "snapshot"


def refused(file: Path) -> str:
    with pytest.raises(RehearsalError) as caught:
        sealed.read(file)
    assert "make rehearse-down" in caught.value.hint
    return str(caught.value)


def with_line(file: Path, **changes: object) -> None:
    top, _, payload = file.read_bytes().partition(b"\n")
    file.write_bytes(json.dumps(json.loads(top) | changes).encode() + b"\n" + payload)


def test_what_was_written_is_read_and_nobody_else_may(file: Path) -> None:
    assert sealed.read(file) == b"the cloud"
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_another_version_of_moto_is_named_with_ours(file: Path) -> None:
    with_line(file, moto="5.2.4")
    assert "was saved by moto 5.2.4" in refused(file)
    assert f"and this is moto {sealed.maker()['moto']} on" in refused(file)


def test_another_format_or_python_is_refused(file: Path) -> None:
    with_line(file, format=0)
    assert "in format 0," in refused(file)
    with_line(file, format=sealed.FORMAT, python="3.10")
    assert "on Python 3.10 " in refused(file)


@pytest.mark.parametrize("content", [b"", b"no line", b"[]\n", b"{}\n", b"\xff\n"])
def test_another_file_is_damaged(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    assert refused(file) == f"{file} is damaged"


def test_one_byte_less_or_other_is_damaged(file: Path) -> None:
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    assert refused(file) == f"{file} is damaged"
    file.write_bytes(whole[:-1] + b"x")
    assert refused(file) == f"{file} is damaged"


def test_a_file_or_folder_that_others_may_touch_is_not_loaded(file: Path) -> None:
    file.chmod(0o644)
    assert "is not this user's alone" in refused(file)
    file.chmod(0o600)
    file.parent.chmod(0o770)
    assert "is not this user's alone" in refused(file)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_somebody_elses_file_is_not_loaded(file: Path) -> None:
    os.chown(file, 65534, 65534)
    assert "is not this user's alone" in refused(file)


def test_a_link_is_not_followed(file: Path) -> None:
    elsewhere = file.rename(file.with_name("elsewhere"))
    file.symlink_to(elsewhere)
    assert "is not this user's alone" in refused(file)


def test_killed_while_writing_it_leaves_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "state/snapshot"
    words = [sys.executable, "-c", WRITER, str(path)]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE) as writer:
        assert writer.stdout
        writer.stdout.readline()
        time.sleep(0.05)
        writer.kill()
    content = sealed.read(path)
    assert content == content[:2] * 500_000


def test_a_cloud_that_was_never_saved_is_none(tmp_path: Path) -> None:
    assert load(Rehearsal(folder=tmp_path)) is None


def test_an_addition_that_cannot_be_pickled_is_said(tmp_path: Path) -> None:
    with pytest.raises(RehearsalError) as caught:
        take(Rehearsal(folder=tmp_path), {"log": sys.stdout})
    assert "could not be saved: TypeError: cannot pickle" in str(caught.value)
    assert load(Rehearsal(folder=tmp_path)) is None


def test_a_body_waits_for_no_disk_until_it_is_written(tmp_path: Path) -> None:
    key, folder = FakeKey("name", b"content", ACCOUNT, REGION), tmp_path / "objects"
    try:
        bodies = Bodies(folder)
        name = bodies.keep(key)
        assert not folder.exists()
        bodies.write()
        assert bodies.read(name) == b"content"
        again = Bodies(folder)
        assert (again.keep(key), again.new) == (name, {})
    finally:
        key.dispose()
