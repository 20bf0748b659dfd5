"""Makes this machine's kernel keep the rules: the one module that runs nft.

Docker's own rules stay as they are, and with Engine 26 they are enough: traffic from this machine goes
through no forward chain, and what stays on one bridge is accepted, also after a public address became a
private one. Docker 28 and newer drop connections from elsewhere to ports that were not published, in a
place where nothing of ours can overrule it; by its documentation the network option
`com.docker.network.bridge.gateway_mode_ipv4=nat-unprotected` ends that. Neither was tried here.
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from ec2.rehearsal.errors import RehearsalError
from ec2.rehearsal.network import machine, names, nft, pool
from ec2.rehearsal.network.compiler import closed_rules
from ec2.rehearsal.settings import Rehearsal


@contextmanager
def begun(rehearsal: Rehearsal) -> Iterator[None]:
    """Start, and when what follows cannot be begun, take away what was not there before."""
    machine.check()
    fresh = not loaded(rehearsal.name)
    try:
        start(rehearsal)
        yield
    except RehearsalError:
        if fresh:
            remove_all(rehearsal.name)
        raise


def start(rehearsal: Rehearsal) -> None:
    """Before the first instance: this machine is fit, every bridge of the cloud closed, the pool answers.

    With rules loaded already, from a run before, they stay. Raises RehearsalError and changes nothing where
    this machine lacks something or the pool is in use.
    """
    machine.check()
    machine.check_range(rehearsal.pool, rehearsal.name)
    if not loaded(rehearsal.name):
        close(rehearsal.name)
    pool.create(rehearsal)


def apply(rehearsal: Rehearsal, script: str) -> bool:
    """Load the script unless it is loaded; whether it was needed.

    Raises RehearsalError with nft's words when it does not load; the instances are closed then.
    """
    pool.let_instances_reach_themselves(rehearsal.name)
    if loaded(rehearsal.name) == nft.version_of(script):
        return False
    refused = run_nft("-f", "-", script=script)
    if refused:
        close(rehearsal.name)
        raise RehearsalError(
            f"the rules did not load, so {rehearsal.name}'s instances are closed: {first_words(refused)}",
            f"nft list table {names.FAMILY} {names.table(rehearsal.name)}",
        )
    return True


def close(cloud: str) -> None:
    """No packet to or from any instance. Raises RehearsalError when not even that can be loaded."""
    refused = run_nft("-f", "-", script=closed_rules(cloud))
    if refused:
        raise RehearsalError(
            f"the instances of {cloud} could not be closed: {first_words(refused)}",
            "stop them: docker stop; then see whether `nft list ruleset` works",
        )


def remove_all(cloud: str) -> None:
    """Take the table and the pool's interface away; nothing to do is fine."""
    table = names.table(cloud)
    run_nft("-f", "-", script=f"table {names.FAMILY} {table}\ndelete table {names.FAMILY} {table}\n")
    pool.remove(cloud)


def loaded(cloud: str) -> str:
    """The version of the rules in the kernel; "" when there is no table."""
    done = subprocess.run(
        ["nft", "--terse", "list", "table", names.FAMILY, names.table(cloud)],
        capture_output=True,
        text=True,
        check=False,
    )
    return nft.version_of(done.stdout)


def run_nft(*arguments: str, script: str) -> str:
    """What nft says against the script; "" when it took it."""
    done = subprocess.run(["nft", *arguments], input=script, capture_output=True, text=True, check=False)
    return (done.stderr.strip() or f"nft ended with {done.returncode}") if done.returncode else ""


def first_words(complaint: str) -> str:
    """nft's first error with the line it points at, on one line."""
    return " ".join(" ".join(complaint.splitlines()[:2]).split())
