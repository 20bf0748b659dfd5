"""The interface that owns the public addresses, and the bridges' ports.

A bridge without ports: every kernel with Docker has bridges, not every one has dummy devices.
"""

import subprocess
from pathlib import Path

from ec2.rehearsal.errors import RehearsalError
from ec2.rehearsal.network import names
from ec2.rehearsal.settings import Rehearsal

INTERFACES = Path("/sys/class/net")


def create(rehearsal: Rehearsal) -> None:
    """The pool's gateway is this machine's address from now on. Raises RehearsalError with ip's words."""
    device = names.pool_bridge(rehearsal.name)
    if not (INTERFACES / device).exists():
        ip("link", "add", "name", device, "type", "bridge")
    ip("addr", "replace", f"{rehearsal.gateway}/{rehearsal.pool.prefixlen}", "dev", device)
    ip("link", "set", device, "up")


def remove(cloud: str) -> None:
    """The pool's addresses lead nowhere again."""
    device = names.pool_bridge(cloud)
    if (INTERFACES / device).exists():
        ip("link", "delete", device)


def let_instances_reach_themselves(cloud: str) -> None:
    """A bridge sends no packet back to the port it came from, so an instance's own public address is silent.

    Ports come and go with containers: repeat it after every start. A port that vanishes meanwhile is fine.
    """
    for mode in INTERFACES.glob(f"{names.bridge_prefix(cloud)}*/brif/*/hairpin_mode"):
        try:
            mode.write_text("1")
        except OSError:
            continue


def ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RehearsalError(f"ip {' '.join(words)}: {done.stderr.strip()}", "ip -brief address")
