"""The key is on this machine only while it is used, also where a launcher was killed."""

import os
from pathlib import Path

import pytest

from ec2 import deployer_key
from ec2.deployer_key import DeployerKey, forget_abandoned, on_disk


def test_it_is_there_for_its_user_alone_and_only_meanwhile() -> None:
    with on_disk(DeployerKey("private")) as folder:
        assert (folder / "key").read_text() == "private"
        assert (folder / "key").stat().st_mode & 0o777 == 0o600
        assert folder.stat().st_mode & 0o777 == 0o700
    assert not folder.exists()


def test_what_a_killed_launcher_left_goes_and_nothing_else(tmp_path: Path) -> None:
    abandoned, used, other = (
        tmp_path / name for name in (f"ec2-key-{2**22 + 1}-x", f"ec2-key-{os.getpid()}-x", "ec2-key-old")
    )
    for folder in (abandoned, used, other):
        folder.mkdir()
    forget_abandoned(tmp_path)
    assert [folder.exists() for folder in (abandoned, used, other)] == [False, True, True]


def test_it_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    print(DeployerKey("private"))
    assert "private" not in capsys.readouterr().out
    assert deployer_key.parameter("blog") == "/blog/deployer/ssh_key"
