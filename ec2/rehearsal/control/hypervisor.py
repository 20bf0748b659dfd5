"""What the control plane asks of whoever runs the hosts."""

from typing import Protocol


class Hypervisor(Protocol):
    """The hosts behind the API, each called by its instance's id."""

    def changed(self) -> None:
        """The API was asked to change something: look soon."""

    def reboot(self, instance_id: str) -> None:
        """Boot the host anew, on the same disks and addresses."""

    def reachability(self, instance_id: str) -> str:
        """`initializing`, `ok` or `impaired`, as DescribeInstanceStatus has it."""

    def console(self, instance_id: str) -> str:
        """What the host has written on its console, the end of it."""
