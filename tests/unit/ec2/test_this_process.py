"""Whether a process of this machine still lives."""

import os
import subprocess
import sys

from ec2.this_process import place, start_of


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
