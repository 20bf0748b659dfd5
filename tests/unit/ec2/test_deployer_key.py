"""The key is on this machine only while it is used, also where a launcher was killed."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ec2 import deployer_key
from ec2.deployer_key import DeployerKey, forget_abandoned, on_disk

ROOT = Path(__file__).parents[3]


def test_it_is_there_for_its_user_alone_and_only_meanwhile() -> None:
    with on_disk(DeployerKey("private")) as folder:
        assert (folder / "key").read_text() == "private"
        assert (folder / "key").stat().st_mode & 0o777 == 0o600
        assert folder.stat().st_mode & 0o777 == 0o700
    assert not folder.exists()


LAUNCHER = """
from ec2.deployer_key import DeployerKey, on_disk
with on_disk(DeployerKey("private")) as folder:
    print(folder, flush=True)
    input()
"""


@contextmanager
def launcher(temporary: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Another process that uses the key, and its folder."""
    with subprocess.Popen(
        [sys.executable, "-c", LAUNCHER],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(temporary)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as started:
        assert started.stdout
        yield started, Path(started.stdout.readline().strip())


def test_what_a_killed_launcher_left_goes_and_nothing_else(tmp_path: Path) -> None:
    other = tmp_path / "ec2-key-old"
    other.mkdir()
    with launcher(tmp_path) as (living, used), launcher(tmp_path) as (killed, abandoned):
        killed.kill()
        killed.wait()
        forget_abandoned(tmp_path)
        assert [folder.exists() for folder in (abandoned, used, other)] == [False, True, True]
        living.communicate("\n")
    assert not used.exists()


def test_the_number_of_a_process_says_nothing_as_another_container_has_the_same(tmp_path: Path) -> None:
    with launcher(tmp_path) as (killed, abandoned):
        killed.kill()
    same_number = abandoned.rename(tmp_path / f"ec2-key-{os.getpid()}-x")
    with launcher(tmp_path) as (living, used):
        other_number = used.rename(tmp_path / f"ec2-key-{2**22 + 1}-x")
        forget_abandoned(tmp_path)
        assert not same_number.exists()
        assert other_number.exists()
        other_number.rename(used)
        living.communicate("\n")


def test_it_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    print(DeployerKey("private"))
    assert "private" not in capsys.readouterr().out
    assert deployer_key.parameter("blog") == "/blog/deployer/ssh_key"
