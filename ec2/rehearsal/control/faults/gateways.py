"""Internet gateways, the routes to them, and endpoints: each belongs to one VPC."""

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.vpcs import VPCBackend
from moto.ec2.responses.internet_gateways import InternetGateways
from moto.ec2.responses.route_tables import RouteTables

from ec2.rehearsal.control.faults.interfaces import interfaces
from ec2.rehearsal.control.originals import original, replace


def mend_gateways() -> None:
    """What EC2 refuses of them, and an endpoint's routes."""
    mend_attaching()
    mend_detaching()
    for name in ("create_route", "replace_route"):
        mend_routes(name)
    mend_table_associations()
    mend_endpoints()


def gateway_of(backend: Any, vpc_id: str) -> Any:
    """The VPC's internet gateway, None without one."""
    every = backend.internet_gateways.values()
    return next((one for one in every if one.vpc and one.vpc.id == vpc_id), None)


def mend_attaching() -> None:
    """A VPC has one internet gateway."""
    moto_attach = original(InternetGateways, "attach_internet_gateway")

    def attach_internet_gateway(self: Any) -> ActionResult:
        vpc, asked = self._get_param("VpcId"), self._get_param("InternetGatewayId")
        held = gateway_of(self.ec2_backend, vpc)
        if held and held.id != asked:
            raise EC2ClientError(
                "InvalidParameterValue", f"Network {vpc} already has an internet gateway attached"
            )
        answer: ActionResult = moto_attach(self)
        return answer

    replace(InternetGateways, "attach_internet_gateway", attach_internet_gateway)


def mend_detaching() -> None:
    """No gateway leaves a VPC in which somebody has a public address."""
    moto_detach = original(InternetGateways, "detach_internet_gateway")

    def detach_internet_gateway(self: Any) -> ActionResult:
        vpc = self._get_param("VpcId")
        if any(one.public_ip and one.vpc_id == vpc for one in interfaces(self.ec2_backend)):
            raise EC2ClientError(
                "DependencyViolation",
                f"Network {vpc} has some mapped public address(es). "
                "Please unmap those public address(es) before detaching the gateway.",
            )
        answer: ActionResult = moto_detach(self)
        return answer

    replace(InternetGateways, "detach_internet_gateway", detach_internet_gateway)


def mend_routes(name: str) -> None:
    """A route leads to a gateway of the table's own VPC."""
    moto_put = original(RouteTables, name)

    def put(self: Any) -> ActionResult:
        table = self.ec2_backend.get_route_table(self._get_param("RouteTableId"))
        asked = self._get_param("GatewayId") or ""
        if asked.startswith("igw-"):
            gateway = self.ec2_backend.get_internet_gateway(asked)
            if not gateway.vpc or gateway.vpc.id != table.vpc_id:
                raise EC2ClientError(
                    "InvalidParameterValue",
                    f"route table {table.id} and network gateway {asked} belong to different networks",
                )
        answer: ActionResult = moto_put(self)
        return answer

    replace(RouteTables, name, put)


def mend_table_associations() -> None:
    """A subnet changes its table by ReplaceRouteTableAssociation; moto keeps the old one and says nothing."""
    moto_associate = original(RouteTables, "associate_route_table")

    def associate_route_table(self: Any) -> ActionResult:
        subnet, asked = self._get_param("SubnetId"), self._get_param("RouteTableId")
        for table in self.ec2_backend.route_tables.values():
            if subnet in table._associations.values() and table.id != asked:
                raise EC2ClientError(
                    "Resource.AlreadyAssociated",
                    f"the specified association for route table {asked} "
                    "conflicts with an existing association",
                )
        answer: ActionResult = moto_associate(self)
        return answer

    replace(RouteTables, "associate_route_table", associate_route_table)


def mend_endpoints() -> None:
    """An endpoint's route comes to a table that is added to it, and goes from one that is removed."""
    moto_modify = original(VPCBackend, "modify_vpc_endpoint")

    def modify_vpc_endpoint(self: Any, vpc_id: str, *arguments: Any, **choices: Any) -> None:
        (endpoint,) = self.describe_vpc_endpoints(vpc_end_point_ids=[vpc_id])
        before = set(endpoint.route_table_ids)
        moto_modify(self, vpc_id, *arguments, **choices)
        now, services = set(endpoint.route_table_ids), endpoint.destination_prefix_list_id
        if not services:
            return
        for table in now - before:
            self.create_route(table, None, gateway_id=endpoint.id, destination_prefix_list_id=services)
        for table in before - now:
            self.delete_route(table, None, destination_prefix_list_id=services)

    replace(VPCBackend, "modify_vpc_endpoint", modify_vpc_endpoint)
