"""Elastic IPs and to whom they belong."""

from typing import Any, ClassVar

from ec2.rehearsal.stacks.resources.contract import Clients, Place
from ec2.rehearsal.stacks.resources.kind import Ec2Kind, Kind
from ec2.rehearsal.stacks.resources.looking import first, picked, refusal, unless_gone, wholly
from ec2.rehearsal.stacks.resources.tags import own_tags, retag


class Eip(Ec2Kind):
    """AWS::EC2::EIP; Ref is the address itself."""

    name = "AWS::EC2::EIP"
    tagged_as = "elastic-ip"
    carried_out = frozenset({"Domain", "InstanceId", "Tags"})
    attributes: ClassVar = {"PublicIp": "PublicIp", "AllocationId": "AllocationId"}

    def create(self, aws: Clients, properties: dict[str, Any], place: Place) -> str:
        """An address, given to the instance if the template names one."""
        made = aws("ec2").allocate_address(Domain="vpc", **self.tags(properties, place))
        address: str = made["PublicIp"]
        with wholly(lambda: self.delete(aws, address, properties, place)):
            if "InstanceId" in properties:
                give(aws, made["AllocationId"], properties["InstanceId"])
        return address

    def update(
        self, aws: Clients, physical_id: str, old: dict[str, Any], new: dict[str, Any], place: Place
    ) -> None:
        """Give it to another instance, or to none."""
        live = self.look(aws, physical_id)
        if live is None:
            raise refusal("NotFound", f"The address {physical_id} does not exist", "AssociateAddress")
        if old.get("InstanceId") != new.get("InstanceId"):
            take_back(aws, live)
            if "InstanceId" in new:
                give(aws, live["AllocationId"], new["InstanceId"])
        retag(aws, live["AllocationId"], old, new, place)

    def delete(self, aws: Clients, physical_id: str, properties: dict[str, Any], place: Place) -> None:
        """Take it back from the instance to which this resource gave it, and release it."""
        live = self.look(aws, physical_id)
        if live is None:
            return
        if "InstanceId" in properties:
            take_back(aws, live)
        aws("ec2").release_address(AllocationId=live["AllocationId"])

    def physical_ids(self, aws: Clients, ec2_ids: list[str]) -> list[str]:
        """The addresses themselves."""
        here = [{"Name": "allocation-id", "Values": ec2_ids}]
        return [address["PublicIp"] for address in aws("ec2").describe_addresses(Filters=here)["Addresses"]]

    def look(self, aws: Clients, physical_id: str) -> dict[str, Any] | None:
        """The address."""
        return first(aws("ec2").describe_addresses, "Addresses", PublicIps=[physical_id])

    def shape(self, aws: Clients, live: dict[str, Any]) -> dict[str, Any]:
        """Whose it is; nobody's is an empty text in the API and nothing in a template."""
        owner = {"InstanceId": live["InstanceId"]} if live.get("InstanceId") else {}
        return {"Domain": live["Domain"], **owner, "Tags": own_tags(live.get("Tags"))}


def give(aws: Clients, allocation_id: str, instance_id: str) -> None:
    """Associate the address with the instance."""
    aws("ec2").associate_address(AllocationId=allocation_id, InstanceId=instance_id)


def take_back(aws: Clients, address: dict[str, Any]) -> None:
    """Disassociate the address, if somebody has it."""
    if address.get("AssociationId"):
        with unless_gone():
            aws("ec2").disassociate_address(AssociationId=address["AssociationId"])


class EipAssociation(Kind):
    """AWS::EC2::EIPAssociation."""

    name = "AWS::EC2::EIPAssociation"
    owners = ("AllocationId", "InstanceId", "NetworkInterfaceId", "PrivateIpAddress")
    carried_out = frozenset({"EIP", *owners})
    attributes: ClassVar = {"Id": "AssociationId"}

    def create(self, aws: Clients, properties: dict[str, Any], place: Place) -> str:
        """Give the address away; one that somebody else has moves, as it does when AWS replaces this."""
        address = {"PublicIp": properties["EIP"]} if "EIP" in properties else {}
        asked = {**picked(properties, *self.owners), **address}
        association_id: str = aws("ec2").associate_address(**asked, AllowReassociation=True)["AssociationId"]
        return association_id

    def delete(self, aws: Clients, physical_id: str, properties: dict[str, Any], place: Place) -> None:
        """Take the address back; one that has moved on since is left where it is."""
        with unless_gone():
            aws("ec2").disassociate_address(AssociationId=physical_id)

    def look(self, aws: Clients, physical_id: str) -> dict[str, Any] | None:
        """The address that is so associated."""
        here = [{"Name": "association-id", "Values": [physical_id]}]
        return first(aws("ec2").describe_addresses, "Addresses", Filters=here)

    def made_for(self, aws: Clients, properties: dict[str, Any], place: Place) -> frozenset[str]:
        """The association of that address with that owner."""
        wanted = picked(properties, *self.owners)
        asked = {"AllocationIds": [wanted["AllocationId"]]} if "AllocationId" in wanted else {}
        live = first(
            aws("ec2").describe_addresses, "Addresses", **asked or {"PublicIps": [properties["EIP"]]}
        )
        given = live and live.get("AssociationId") and picked(live, *wanted) == wanted
        return frozenset({live["AssociationId"]} if live and given else ())

    def shape(self, aws: Clients, live: dict[str, Any]) -> dict[str, Any]:
        """Which address belongs to whom."""
        owners = {name: value for name, value in picked(live, *self.owners).items() if value}
        return {"EIP": live["PublicIp"], **owners}
