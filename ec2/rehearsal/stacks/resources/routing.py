"""Where a subnet's packets go: route tables, routes, their subnets, and the NAT gateway."""

from typing import Any, ClassVar

from ec2.rehearsal.stacks.resources.contract import Clients, Place
from ec2.rehearsal.stacks.resources.kind import Ec2Kind, Kind
from ec2.rehearsal.stacks.resources.looking import first, picked, unless_gone, wholly
from ec2.rehearsal.stacks.resources.tags import own_tags
from ec2.rehearsal.stacks.resources.waiting import wait

DESTINATIONS = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")
TARGETS = ("GatewayId", "NatGatewayId", "InstanceId", "NetworkInterfaceId", "VpcPeeringConnectionId")


class RouteTable(Ec2Kind):
    """AWS::EC2::RouteTable."""

    name = "AWS::EC2::RouteTable"
    tagged_as = "route-table"
    carried_out = frozenset({"VpcId", "Tags"})
    attributes: ClassVar = {"RouteTableId": "RouteTableId"}

    def create(self, aws: Clients, properties: dict[str, Any], place: Place) -> str:
        """The table, with the VPC's own route."""
        made = aws("ec2").create_route_table(VpcId=properties["VpcId"], **self.tags(properties, place))
        table_id: str = made["RouteTable"]["RouteTableId"]
        return table_id

    def delete(self, aws: Clients, physical_id: str, properties: dict[str, Any], place: Place) -> None:
        """AWS refuses while a subnet uses it."""
        with unless_gone():
            aws("ec2").delete_route_table(RouteTableId=physical_id)

    def look(self, aws: Clients, physical_id: str) -> dict[str, Any] | None:
        """The table with its routes."""
        return first(aws("ec2").describe_route_tables, "RouteTables", RouteTableIds=[physical_id])

    def shape(self, aws: Clients, live: dict[str, Any]) -> dict[str, Any]:
        """Routes are resources of their own."""
        return {"VpcId": live["VpcId"], "Tags": own_tags(live["Tags"])}


class Route(Kind):
    """AWS::EC2::Route; its id is AWS's own: rtb-…|0.0.0.0/0."""

    name = "AWS::EC2::Route"
    carried_out = frozenset({"RouteTableId", *DESTINATIONS, *TARGETS})
    attributes: ClassVar = {"CidrBlock": "destination"}

    def create(self, aws: Clients, properties: dict[str, Any], place: Place) -> str:
        """Add the route to its table."""
        aws("ec2").create_route(**properties)
        return route_id(properties)

    def update(
        self, aws: Clients, physical_id: str, old: dict[str, Any], new: dict[str, Any], place: Place
    ) -> None:
        """Another target, without a moment without a route."""
        if old != new:
            aws("ec2").replace_route(**new)

    def delete(self, aws: Clients, physical_id: str, properties: dict[str, Any], place: Place) -> None:
        """Take the route out of its table."""
        with unless_gone():
            aws("ec2").delete_route(**picked(properties, "RouteTableId", *DESTINATIONS))

    def look(self, aws: Clients, physical_id: str) -> dict[str, Any] | None:
        """The route of that destination in that table."""
        table_id, destination = physical_id.split("|")
        table = first(aws("ec2").describe_route_tables, "RouteTables", RouteTableIds=[table_id]) or {}
        for route in table.get("Routes", ()):
            if destination in picked(route, *DESTINATIONS).values():
                return {**route, "RouteTableId": table_id, "destination": destination}
        return None

    def made_for(self, aws: Clients, properties: dict[str, Any], place: Place) -> frozenset[str]:
        """The route of that destination to that target."""
        wanted = picked(properties, *DESTINATIONS, *TARGETS)
        physical_id = route_id(properties)
        live = self.look(aws, physical_id)
        return frozenset({physical_id} if live and picked(live, *wanted) == wanted else ())

    def shape(self, aws: Clients, live: dict[str, Any]) -> dict[str, Any]:
        """AWS names the interface of an instance that routes, too; a template names one of both."""
        return picked(live, "RouteTableId", *DESTINATIONS, *TARGETS)


def route_id(properties: dict[str, Any]) -> str:
    """How AWS names a route."""
    destination = next(iter(picked(properties, *DESTINATIONS).values()))
    return f"{properties['RouteTableId']}|{destination}"


class SubnetRouteTableAssociation(Kind):
    """AWS::EC2::SubnetRouteTableAssociation."""

    name = "AWS::EC2::SubnetRouteTableAssociation"
    carried_out = frozenset({"RouteTableId", "SubnetId"})
    attributes: ClassVar = {"Id": "RouteTableAssociationId"}

    def create(self, aws: Clients, properties: dict[str, Any], place: Place) -> str:
        """The subnet leaves the main table for this one, or another one when AWS replaces this."""
        held = self.find(aws, "association.subnet-id", properties["SubnetId"], "SubnetId")
        if held is None:
            made: str = aws("ec2").associate_route_table(**properties)["AssociationId"]
            return made
        moved: str = aws("ec2").replace_route_table_association(
            AssociationId=held["RouteTableAssociationId"], RouteTableId=properties["RouteTableId"]
        )["NewAssociationId"]
        return moved

    def delete(self, aws: Clients, physical_id: str, properties: dict[str, Any], place: Place) -> None:
        """The subnet goes back to the main table."""
        with unless_gone():
            aws("ec2").disassociate_route_table(AssociationId=physical_id)

    def look(self, aws: Clients, physical_id: str) -> dict[str, Any] | None:
        """The association of that id."""
        name = "association.route-table-association-id"
        return self.find(aws, name, physical_id, "RouteTableAssociationId")

    def made_for(self, aws: Clients, properties: dict[str, Any], place: Place) -> frozenset[str]:
        """The association of that subnet with that table."""
        held = self.find(aws, "association.subnet-id", properties["SubnetId"], "SubnetId")
        ours = held and held["RouteTableId"] == properties["RouteTableId"]
        return frozenset({held["RouteTableAssociationId"]} if held and ours else ())

    def shape(self, aws: Clients, live: dict[str, Any]) -> dict[str, Any]:
        """Which subnet uses which table."""
        return picked(live, "RouteTableId", "SubnetId")

    def find(self, aws: Clients, asked: str, value: str, told: str) -> dict[str, Any] | None:
        """An association, which AWS lists under its table: by what is asked for, and what is told."""
        here = [{"Name": asked, "Values": [value]}]
        table = first(aws("ec2").describe_route_tables, "RouteTables", Filters=here) or {}
        return next((entry for entry in table.get("Associations", ()) if entry.get(told) == value), None)


class NatGateway(Ec2Kind):
    """AWS::EC2::NatGateway, public with an Elastic IP or private without."""

    name = "AWS::EC2::NatGateway"
    tagged_as = "natgateway"
    settings = ("SubnetId", "AllocationId", "ConnectivityType", "PrivateIpAddress")
    carried_out = frozenset({*settings, "Tags"})
    attributes: ClassVar = {"NatGatewayId": "NatGatewayId", "EniId": "NetworkInterfaceId"}

    def create(self, aws: Clients, properties: dict[str, Any], place: Place) -> str:
        """The gateway, once it is available."""
        ec2 = aws("ec2")
        asked = {"ConnectivityType": "public", **picked(properties, *self.settings)}
        made = ec2.create_nat_gateway(**asked, **self.tags(properties, place))["NatGateway"]
        gateway_id: str = made["NatGatewayId"]
        with wholly(lambda: self.delete(aws, gateway_id, properties, place)):
            wait(ec2, "nat_gateway_available", NatGatewayIds=[gateway_id])
        return gateway_id

    def delete(self, aws: Clients, physical_id: str, properties: dict[str, Any], place: Place) -> None:
        """Until it is deleted: only then is its address free and its subnet empty."""
        if self.look(aws, physical_id) is not None:
            aws("ec2").delete_nat_gateway(NatGatewayId=physical_id)
            wait(aws("ec2"), "nat_gateway_deleted", NatGatewayIds=[physical_id])

    def look(self, aws: Clients, physical_id: str) -> dict[str, Any] | None:
        """The gateway with its first address; AWS goes on listing a deleted one for an hour."""
        found = first(aws("ec2").describe_nat_gateways, "NatGateways", NatGatewayIds=[physical_id])
        if found is None or found["State"] in ("deleting", "deleted"):
            return None
        address = found["NatGatewayAddresses"][0]
        return {**found, **address, "PrivateIpAddress": address.get("PrivateIp")}

    def shape(self, aws: Clients, live: dict[str, Any]) -> dict[str, Any]:
        """Where it is and behind which address."""
        return {**picked(live, *self.settings), "Tags": own_tags(live["Tags"])}
