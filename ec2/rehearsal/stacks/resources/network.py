"""A VPC, its subnets and its way to the internet."""

from typing import Any, ClassVar

from ec2.rehearsal.stacks.resources.contract import Clients, Place
from ec2.rehearsal.stacks.resources.kind import Ec2Kind, Kind
from ec2.rehearsal.stacks.resources.looking import first, picked, unless_gone, wholly
from ec2.rehearsal.stacks.resources.tags import own_tags
from ec2.rehearsal.stacks.resources.waiting import once_free

# What AWS says of a VPC of which nobody has said otherwise.
DNS = {"EnableDnsSupport": True, "EnableDnsHostnames": False}


class Vpc(Ec2Kind):
    """AWS::EC2::VPC."""

    name = "AWS::EC2::VPC"
    tagged_as = "vpc"
    carried_out = frozenset({"CidrBlock", "InstanceTenancy", *DNS, "Tags"})
    replaced_on = frozenset({"InstanceTenancy"})
    attributes: ClassVar = {
        "VpcId": "VpcId",
        "CidrBlock": "CidrBlock",
        "CidrBlockAssociations": "associations",
        "DefaultNetworkAcl": "acl",
        "DefaultSecurityGroup": "group",
    }

    def create(self, aws: Clients, properties: dict[str, Any], place: Place) -> str:
        """The VPC, then the DNS attributes, which AWS sets one by one."""
        asked = picked(properties, "CidrBlock", "InstanceTenancy")
        made: str = aws("ec2").create_vpc(**asked, **self.tags(properties, place))["Vpc"]["VpcId"]
        with wholly(lambda: self.delete(aws, made, properties, place)):
            set_dns(aws, made, DNS, {**DNS, **properties})
        return made

    def update(
        self, aws: Clients, physical_id: str, old: dict[str, Any], new: dict[str, Any], place: Place
    ) -> None:
        """DNS attributes and tags."""
        set_dns(aws, physical_id, {**DNS, **old}, {**DNS, **new})
        super().update(aws, physical_id, old, new, place)

    def delete(self, aws: Clients, physical_id: str, properties: dict[str, Any], place: Place) -> None:
        """AWS refuses while anything is in it."""
        once_free(aws("ec2").delete_vpc, VpcId=physical_id)

    def look(self, aws: Clients, physical_id: str) -> dict[str, Any] | None:
        """The VPC and what AWS made with it."""
        ec2 = aws("ec2")
        found = first(ec2.describe_vpcs, "Vpcs", VpcIds=[physical_id])
        if found is None:
            return None
        within = {"Name": "vpc-id", "Values": [physical_id]}
        acl = first(
            ec2.describe_network_acls,
            "NetworkAcls",
            Filters=[within, {"Name": "default", "Values": ["true"]}],
        )
        group = first(
            ec2.describe_security_groups,
            "SecurityGroups",
            Filters=[within, {"Name": "group-name", "Values": ["default"]}],
        )
        return {
            **found,
            "associations": [entry["AssociationId"] for entry in found.get("CidrBlockAssociationSet", ())],
            "acl": (acl or {}).get("NetworkAclId", ""),
            "group": (group or {}).get("GroupId", ""),
        }

    def shape(self, aws: Clients, live: dict[str, Any]) -> dict[str, Any]:
        """With the DNS attributes, of which AWS tells one at a time."""
        dns = {name: dns_attribute(aws, live["VpcId"], name) for name in DNS}
        return {**picked(live, "CidrBlock", "InstanceTenancy"), **dns, "Tags": own_tags(live["Tags"])}


def set_dns(aws: Clients, vpc_id: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    """One call each: AWS takes no two attributes at once."""
    for name in DNS:
        if before[name] != after[name]:
            aws("ec2").modify_vpc_attribute(VpcId=vpc_id, **{name: {"Value": after[name]}})


def dns_attribute(aws: Clients, vpc_id: str, name: str) -> bool:
    """Whether one of the DNS attributes is on."""
    asked = name[0].lower() + name[1:]
    value: bool = aws("ec2").describe_vpc_attribute(VpcId=vpc_id, Attribute=asked)[name]["Value"]
    return value


class Subnet(Ec2Kind):
    """AWS::EC2::Subnet."""

    name = "AWS::EC2::Subnet"
    tagged_as = "subnet"
    carried_out = frozenset({"VpcId", "CidrBlock", "AvailabilityZone", "MapPublicIpOnLaunch", "Tags"})
    attributes: ClassVar = {
        "SubnetId": "SubnetId",
        "VpcId": "VpcId",
        "CidrBlock": "CidrBlock",
        "AvailabilityZone": "AvailabilityZone",
        "AvailabilityZoneId": "AvailabilityZoneId",
        "NetworkAclAssociationId": "association",
    }

    def create(self, aws: Clients, properties: dict[str, Any], place: Place) -> str:
        """The subnet, then whether it gives its instances public addresses."""
        asked = picked(properties, "VpcId", "CidrBlock", "AvailabilityZone")
        made: str = aws("ec2").create_subnet(**asked, **self.tags(properties, place))["Subnet"]["SubnetId"]
        with wholly(lambda: self.delete(aws, made, properties, place)):
            map_public(aws, made, {}, properties)
        return made

    def update(
        self, aws: Clients, physical_id: str, old: dict[str, Any], new: dict[str, Any], place: Place
    ) -> None:
        """Public addresses and tags."""
        map_public(aws, physical_id, old, new)
        super().update(aws, physical_id, old, new, place)

    def delete(self, aws: Clients, physical_id: str, properties: dict[str, Any], place: Place) -> None:
        """AWS refuses while an interface is in it."""
        once_free(aws("ec2").delete_subnet, SubnetId=physical_id)

    def look(self, aws: Clients, physical_id: str) -> dict[str, Any] | None:
        """The subnet, and its place in a network ACL."""
        ec2 = aws("ec2")
        found = first(ec2.describe_subnets, "Subnets", SubnetIds=[physical_id])
        if found is None:
            return None
        here = [{"Name": "association.subnet-id", "Values": [physical_id]}]
        acl = first(ec2.describe_network_acls, "NetworkAcls", Filters=here) or {}
        ids = {entry["SubnetId"]: entry["NetworkAclAssociationId"] for entry in acl.get("Associations", ())}
        return {**found, "association": ids.get(physical_id, "")}

    def shape(self, aws: Clients, live: dict[str, Any]) -> dict[str, Any]:
        """Everything has the template's name already."""
        same = picked(live, *(self.carried_out - {"Tags"}))
        return {**same, "Tags": own_tags(live["Tags"])}


def map_public(aws: Clients, subnet_id: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    """Whether instances get a public address; off unless said."""
    wanted = after.get("MapPublicIpOnLaunch", False)
    if wanted != before.get("MapPublicIpOnLaunch", False):
        aws("ec2").modify_subnet_attribute(SubnetId=subnet_id, MapPublicIpOnLaunch={"Value": wanted})


class InternetGateway(Ec2Kind):
    """AWS::EC2::InternetGateway."""

    name = "AWS::EC2::InternetGateway"
    tagged_as = "internet-gateway"
    carried_out = frozenset({"Tags"})
    attributes: ClassVar = {"InternetGatewayId": "InternetGatewayId"}

    def create(self, aws: Clients, properties: dict[str, Any], place: Place) -> str:
        """The gateway, attached to nothing."""
        made = aws("ec2").create_internet_gateway(**self.tags(properties, place))["InternetGateway"]
        gateway_id: str = made["InternetGatewayId"]
        return gateway_id

    def delete(self, aws: Clients, physical_id: str, properties: dict[str, Any], place: Place) -> None:
        """AWS refuses while it is attached."""
        with unless_gone():
            aws("ec2").delete_internet_gateway(InternetGatewayId=physical_id)

    def look(self, aws: Clients, physical_id: str) -> dict[str, Any] | None:
        """The gateway."""
        return first(
            aws("ec2").describe_internet_gateways, "InternetGateways", InternetGatewayIds=[physical_id]
        )

    def shape(self, aws: Clients, live: dict[str, Any]) -> dict[str, Any]:
        """Nothing but its tags."""
        return {"Tags": own_tags(live["Tags"])}


class VpcGatewayAttachment(Kind):
    """AWS::EC2::VPCGatewayAttachment; its id is AWS's own: IGW|vpc-…, as a VPC has one such gateway."""

    name = "AWS::EC2::VPCGatewayAttachment"
    carried_out = frozenset({"VpcId", "InternetGatewayId"})
    attributes: ClassVar = {"AttachmentType": "type"}

    def create(self, aws: Clients, properties: dict[str, Any], place: Place) -> str:
        """Attach."""
        aws("ec2").attach_internet_gateway(**picked(properties, "VpcId", "InternetGatewayId"))
        return f"IGW|{properties['VpcId']}"

    def update(
        self, aws: Clients, physical_id: str, old: dict[str, Any], new: dict[str, Any], place: Place
    ) -> None:
        """Another gateway takes the place of the first."""
        if old.get("InternetGatewayId") != new.get("InternetGatewayId"):
            self.delete(aws, physical_id, old, place)
            self.create(aws, new, place)

    def delete(self, aws: Clients, physical_id: str, properties: dict[str, Any], place: Place) -> None:
        """Detach, if it is attached."""
        live = self.look(aws, physical_id)
        if live is not None:
            once_free(aws("ec2").detach_internet_gateway, **picked(live, "VpcId", "InternetGatewayId"))

    def look(self, aws: Clients, physical_id: str) -> dict[str, Any] | None:
        """The gateway that is attached to the VPC."""
        vpc_id = physical_id.removeprefix("IGW|")
        here = [{"Name": "attachment.vpc-id", "Values": [vpc_id]}]
        found = first(aws("ec2").describe_internet_gateways, "InternetGateways", Filters=here)
        return found and {"type": "IGW", "VpcId": vpc_id, "InternetGatewayId": found["InternetGatewayId"]}

    def made_for(self, aws: Clients, properties: dict[str, Any], place: Place) -> frozenset[str]:
        """The attachment of that gateway to that VPC."""
        physical_id = f"IGW|{properties['VpcId']}"
        live = self.look(aws, physical_id)
        return frozenset({physical_id} if live and self.shape(aws, live) == properties else ())

    def shape(self, aws: Clients, live: dict[str, Any]) -> dict[str, Any]:
        """Who is attached to whom."""
        return picked(live, "VpcId", "InternetGatewayId")
