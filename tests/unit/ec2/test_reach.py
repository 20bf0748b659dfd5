"""What is on this machine while hosts are reached is not when that was broken off."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
REACHING = """
import time
from ec2.deployer_key import DeployerKey
from ec2.reach import reached
with reached([], lambda service: None, DeployerKey("private")):
    print("reached", flush=True)
    time.sleep(60)
"""


@pytest.mark.usefixtures("signals_heard")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_the_key_goes_however_reaching_the_hosts_ends(tmp_path: Path, number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", REACHING],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as reaching:
        assert reaching.stdout
        assert reaching.stdout.readline() == b"reached\n"
        assert [key.read_text() for key in tmp_path.glob("*/key")] == ["private"]
        reaching.send_signal(number)
    assert list(tmp_path.iterdir()) == []
