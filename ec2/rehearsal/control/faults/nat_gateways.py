"""NAT gateways: in their subnet, behind an address of their own, and gone with all that they had."""

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.nat_gateways import NatGatewayBackend
from moto.ec2.models.subnets import Subnet
from moto.ec2.responses.nat_gateways import NatGateways
from moto.ec2.utils import add_tag_specification

from ec2.rehearsal.control.faults.gateways import gateway_of
from ec2.rehearsal.control.originals import original, replace

Failure = tuple[str, str]


def mend_nat_gateways() -> None:
    """From their first moment to their last."""
    mend_private_addresses()
    mend_creation()
    mend_deletion()


def mend_private_addresses() -> None:
    """An address outside the subnet, or taken, is a refusal and no failure."""
    moto_request = original(Subnet, "request_ip")

    def request_ip(self: Any, ip: str, instance: Any) -> None:
        try:
            moto_request(self, ip, instance)
        except Exception as error:
            taken = ip in self._subnet_ips
            code = "InvalidIPAddress.InUse" if taken else "InvalidParameterValue"
            say = (
                f"Address {ip} is in use."
                if taken
                else "Address does not fall within the subnet's address range"
            )
            raise EC2ClientError(code, say) from error

    replace(Subnet, "request_ip", request_ip)


def mend_creation() -> None:
    """It fails in AWS's way where its Elastic IP is taken or its VPC has no way out."""

    def create_nat_gateway(self: Any) -> ActionResult:
        backend, allocation = self.ec2_backend, self._get_param("AllocationId")
        subnet = backend.get_subnet(self._get_param("SubnetId"))
        address = allocation and backend.address_by_allocation([allocation])[0]
        kind = self._get_param("ConnectivityType") or "public"
        failure = why_not(backend, subnet, address) if kind == "public" else None
        if ip := self._get_param("PrivateIpAddress"):
            subnet.request_ip(ip, None)
        gateway = backend.create_nat_gateway(
            subnet_id=subnet.id,
            allocation_id=None if failure else allocation,
            tags=add_tag_specification(self._get_param("TagSpecifications", [])),
            connectivity_type=kind,
        )
        stand(gateway, subnet, ip)
        if failure:
            fail(gateway, failure)
        return ActionResult({"NatGateway": gateway})

    replace(NatGateways, "create_nat_gateway", create_nat_gateway)


def why_not(backend: Any, subnet: Any, address: Any) -> Failure | None:
    """The code and the sentence with which a public gateway would fail, None when it would not."""
    if not gateway_of(backend, subnet.vpc_id):
        return "Gateway.NotAttached", f"Network {subnet.vpc_id} has no Internet gateway attached"
    if address and address.association_id:
        return (
            "Resource.AlreadyAssociated",
            f"Elastic IP address [{address.allocation_id}] is already associated",
        )
    return None


def stand(gateway: Any, subnet: Any, ip: str | None) -> None:
    """Give it an address of its subnet; moto gives it any at all."""
    interface = gateway._eni
    own = ip or subnet.get_available_subnet_ip(interface)
    gateway.private_ip = interface.private_ip_address = own
    interface.private_ip_addresses = [{"Primary": True, "PrivateIpAddress": own}]
    interface.description = f"Interface for NAT Gateway {gateway.id}"
    interface.interface_type, interface.status = "nat_gateway", "in-use"
    # No group decides about a NAT gateway's traffic.
    interface._group_set = []
    gateway.address_set[0]["privateIp"] = own


def fail(gateway: Any, failure: Failure) -> None:
    """As AWS leaves it: listed, with the reason, without an interface."""
    gateway.state = "failed"
    gateway.failure_code, gateway.failure_message = failure
    gateway._eni.delete()


def mend_deletion() -> None:
    """It takes its interface along, and its Elastic IP is free again."""

    def delete_nat_gateway(self: Any, nat_gateway_id: str) -> Any:
        gateway = self.nat_gateways.get(nat_gateway_id)
        if gateway is None:
            raise EC2ClientError("NatGatewayNotFound", f"The Nat Gateway {nat_gateway_id} was not found")
        gateway.state = "deleted"
        if gateway._eni.id in self.enis:
            gateway._eni.delete()
        return gateway

    replace(NatGatewayBackend, "delete_nat_gateway", delete_nat_gateway)
