"""Elastic IPs: whose each is, and that it stays with its owner through stops and starts."""

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.elastic_ip_addresses import ElasticAddressBackend
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ec2.responses.elastic_ip_addresses import ElasticIPAddresses

from ec2.rehearsal.control.faults.gateways import gateway_of
from ec2.rehearsal.control.originals import original, replace


def mend_addresses() -> None:
    """Association, release, and what the owner's stop does to it."""
    mend_associating()
    mend_ownership()
    mend_releasing()
    mend_staying()


def mend_associating() -> None:
    """A taken address moves unless the request forbids it, and only to where it leads somewhere."""
    moto_associate = original(ElasticIPAddresses, "associate_address")

    def associate_address(self: Any) -> ActionResult:
        address, interface = asked_address(self), asked_interface(self)
        if address and interface:
            refuse_association(self, address, interface)
        self.params["AllowReassociation"] = True
        answer: ActionResult = moto_associate(self)
        return answer

    replace(ElasticIPAddresses, "associate_address", associate_address)


def asked_address(response: Any) -> Any:
    """The address that the request names. Raises EC2's error for one that is not there."""
    if ip := response._get_param("PublicIp"):
        return response.ec2_backend.address_by_ip([ip])[0]
    allocation = response._get_param("AllocationId")
    return allocation and response.ec2_backend.address_by_allocation([allocation])[0]


def asked_interface(response: Any) -> Any:
    """The interface that the request names, by itself or by its instance."""
    if instance := response._get_param("InstanceId"):
        return response.ec2_backend.get_instance(instance).nics[0]
    named = response._get_param("NetworkInterfaceId")
    return named and response.ec2_backend.get_network_interface(named)


def refuse_association(response: Any, address: Any, interface: Any) -> None:
    """Raise EC2's error for an association that it would not make."""
    if not gateway_of(response.ec2_backend, interface.vpc_id):
        raise EC2ClientError(
            "Gateway.NotAttached", f"Network {interface.vpc_id} is not attached to any internet gateway"
        )
    elsewhere = address.eni and address.eni.id != interface.id
    if elsewhere and response._get_param("AllowReassociation") is False:
        raise EC2ClientError(
            "Resource.AlreadyAssociated",
            f"resource {address.allocation_id} is already associated with "
            f"associate-id {address.association_id}",
        )


def mend_ownership() -> None:
    """One owner, one address: who had it before is without, and what the new owner had is free."""
    moto_associate = original(ElasticAddressBackend, "associate_address")

    def associate_address(
        self: Any, instance: Any = None, eni: Any = None, *more: Any, **choices: Any
    ) -> Any:
        interface = eni or instance.nics[0]
        address = moto_associate(self, instance, eni, *more, **choices)
        for other in self.enis.values():
            if other is not interface and other.public_ip == address.public_ip:
                other.public_ip = None
                other.check_auto_public_ip()
        for other in self.addresses:
            if other is not address and other.eni is interface:
                other.eni = other.instance = other.association_id = None
        address.instance = interface.instance
        return address

    replace(ElasticAddressBackend, "associate_address", associate_address)


def mend_releasing() -> None:
    """A taken address is not released, but in the default VPC: docs, ReleaseAddress."""
    moto_release = original(ElasticIPAddresses, "release_address")

    def release_address(self: Any) -> ActionResult:
        address = asked_address(self)
        if address and address.eni and not self.ec2_backend.get_vpc(address.eni.vpc_id).is_default:
            raise EC2ClientError("InvalidIPAddress.InUse", f"Address {address.public_ip} is in use.")
        answer: ActionResult = moto_release(self)
        return answer

    replace(ElasticIPAddresses, "release_address", release_address)


def mend_staying() -> None:
    """Only a passing public address is lost at a stop and drawn anew at a start."""
    moto_stop = original(NetworkInterface, "stop")
    moto_check = original(NetworkInterface, "check_auto_public_ip")

    def stop(self: Any) -> None:
        if not has_elastic(self):
            moto_stop(self)

    def check_auto_public_ip(self: Any) -> None:
        if not has_elastic(self):
            moto_check(self)

    replace(NetworkInterface, "stop", stop)
    replace(NetworkInterface, "check_auto_public_ip", check_auto_public_ip)


def has_elastic(interface: Any) -> bool:
    """Whether an Elastic IP is associated with it."""
    return any(address.eni is interface for address in interface.ec2_backend.addresses)
