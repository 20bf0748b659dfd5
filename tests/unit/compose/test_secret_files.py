"""Secrets are made once, for one reader each."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_ssh_private_key, load_ssh_public_key

from compose.errors import PreflightFailed
from compose.project import Service
from compose.secret_files import (
    SECRETS,
    check_removable,
    hand_to_readers,
    make_missing,
    place_secrets,
    remove_all,
)


def every_file(folder: Path) -> dict[str, str]:
    return {str(file.relative_to(folder)): file.read_text() for file in folder.rglob("*") if file.is_file()}


def test_the_first_run_makes_every_file_and_the_second_none(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    made = make_missing(folder)
    first = every_file(folder)
    assert sorted(made) == sorted(first) == sorted(n for s in SECRETS for names in s.files for n in names)
    assert make_missing(folder) == []
    assert every_file(folder) == first


def test_a_shared_value_is_the_same_for_each_of_its_readers_and_nobody_elses(tmp_path: Path) -> None:
    make_missing(tmp_path)
    files = every_file(tmp_path)
    assert files["microblog/database_password"] == files["mariadb/microblog_password"]
    assert files["mysqld_exporter/database_password"] == files["mariadb/exporter_password"]
    assert files["microblog/database_password"] != files["mysqld_exporter/database_password"]


def test_a_lost_file_gets_the_value_that_its_other_reader_still_has(tmp_path: Path) -> None:
    make_missing(tmp_path)
    before = every_file(tmp_path)
    (tmp_path / "mariadb/microblog_password").unlink()
    assert make_missing(tmp_path) == ["mariadb/microblog_password"]
    assert every_file(tmp_path) == before


def test_a_key_pair_that_lost_one_half_is_made_anew_as_a_pair(tmp_path: Path) -> None:
    make_missing(tmp_path)
    (tmp_path / "jenkins_agent/agent_authorized_key").unlink()
    make_missing(tmp_path)
    private = load_ssh_private_key((tmp_path / "jenkins/agent_private_key").read_bytes(), None)
    public = load_ssh_public_key((tmp_path / "jenkins_agent/agent_authorized_key").read_bytes())
    assert private.public_key() == public


def test_an_empty_file_is_named_with_its_service_instead_of_replaced(tmp_path: Path) -> None:
    make_missing(tmp_path)
    file = tmp_path / "grafana/secret_key"
    file.chmod(0o600)
    file.write_text("")
    with pytest.raises(PreflightFailed, match=r"grafana: the secret file .*secret_key is empty") as refused:
        make_missing(tmp_path)
    assert f"rm {file}" in refused.value.hint


def test_a_file_that_may_not_be_touched_is_named_with_its_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_missing(tmp_path)
    file = tmp_path / "mariadb/exporter_password"

    def refused(path: Path, *_: object) -> None:
        raise PermissionError(1, "Operation not permitted", str(path))

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "chown", refused)
    with pytest.raises(PreflightFailed, match=rf"^mariadb: cannot use the secret file {file}: Operation"):
        place_secrets(tmp_path, [service(uid=10003, secret_files=(file,))])


def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fdopen", full)
    with pytest.raises(PreflightFailed, match=rf"secret file {tmp_path}: No space left on device$"):
        place_secrets(tmp_path, [])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_root_gives_each_file_to_its_reader_alone(tmp_path: Path) -> None:
    make_missing(tmp_path)
    file = tmp_path / "microblog/secret_key"
    hand_to_readers([service(uid=10001, secret_files=(file,))])
    assert (file.stat().st_uid, stat.S_IMODE(file.stat().st_mode)) == (10001, 0o400)


def test_what_only_a_person_can_give_may_be_written_by_whoever_made_the_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_missing(tmp_path)
    given, made = tmp_path / "jenkins/nvd_api_key", tmp_path / "microblog/secret_key"
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    hand_to_readers([service(uid=10001, secret_files=(given, made))])
    assert [oct(stat.S_IMODE(file.stat().st_mode)) for file in (given, made)] == ["0o644", "0o444"]


def test_nobody_else_may_enter_the_folders(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    make_missing(folder)
    assert {stat.S_IMODE(f.stat().st_mode) for f in [folder, *folder.iterdir()]} == {0o700}


def test_a_folder_that_was_open_to_others_is_closed(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    make_missing(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700


def test_removing_leaves_what_this_project_did_not_make(tmp_path: Path) -> None:
    make_missing(tmp_path)
    (tmp_path / "grafana/notes.txt").write_text("mine")
    remove_all(tmp_path)
    assert every_file(tmp_path) == {"grafana/notes.txt": "mine"}


@contextmanager
def not_root() -> Iterator[None]:
    """Be somebody else for a while."""
    was = os.getresuid()
    if was[1] == 0:
        os.setresuid(65534, 65534, 0)
    try:
        yield
    finally:
        os.setresuid(*was)


def test_what_somebody_else_made_is_known_not_to_be_removable(tmp_path: Path) -> None:
    (tmp_path / "mariadb").mkdir(mode=0o500)
    check_removable(tmp_path / "absent")
    with pytest.raises(PreflightFailed, match=r"secret file .*: Permission denied"), not_root():
        check_removable(tmp_path)


def service(uid: int, secret_files: tuple[Path, ...]) -> Service:
    return Service("microblog", "microblog/microblog:local", ("app",), uid, uid, 0, "", (), secret_files)
