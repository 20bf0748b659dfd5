"""Network ACLs: the stateless rules of a subnet."""

from typing import Any, ClassVar

from ec2.rehearsal.stacks.resources.contract import Clients, Place
from ec2.rehearsal.stacks.resources.kind import Ec2Kind, Kind
from ec2.rehearsal.stacks.resources.looking import first, picked, unless_gone
from ec2.rehearsal.stacks.resources.tags import own_tags


class NetworkAcl(Ec2Kind):
    """AWS::EC2::NetworkAcl."""

    name = "AWS::EC2::NetworkAcl"
    tagged_as = "network-acl"
    carried_out = frozenset({"VpcId", "Tags"})
    attributes: ClassVar = {"Id": "NetworkAclId"}

    def create(self, aws: Clients, properties: dict[str, Any], place: Place) -> str:
        """An ACL that lets nothing through yet."""
        made = aws("ec2").create_network_acl(VpcId=properties["VpcId"], **self.tags(properties, place))
        acl_id: str = made["NetworkAcl"]["NetworkAclId"]
        return acl_id

    def delete(self, aws: Clients, physical_id: str, properties: dict[str, Any], place: Place) -> None:
        """AWS refuses while a subnet uses it."""
        with unless_gone():
            aws("ec2").delete_network_acl(NetworkAclId=physical_id)

    def look(self, aws: Clients, physical_id: str) -> dict[str, Any] | None:
        """The ACL with its entries."""
        return first(aws("ec2").describe_network_acls, "NetworkAcls", NetworkAclIds=[physical_id])

    def shape(self, aws: Clients, live: dict[str, Any]) -> dict[str, Any]:
        """Entries are resources of their own."""
        return {"VpcId": live["VpcId"], "Tags": own_tags(live["Tags"])}


class NetworkAclEntry(Kind):
    """AWS::EC2::NetworkAclEntry; its id here names all that makes it one: acl-…|100|ingress."""

    name = "AWS::EC2::NetworkAclEntry"
    settings = ("RuleNumber", "Protocol", "RuleAction", "Egress", "CidrBlock", "Ipv6CidrBlock", "PortRange")
    carried_out = frozenset({"NetworkAclId", "Icmp", *settings})
    attributes: ClassVar = {"Id": "id"}

    def create(self, aws: Clients, properties: dict[str, Any], place: Place) -> str:
        """Add the entry to its ACL."""
        aws("ec2").create_network_acl_entry(**self.asked(properties))
        return entry_id(properties)

    def update(
        self, aws: Clients, physical_id: str, old: dict[str, Any], new: dict[str, Any], place: Place
    ) -> None:
        """AWS replaces an entry as a whole."""
        if old != new:
            aws("ec2").replace_network_acl_entry(**self.asked(new))

    def delete(self, aws: Clients, physical_id: str, properties: dict[str, Any], place: Place) -> None:
        """Take the entry out of its ACL."""
        live = self.look(aws, physical_id)
        if live is not None:
            aws("ec2").delete_network_acl_entry(**picked(live, "NetworkAclId", "RuleNumber", "Egress"))

    def look(self, aws: Clients, physical_id: str) -> dict[str, Any] | None:
        """The entry of that number and direction."""
        acl_id, number, direction = physical_id.split("|")
        acl = first(aws("ec2").describe_network_acls, "NetworkAcls", NetworkAclIds=[acl_id]) or {}
        for entry in acl.get("Entries", ()):
            if (entry["RuleNumber"], entry["Egress"]) == (int(number), direction == "egress"):
                return {**entry, "NetworkAclId": acl_id, "id": physical_id}
        return None

    def made_for(self, aws: Clients, properties: dict[str, Any], place: Place) -> frozenset[str]:
        """The entry of that number and direction, when it says the same."""
        physical_id, said = entry_id(properties), ("RuleAction", "CidrBlock", "Ipv6CidrBlock")
        live = self.look(aws, physical_id)
        same = live is not None and picked(live, *said) == picked(properties, *said)
        return frozenset({physical_id} if same else ())

    def shape(self, aws: Clients, live: dict[str, Any]) -> dict[str, Any]:
        """AWS has another name for ICMP in its API than in templates."""
        icmp = {"Icmp": live["IcmpTypeCode"]} if "IcmpTypeCode" in live else {}
        return {**picked(live, "NetworkAclId", *self.settings), **icmp}

    def asked(self, properties: dict[str, Any]) -> dict[str, Any]:
        """The entry as the API wants it: the protocol in text, the direction always said."""
        icmp = {"IcmpTypeCode": properties["Icmp"]} if "Icmp" in properties else {}
        given = picked(properties, "NetworkAclId", *self.settings)
        return {"Egress": False, **given, "Protocol": str(properties["Protocol"]), **icmp}


def entry_id(properties: dict[str, Any]) -> str:
    """How an entry is named here."""
    direction = "egress" if properties.get("Egress") else "ingress"
    return f"{properties['NetworkAclId']}|{properties['RuleNumber']}|{direction}"


class SubnetNetworkAclAssociation(Kind):
    """AWS::EC2::SubnetNetworkAclAssociation; a subnet always has an ACL, so this swaps one for another."""

    name = "AWS::EC2::SubnetNetworkAclAssociation"
    carried_out = frozenset({"NetworkAclId", "SubnetId"})
    attributes: ClassVar = {"AssociationId": "NetworkAclAssociationId"}

    def create(self, aws: Clients, properties: dict[str, Any], place: Place) -> str:
        """Swap the subnet's ACL for this one."""
        held = self.of_subnet(aws, properties["SubnetId"])
        return swap(aws, held["NetworkAclAssociationId"], properties["NetworkAclId"])

    def delete(self, aws: Clients, physical_id: str, properties: dict[str, Any], place: Place) -> None:
        """The subnet goes back to its VPC's default ACL."""
        live = self.look(aws, physical_id)
        if live is not None:
            filters = {"vpc-id": live["VpcId"], "default": "true"}
            asked = [{"Name": name, "Values": [value]} for name, value in filters.items()]
            default = aws("ec2").describe_network_acls(Filters=asked)["NetworkAcls"][0]
            swap(aws, physical_id, default["NetworkAclId"])

    def look(self, aws: Clients, physical_id: str) -> dict[str, Any] | None:
        """The association, which AWS lists under its ACL."""
        here = [{"Name": "association.association-id", "Values": [physical_id]}]
        acl = first(aws("ec2").describe_network_acls, "NetworkAcls", Filters=here) or {}
        for entry in acl.get("Associations", ()):
            if entry["NetworkAclAssociationId"] == physical_id:
                return {**entry, "VpcId": acl["VpcId"]}
        return None

    def made_for(self, aws: Clients, properties: dict[str, Any], place: Place) -> frozenset[str]:
        """The association of that subnet with that ACL."""
        held = self.of_subnet(aws, properties["SubnetId"])
        return frozenset({held["NetworkAclAssociationId"]} if self.shape(aws, held) == properties else ())

    def of_subnet(self, aws: Clients, subnet_id: str) -> dict[str, Any]:
        """The association that the subnet has now, empty when there is no such subnet."""
        here = [{"Name": "association.subnet-id", "Values": [subnet_id]}]
        acl = first(aws("ec2").describe_network_acls, "NetworkAcls", Filters=here) or {"Associations": ()}
        return next((entry for entry in acl["Associations"] if entry["SubnetId"] == subnet_id), {})

    def shape(self, aws: Clients, live: dict[str, Any]) -> dict[str, Any]:
        """Which subnet uses which ACL."""
        return picked(live, "NetworkAclId", "SubnetId")


def swap(aws: Clients, association_id: str, acl_id: str) -> str:
    """Put another ACL in an association's place; the association gets a new id."""
    swapped = aws("ec2").replace_network_acl_association(AssociationId=association_id, NetworkAclId=acl_id)
    new_id: str = swapped["NewAssociationId"]
    return new_id
