"""Every change to moto that makes states, addresses and authorization true; faults has all others.

They lean on moto's insides: its version is pinned exactly, and each has a test that fails when moto changes.
"""

import secrets
from copy import copy
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from moto.core.authorization import ActionAuthenticatorMixin
from moto.core.exceptions import ServiceException, _RESTError
from moto.core.responses import ActionResult
from moto.core.types import Base64EncodedString
from moto.ec2.models import elastic_ip_addresses, elastic_network_interfaces
from moto.ec2.models.instances import Instance, StateReason
from moto.ec2.models.subnets import Subnet
from moto.ec2.responses.general import General
from moto.sts.models import sts_backends

from ec2.rehearsal.control.backends import ec2_backend
from ec2.rehearsal.control.denials import denial
from ec2.rehearsal.control.faults import mend_moto
from ec2.rehearsal.control.hypervisor import Hypervisor
from ec2.rehearsal.control.originals import original, replace
from ec2.rehearsal.control.states import set_state
from ec2.rehearsal.control.turns import TURN

# The first ones are this machine's own and a reserve, as AWS keeps the first addresses of each subnet.
RESERVED_ADDRESSES = 10
RESERVED_IN_SUBNET = 4


def patch_moto(hypervisor: Hypervisor, pool: IPv4Network) -> None:
    """Apply every patch; a second call takes the place of the first."""
    mend_moto()
    patch_states(hypervisor)
    patch_status(hypervisor)
    patch_console(hypervisor)
    patch_public_addresses(pool)
    patch_private_addresses()
    patch_authorization()


def patch_states(hypervisor: Hypervisor) -> None:
    """An instance is pending until its host runs, stopping until it has ended; moto knows no in-between.

    Moto writes into the state that it has handed out, and why an instance ends only afterwards: whoever asks
    in between sees neither an end that has not come nor one without its reason.
    """
    moto_create, moto_start = original(Instance, "__init__"), original(Instance, "start")
    moto_stop, moto_terminate = original(Instance, "stop"), original(Instance, "terminate")

    def create(self: Any, *arguments: Any, **choices: Any) -> None:
        moto_create(self, *arguments, **choices)
        set_state(self, "pending")

    def start(self: Any) -> Any:
        self.host_reason = None
        previous = moto_start(self)
        set_state(self, "running" if previous.name == "running" else "pending")
        return previous

    def stop(self: Any, why: StateReason | None = None) -> Any:
        already = self._state.name
        self.host_reason = why
        previous = moto_stop(self)
        set_state(self, "stopped" if already == "stopped" else "stopping")
        return previous

    def terminate(self: Any, why: StateReason | None = None) -> Any:
        if self._state.name in ("shutting-down", "terminated"):
            return self._state
        self.host_reason = why
        previous = moto_terminate(self)
        set_state(self, "shutting-down")
        return previous

    for name, ours in {"__init__": create, "start": start, "stop": stop, "terminate": terminate}.items():
        replace(Instance, name, ours)
    replace(
        Instance,
        "_state",
        property(lambda self: copy(vars(self)["_state"]), lambda self, to: vars(self).update(_state=to)),
    )
    replace(
        Instance,
        "state_reason",
        property(
            lambda self: vars(self).get("host_reason") or vars(self)["state_reason"],
            lambda self, to: vars(self).update(state_reason=to),
        ),
    )
    replace(Instance, "reboot", lambda self: hypervisor.reboot(self.id))


def patch_status(hypervisor: Hypervisor) -> None:
    """A status check has passed when the host answers, not when the API has been asked to run it."""

    def status(instance: Any) -> dict[str, Any]:
        if instance._state.name != "running":
            return {"Status": "not-applicable"}
        found = hypervisor.reachability(instance.id)
        passed = {"ok": "passed", "impaired": "failed"}.get(found, found)
        return {"Status": found, "Details": [{"Name": "reachability", "Status": passed}]}

    replace(Instance, "instance_status", property(status))


def patch_console(hypervisor: Hypervisor) -> None:
    """The console is the host's own; moto has a canned one."""

    def get_console_output(self: Any) -> ActionResult:
        instance = self.ec2_backend.get_instance(self._get_param("InstanceId"))
        text = Base64EncodedString.from_raw_string(hypervisor.console(instance.id))
        return ActionResult({"InstanceId": instance.id, "Timestamp": datetime.now(UTC), "Output": text})

    replace(General, "get_console_output", get_console_output)


def patch_public_addresses(pool: IPv4Network) -> None:
    """Public addresses come from the pool; some of moto's own are real, and belong to strangers."""

    def next_address() -> str:
        backend = ec2_backend()
        taken = {address.public_ip for address in backend.addresses}
        taken |= {interface.public_ip for interface in backend.enis.values()}
        free = [str(address) for address in list(pool.hosts())[RESERVED_ADDRESSES:]]
        # Any free one, as AWS does: whoever relies on getting the same one again shall notice here.
        return secrets.choice([address for address in free if address not in taken])

    replace(elastic_ip_addresses, "random_ip", next_address)
    replace(elastic_network_interfaces, "random_public_ip", next_address)


def patch_private_addresses() -> None:
    """The lowest free address of the subnet; moto counts in a generator that a restart sets back."""

    def get_available_subnet_ip(self: Any, instance: Any) -> str:
        taken = set(self._subnet_ips)
        taken |= {
            interface.private_ip_address
            for interface in self.ec2_backend.enis.values()
            if interface.subnet.id == self.id
        }
        for address in list(self.cidr.hosts())[RESERVED_IN_SUBNET - 1 :]:
            if str(address) not in taken and leased_long_ago(self, address):
                self._subnet_ips[str(address)] = instance
                return str(address)
        raise NoAddress(self.id)

    replace(Subnet, "get_available_subnet_ip", get_available_subnet_ip)


def leased_long_ago(subnet: Any, address: IPv4Address) -> bool:
    """Whether no host that may still be going down has the address."""
    ending = ("shutting-down", "stopping")
    return not any(
        instance._state.name in ending and str(address) in instance._private_ips
        for instance in subnet.ec2_backend.all_instances()
    )


class NoAddress(ServiceException):
    """What RunInstances answers when the subnet is full."""

    code = "InsufficientFreeAddressesInSubnet"

    def __init__(self, subnet: str):
        super().__init__(f"The specified subnet does not have enough free addresses: {subnet}")


def patch_authorization() -> None:
    """Policies count for whoever has an instance's role, and for as long as its credentials last.

    moto checks everybody or nobody; here the person who deploys stays free to do all.
    """

    moto_authorize = original(ActionAuthenticatorMixin, "_authenticate_and_authorize_action")

    def authorize(self: Any, request_class: type, resource: str = "*") -> None:
        credential = (self.headers.get("Authorization") or "").partition("Credential=")[2].partition("/")[0]
        if not credential.startswith("ASIA"):
            return
        try:
            # Policies are IAM's, whichever service is asked.
            with TURN:
                if expired(credential):
                    raise ExpiredToken()
                moto_authorize(self, request_class, resource)
        except _RESTError as error:
            raise denial(self.headers, error) from error

    replace(ActionAuthenticatorMixin, "_authenticate_and_authorize_action", authorize)


def expired(access_key: str) -> bool:
    """Whether the session of this key is over; one that is not known is moto's to refuse."""
    sessions = [
        role
        for account in sts_backends.values()
        for backend in account.values()
        for role in backend.assumed_roles
        if role.access_key_id == access_key
    ]
    return any(role.expiration.replace(tzinfo=UTC) < datetime.now(UTC) for role in sessions)


class ExpiredToken(_RESTError):
    """What AWS answers to credentials whose time is over."""

    code = 403

    def __init__(self) -> None:
        super().__init__("ExpiredToken", "The security token included in the request is expired")
