"""How each step of a host is taken."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from ec2.rehearsal.control import states
from ec2.rehearsal.errors import RehearsalError
from ec2.rehearsal.machines.console import last_words
from ec2.rehearsal.machines.containers import Containers
from ec2.rehearsal.machines.decision import Host, Step
from ec2.rehearsal.machines.instances import Instance
from ec2.rehearsal.machines.reachability import Reachability
from ec2.rehearsal.machines.sizes import size

log = logging.getLogger(__name__)

Instances = Mapping[str, Instance]


class Surroundings(Protocol):
    """What hosts stand on: networks and disks. Each part may raise RehearsalError."""

    def settle(self, instances: Instances, hosts: Mapping[str, Host]) -> None:
        """Before any host is started: have the rules that are to hold, and the disks of those that run."""

    def make_room(self, instance: Instance) -> None:
        """Before this host is made: have its network."""

    def furnish(self, instance: Instance, process: int) -> None:
        """Once this host has started with that first process: give it its disks."""


@dataclass
class Steps:
    """Takes the steps of hosts; `images` names Docker's image for each machine image."""

    ec2: Any
    containers: Containers
    images: Mapping[str, str]
    surroundings: Surroundings
    reachable: Reachability
    say: Callable[[str], None]
    reboots: set[str] = field(default_factory=set)
    booting: set[str] = field(default_factory=set)
    # Those of the booting that never have booted.
    first_boots: set[str] = field(default_factory=set)

    def take(self, step: Step, instance_id: str, instance: Instance | None) -> None:
        """Take one step; an instance whose host cannot be started learns why."""
        log.info("%s: %s", instance.title if instance else instance_id, step.value)
        try:
            self.act(step, instance_id, instance)
        except Exception as error:
            if not isinstance(error, RehearsalError):
                log.exception("%s: to %s failed", instance_id, step.value)
            if instance and step in (Step.LAUNCH, Step.START):
                self.fail(instance, str(error))

    def act(self, step: Step, instance_id: str, instance: Instance | None) -> None:
        """Carry the step out."""
        if instance is None or step is Step.REMOVE:
            self.remove(instance_id)
            return
        {
            Step.LAUNCH: self.launch,
            Step.START: self.start,
            Step.STOP: self.stop,
            Step.REBOOT: self.reboot,
            Step.SAY_RUNNING: lambda one: states.arrived(one.id, "running"),
            Step.SAY_STOPPED: lambda one: states.arrived(one.id, "stopped"),
            Step.SAY_TERMINATED: lambda one: states.arrived(one.id, "terminated"),
            Step.SAY_POWERED_OFF: self.say_powered_off,
            Step.SAY_FAILED: self.give_up,
        }[step](instance)

    def launch(self, instance: Instance) -> None:
        """Make the host and start it."""
        image = self.images.get(instance.image)
        if image is None:
            raise RehearsalError(f"no host image boots for {instance.image}")
        self.surroundings.make_room(instance)
        self.containers.create(instance, image, size(self.ec2, instance.type))
        self.first_boots.add(instance.id)
        self.start(instance)

    def start(self, instance: Instance) -> None:
        """Start the host and give it its disks."""
        self.reachable.forget(instance.id)
        self.booting.add(instance.id)
        self.surroundings.furnish(instance, self.containers.start(instance.id))

    def stop(self, instance: Instance) -> None:
        """Shut the host down."""
        self.boots_no_more(instance.id)
        self.containers.stop(instance.id)

    def reboot(self, instance: Instance) -> None:
        """Shut the host down and start it."""
        self.reboots.discard(instance.id)
        self.stop(instance)
        self.start(instance)

    def remove(self, instance_id: str) -> None:
        """Shut the host down and remove it."""
        self.boots_no_more(instance_id)
        self.containers.end(instance_id)
        self.containers.remove(instance_id)

    def say_powered_off(self, instance: Instance) -> None:
        """The host was shut down from inside."""
        self.boots_no_more(instance.id)
        states.powered_off(instance.id)

    def boots_no_more(self, instance_id: str) -> None:
        """The host has booted, or its boot was ended on purpose."""
        self.booting.discard(instance_id)
        self.first_boots.discard(instance_id)

    def give_up(self, instance: Instance) -> None:
        """The host does not boot: say what its console said last."""
        tail = self.console_tail(instance.id)
        self.fail(instance, f"it ended while it booted; its console:\n{tail}" if tail else "its host is gone")

    def fail(self, instance: Instance, why: str) -> None:
        """Tell the person and the API why there is no host."""
        self.say(f"{instance.title} could not be started: {why}")
        states.failed_to_launch(instance.id, why)

    def console_tail(self, instance_id: str) -> str:
        """The last lines of the host's console, for a person."""
        return last_words(self.containers.console(instance_id))
