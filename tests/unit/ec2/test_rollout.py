"""In which order hosts take the steps of a roll-out, and the words of one."""

import os
import pty
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from ec2.host_scripts import FOLDER
from ec2.inventory import Host
from ec2.rollout import step_words, waves
from ec2.ssh import Session
from tests.waiting import wait_until

GO_BACK = """
import sys, time
from ec2.ledger import Entry
from ec2.progress import PAGE, Working
from ec2.rollout import go_back
answers = sys.stdout
with Working("rolling out") as working:
    print(PAGE.is_terminal, file=answers, flush=True)
    sys.stdin.readline()
    working.say("building, 1 of 2")
    go_back("", [], Entry.begin("deploy", "", "", {}), working.say)
    time.sleep(0.3)
print("every host went back")
"""
# An ssh that connects to nowhere: each step is one of these, named by the script that the host would run.
SSH = """#!/bin/sh
case "$*" in
*ControlMaster=yes*) echo connected; exec sleep 600 ;;
*"-O check"*) exit 0 ;;
*go_back.sh*)
    echo back >>"$NOTES"
    for _ in $(seq 600); do [ -e "$NOTES.told" ] && break; sleep 0.1; done
    echo "went back" >>"$NOTES" ;;
*prepare.sh*) echo begun >>"$NOTES"; exec $PREPARING ;;
esac
"""
ROLL_OUT = """
from pathlib import Path
from ec2.everywhere import connected
from ec2.inventory import Host
from ec2.ledger import Entry
from ec2.rollout import Arrival, roll_out
from ec2.signals import signals_as_exceptions
hosts = [Host(name, ("app",), f"i-{name}", "198.18.0.7", "10.20.1.5") for name in ("app", "jenkins")]
with signals_as_exceptions(), connected(hosts, Path("key"), Path("known_hosts")) as sessions:
    begun = Entry.begin("deploy", "new", "", {})
    roll_out(Arrival("new"), begun, sessions, lambda: None, lambda line: print(line, flush=True))
"""
STEPS = ("prepare.sh", "replace.sh", "switch.sh", "go_back.sh", "finish.sh")


def session(name: str, *roles: str) -> Session:
    return Session(
        Host(name, roles, f"i-{name}", "198.18.0.7", "10.20.1.5"), Path("key"), Path("known_hosts")
    )


def test_hosts_with_the_database_start_before_those_that_ask_it() -> None:
    app, data = session("app", "app"), session("data", "app", "database")
    jenkins = session("jenkins", "jenkins")
    with closing(app), closing(data), closing(jenkins):
        assert waves([app, data, jenkins]) == [[data], [app, jenkins]]
        assert waves([app]) == [[app]]


@pytest.mark.parametrize("terminal", [False, True])
def test_hosts_go_back_though_whoever_watched_is_gone(terminal: bool) -> None:
    ours, theirs = pty.openpty() if terminal else os.pipe()
    with subprocess.Popen(
        [sys.executable, "-c", GO_BACK],
        cwd=FOLDER.parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm"},
        start_new_session=True,
    ) as launcher:
        os.close(theirs)
        assert launcher.stdout
        assert launcher.stdin
        assert launcher.stdout.readline() == f"{terminal}\n".encode()
        os.close(ours)
        said, _ = launcher.communicate(b"on\n", timeout=30)
    assert (said, launcher.returncode) == (b"every host went back\n", 0)


@pytest.mark.parametrize(
    ("preparing", "first", "second", "status"),
    [
        ("sleep 600", signal.SIGTERM, signal.SIGTERM, 128 + signal.SIGTERM),
        ("sleep 600", signal.SIGTERM, signal.SIGHUP, 128 + signal.SIGTERM),
        ("false", None, signal.SIGTERM, 1),
    ],
)
def test_every_host_goes_back_though_the_launcher_is_told_to_end_meanwhile(
    tmp_path: Path, preparing: str, first: signal.Signals | None, second: signal.Signals, status: int
) -> None:
    notes = tmp_path / "notes"
    notes.touch()
    with rolling_out(tmp_path, notes, preparing) as launcher:
        wait_until(lambda: notes.read_text().count("begun") == 2, 20, "both hosts began")
        if first:
            launcher.send_signal(first)
        wait_until(lambda: notes.read_text().splitlines().count("back") == 2, 20, "both hosts go back")
        launcher.send_signal(second)
        (tmp_path / "notes.told").touch()
        launcher.communicate(timeout=30)
    assert (notes.read_text().count("went back"), launcher.returncode) == (2, status)


def rolling_out(folder: Path, notes: Path, preparing: str) -> subprocess.Popen[bytes]:
    """A launcher in the middle of a roll-out."""
    ssh = folder / "ssh"
    ssh.write_text(SSH)
    ssh.chmod(0o700)
    told = {"PATH": f"{folder}:{os.environ['PATH']}", "NOTES": str(notes), "PREPARING": preparing}
    return subprocess.Popen(
        [sys.executable, "-c", ROLL_OUT],
        cwd=FOLDER.parents[1],
        env={**os.environ, **told},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.mark.parametrize("step", STEPS)
def test_a_step_is_one_script_that_the_shell_understands(step: str) -> None:
    *_, shell, option, script, name, root, release = step_words(step, "20261124-abc")
    assert (shell, option, name, root, release) == ("sh", "-c", step, "/srv/stack", "20261124-abc")
    checked = subprocess.run(["sh", "-n"], input=script, capture_output=True, text=True, check=False)
    assert checked.stderr == ""
    assert script.endswith((FOLDER / step).read_text())


@pytest.mark.parametrize("step", STEPS)
def test_no_two_steps_run_at_once(step: str) -> None:
    lines = (FOLDER / step).read_text().splitlines()
    assert next(line for line in lines if line and not line.startswith("#")) == "alone"
    assert step_words(step, "")[:2] == ["setsid", "--wait"]
