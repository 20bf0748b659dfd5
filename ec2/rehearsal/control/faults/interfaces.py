"""Network interfaces: their groups are the instance's, and they end with it."""

from collections.abc import Iterator
from typing import Any

from moto.ec2.models.elastic_network_interfaces import NetworkInterface, NetworkInterfaceBackend
from moto.ec2.models.instances import Instance

from ec2.rehearsal.control.originals import original, replace


def mend_interfaces() -> None:
    """One set of groups, one end."""
    mend_groups()
    mend_ends()


def mend_groups() -> None:
    """An instance's groups are its primary interface's; moto keeps two lists and tells their union."""

    def groups(self: Any) -> Any:
        interface = primary(self)
        return interface._group_set if interface else self.__dict__.get("security_groups", [])

    def set_groups(self: Any, wanted: Any) -> None:
        self.__dict__["security_groups"] = wanted
        if interface := primary(self):
            interface._group_set = list(wanted)

    replace(Instance, "security_groups", property(groups, set_groups))
    replace(NetworkInterface, "group_set", property(lambda self: self._group_set))


def primary(instance: Any) -> Any:
    """The first interface, None while the instance is being made."""
    return instance.__dict__.get("nics", {}).get(0)


def mend_ends() -> None:
    """One made with the instance ends with it unless asked otherwise; its Elastic IP is free then."""
    moto_prepare = original(Instance, "prep_nics")
    moto_delete = original(NetworkInterfaceBackend, "delete_network_interface")

    def prep_nics(self: Any, nic_spec: list[dict[str, Any]], *more: Any, **choices: Any) -> None:
        kept = {
            int(nic["DeviceIndex"])
            for nic in nic_spec
            if nic.get("NetworkInterfaceId") or nic.get("DeleteOnTermination") is False
        }
        moto_prepare(self, nic_spec, *more, **choices)
        for index, interface in self.nics.items():
            interface.delete_on_termination = index not in kept

    def delete_network_interface(self: Any, eni_id: str) -> None:
        moto_delete(self, eni_id)
        for address in self.addresses:
            if address.eni and address.eni.id == eni_id:
                address.eni = address.instance = address.association_id = None

    replace(Instance, "prep_nics", prep_nics)
    replace(NetworkInterfaceBackend, "delete_network_interface", delete_network_interface)


def interfaces(backend: Any) -> Iterator[Any]:
    """Every interface that holds its subnet, groups and addresses: also those of hosts still going down."""
    yield from list(backend.enis.values())
    for instance in backend.all_instances():
        if instance._state.name == "shutting-down":
            yield from (one for one in instance.nics.values() if one.id not in backend.enis)
