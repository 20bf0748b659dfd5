"""What hosts stand on: the rules of their network, and their disks."""

from collections.abc import Callable, Mapping
from ipaddress import IPv4Network
from typing import Any

from ec2.rehearsal.machines.containers import Containers
from ec2.rehearsal.machines.decision import Host
from ec2.rehearsal.machines.instances import Instance
from ec2.rehearsal.network import applier, machine, names, pool
from ec2.rehearsal.network.compiler import compile_rules
from ec2.rehearsal.network.observe import observe
from ec2.rehearsal.network.services import Services
from ec2.rehearsal.settings import METADATA_PORT, Rehearsal
from ec2.rehearsal.volumes import reconcile as volumes
from ec2.rehearsal.volumes.attachments import Detachments


class Ground:
    """The networks and disks of one cloud, kept as its API says; `ec2` is a client of that."""

    def __init__(
        self,
        rehearsal: Rehearsal,
        ec2: Any,
        containers: Containers,
        detachments: Detachments,
        say: Callable[[str], None],
    ) -> None:
        self.rehearsal = rehearsal
        self.ec2 = ec2
        self.containers = containers
        self.detachments = detachments
        self.say = say
        self.said: set[str] = set()
        self.services = Services(rehearsal.gateway, rehearsal.port, METADATA_PORT, machine.resolvers())

    def settle(self, instances: Mapping[str, Instance], hosts: Mapping[str, Host]) -> None:
        """Have the disks of the hosts, the rules that hold for the instances, and no idle network.

        Disks come first: a snapshot is to hold what was there when it was asked for.
        """
        self.place_disks({one.instance_id: one.process for one in hosts.values() if one.running})
        network = observe(self.ec2, self.rehearsal.name)
        applier.apply(self.rehearsal, compile_rules(network, self.rehearsal, self.services))
        used = {one.vpc for one in instances.values() if one.state != "terminated"}
        for vpc in self.containers.networks().keys() - used - {host.vpc for host in hosts.values()}:
            self.containers.remove_network(vpc)

    def make_room(self, instance: Instance) -> None:
        """Have the network of the instance's VPC. Raises RehearsalError where its range is in use here."""
        (vpc,) = self.ec2.describe_vpcs(VpcIds=[instance.vpc])["Vpcs"]
        bridge = names.bridge(self.rehearsal.name, instance.vpc)
        machine.check_range(IPv4Network(vpc["CidrBlock"]), self.rehearsal.name)
        self.containers.ensure_network(instance.vpc, vpc["CidrBlock"], bridge)

    def furnish(self, instance: Instance, process: int) -> None:
        """Give a host that has just started its disks and its way to itself."""
        pool.let_instances_reach_themselves(self.rehearsal.name)
        self.place_disks({instance.id: process})

    def place_disks(self, running: Mapping[str, int]) -> None:
        """Give every running host its disks; what stands in the way is said and does not stop the rest."""
        report = volumes.reconcile(self.rehearsal, self.ec2, running, self.detachments.forced)
        self.detachments.settle(report)
        problems = {problem.message: problem.hint for problem in report.problems}
        for message in problems.keys() - self.said:
            self.say(f"{message}; {problems[message]}")
        self.said = set(problems)
