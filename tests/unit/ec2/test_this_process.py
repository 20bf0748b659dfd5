"""Whether a process of this machine still lives."""

import os
import pwd
import socket
import subprocess
import sys

import pytest

from ec2.this_process import is_gone, place, said, start_of, whose


def test_this_one_lives_where_it_is() -> None:
    assert place().endswith("]")
    assert start_of(os.getpid()).isdigit()


def test_one_that_ended_has_no_start_also_before_its_parent_knows() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert start_of(child.pid).isdigit()
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert start_of(child.pid) == ""
    assert start_of(child.pid) == ""


def test_no_process_has_no_start() -> None:
    assert start_of(2**22 + 1) == ""


def test_others_can_ask_after_it() -> None:
    assert not is_gone(said())
    *_, began = said().split()
    assert is_gone(f"{place()} {2**22 + 1} {began}")
    assert is_gone(f"{place()} {os.getpid()} 1"), "another process has its number by now"
    assert not is_gone(f"elsewhere {2**22 + 1} {began}")


def test_a_person_without_a_name_here_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(uid: int) -> pwd.struct_passwd:
        raise KeyError(f"getpwuid(): uid not found: {uid}")

    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    assert whose() == f"{os.getuid()}@{socket.gethostname()}"
    monkeypatch.setenv("USER", "ada")
    assert whose() == f"ada@{socket.gethostname()}"
