"""In which order hosts take the steps of a roll-out, and the words of one."""

import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from ec2.host_scripts import FOLDER
from ec2.inventory import Host
from ec2.rollout import step_words, waves
from ec2.ssh import Session

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
