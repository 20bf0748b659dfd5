"""The end of a local EC2: everything of it goes from this machine, whatever state its process left it in."""

import shutil

from ec2.rehearsal import process
from ec2.rehearsal.machines.containers import Containers, engine_here
from ec2.rehearsal.network import applier
from ec2.rehearsal.settings import Rehearsal
from ec2.rehearsal.volumes import reconcile as volumes


def remove_everything(rehearsal: Rehearsal) -> str:
    """Leave nothing of the cloud on this machine, whatever its process left; what was removed, as a sentence.

    Safe to run twice, and after the process was killed.
    """
    process.require_root()
    containers = Containers(rehearsal, engine_here())
    hosts = len(containers.hosts())
    containers.remove_all()
    volumes.remove_all(rehearsal)
    applier.remove_all(rehearsal.name)
    shutil.rmtree(rehearsal.state, ignore_errors=True)
    return f"the cloud '{rehearsal.name}' is gone, with {hosts} host{'' if hosts == 1 else 's'}"
