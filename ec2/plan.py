"""What a deployment would do, to AWS and to each host; pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ec2.facts import Facts, Sending
from ec2.inventory import Host
from ec2.outlook import CREATE, REMOVE, REPLACE, START, Outlook
from ec2.stack import Change
from ec2.stack import Plan as StackPlan
from ec2.template.stack_policy import IRREPLACEABLE

# In this order; what is kept is only counted.
TOLD = (CREATE, REPLACE, START, REMOVE)
# What people notice while a service is replaced; the others' restarts they do not.
INTERRUPTIONS = {
    "nginx": "the microblog is not reached for about a second",
    "mariadb": "the microblog shows its maintenance page for some seconds",
    "jenkins": "builds end, and Jenkins is back after a minute or two",
    "prometheus": "some seconds are not measured",
}
STOPS = "it stops and starts, and what runs there is back after some minutes"


@dataclass(frozen=True)
class Plan:
    """The change set, how each host would change that stands already, and what would be sent to it.

    `unseen` says of hosts why they could not be looked at: the update itself may open the way to them.
    `missing_secrets` are those that the settings need and nobody has given.
    """

    stack: StackPlan
    tag: str
    outlooks: Mapping[Host, Outlook] = field(default_factory=dict)
    sending: Mapping[Host, Sending] = field(default_factory=dict)
    unseen: Mapping[Host, str] = field(default_factory=dict)
    missing_secrets: tuple[str, ...] = ()

    @property
    def nothing_to_do(self) -> bool:
        """Whether the stack is as it should be, and every host runs one release of this commit, healthy."""
        return (
            not self.stack.change_set
            and bool(self.outlooks)
            and not self.unseen
            and not self.missing_secrets
            and not self.unfinished
            and all(outlook.changes_nothing for outlook in self.outlooks.values())
            and {commit(outlook.serves) for outlook in self.outlooks.values()} == {self.tag}
        )

    @property
    def forbidden(self) -> tuple[Change, ...]:
        """What the stack's policy will not let happen: data, addresses and hosts are never replaced."""
        if self.stack.creates:
            return ()
        return tuple(
            change
            for change in self.stack.changes
            if change.type in IRREPLACEABLE
            and (change.replacement == "True" or (change.is_host and change.replaces))
        )

    @property
    def leaving(self) -> frozenset[Host]:
        """The hosts that the change set removes."""
        gone = {change.physical_id for change in self.stack.changes if change.action == "Remove"}
        return frozenset(host for host in self.outlooks if host.instance_id in gone)

    @property
    def unfinished(self) -> bool:
        """Whether a deployment was broken off while it changed hosts, and nobody could put them back."""
        serving = {outlook.serves for outlook in self.outlooks.values()} - {""}
        begun = any(outlook.serves and not outlook.finished for outlook in self.outlooks.values())
        return begun or len(serving) > 1

    @property
    def facts(self) -> dict[str, Facts]:
        """The facts of each host that was looked at, by its name."""
        return {host.name: outlook.facts for host, outlook in self.outlooks.items()}

    def provisioned(self, host: Host, mark: str) -> bool:
        """Whether the host was looked at and says that mark."""
        return host in self.outlooks and self.outlooks[host].provisioned == mark

    def interruptions(self) -> dict[str, str]:
        """What people notice, by host that is stopped for a change and by service."""
        replaced = {
            service
            for host, outlook in self.outlooks.items()
            if host not in self.leaving
            for service, change in outlook.changes.items()
            if change == REPLACE
        }
        return {
            **{change.logical_id: STOPS for change in self.stack.changes if change.stops},
            **{service: INTERRUPTIONS[service] for service in INTERRUPTIONS if service in replaced},
        }

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "stack": [
                {
                    "action": change.action,
                    "resource": change.logical_id,
                    "type": change.type,
                    "replaces": change.replaces,
                    "stops": change.stops,
                }
                for change in self.stack.changes
            ],
            "hosts": {
                host.name: {
                    "serves": outlook.serves,
                    "services": dict(outlook.changes),
                    "layers_to_send": self.sending[host].layers,
                    "bytes_to_send": self.sending[host].bytes,
                }
                for host, outlook in self.outlooks.items()
            },
            "missing_secrets": list(self.missing_secrets),
            "unseen": {host.name: why for host, why in self.unseen.items()},
            "interruptions": self.interruptions(),
            "nothing_to_do": self.nothing_to_do,
        }


def commit(release: str) -> str:
    """The tag in a release's id, which is TIME-TAG."""
    return release.partition("-")[2]


def grouped(changes: Mapping[str, str]) -> dict[str, list[str]]:
    """The services of each change but `keep`, by change."""
    groups = {
        change: [service for service in sorted(changes) if changes[service] == change] for change in TOLD
    }
    return {change: services for change, services in groups.items() if services}
