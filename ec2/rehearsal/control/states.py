"""What the hypervisor reports back: moto is told the state that a host has really reached."""

from typing import Any

from moto.ec2.models.instances import InstanceState, StateReason

from ec2.rehearsal.control.backends import ec2_backend
from ec2.rehearsal.control.turns import TURN

CODES = {
    "pending": 0, "running": 16, "shutting-down": 32, "terminated": 48, "stopping": 64, "stopped": 80,
}  # fmt: skip
# The next state of each that is on its way.
ARRIVES_AT = {"pending": "running", "stopping": "stopped", "shutting-down": "terminated"}


def set_state(instance: Any, name: str) -> None:
    """Write the state that DescribeInstances shows."""
    instance._state = InstanceState(name, CODES[name])


def arrived(instance_id: str, at: str) -> None:
    """The host runs, has stopped, or is gone: true unless the API has changed its mind meanwhile."""
    with TURN:
        instance = ec2_backend().get_instance(instance_id)
        if ARRIVES_AT.get(instance._state.name) == at:
            set_state(instance, at)


def powered_off(instance_id: str) -> None:
    """The host was shut down from inside: it stops, or terminates if that is what it was started for."""
    why = StateReason(
        "Client.InstanceInitiatedShutdown: Instance initiated shutdown", "Client.InstanceInitiatedShutdown"
    )
    with TURN:
        instance = ec2_backend().get_instance(instance_id)
        if instance.instance_initiated_shutdown_behavior == "terminate":
            instance.terminate(why)
        else:
            instance.stop(why)


def failed_to_launch(instance_id: str, why: str) -> None:
    """The host could not be started: the instance terminates and says why, as AWS does it."""
    reason = StateReason(f"Server.InternalError: {why}", "Server.InternalError")
    with TURN:
        ec2_backend().get_instance(instance_id).terminate(reason)
