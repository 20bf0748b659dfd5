"""SSH key pairs: imported ones, and made ones whose private key goes into the Parameter Store."""

from typing import Any, ClassVar

from ec2.rehearsal.stacks.resources.contract import Clients, Place
from ec2.rehearsal.stacks.resources.kind import Ec2Kind
from ec2.rehearsal.stacks.resources.looking import first, picked, unless_gone, wholly
from ec2.rehearsal.stacks.resources.tags import own_tags, retag


class KeyPair(Ec2Kind):
    """AWS::EC2::KeyPair; Ref is its name."""

    name = "AWS::EC2::KeyPair"
    tagged_as = "key-pair"
    carried_out = frozenset({"KeyName", "KeyType", "KeyFormat", "PublicKeyMaterial", "Tags"})
    attributes: ClassVar = {"KeyPairId": "KeyPairId", "KeyFingerprint": "KeyFingerprint"}

    def create(self, aws: Clients, properties: dict[str, Any], place: Place) -> str:
        """Import the given public key, or make a pair and keep its private key."""
        name: str = properties["KeyName"]
        tags = self.tags(properties, place)
        if "PublicKeyMaterial" in properties:
            public_key = properties["PublicKeyMaterial"].encode()
            aws("ec2").import_key_pair(KeyName=name, PublicKeyMaterial=public_key, **tags)
            return name
        made = aws("ec2").create_key_pair(**picked(properties, "KeyName", "KeyType", "KeyFormat"), **tags)
        with wholly(lambda: self.delete(aws, name, properties, place)):
            parameter = parameter_name(made["KeyPairId"])
            aws("ssm").put_parameter(Name=parameter, Value=made["KeyMaterial"], Type="SecureString")
        return name

    def update(
        self, aws: Clients, physical_id: str, old: dict[str, Any], new: dict[str, Any], place: Place
    ) -> None:
        """The stack's tags: all that the template says of a pair makes it another one."""
        live = self.look(aws, physical_id)
        if live is not None:
            retag(aws, live["KeyPairId"], old, new, place)

    def delete(self, aws: Clients, physical_id: str, properties: dict[str, Any], place: Place) -> None:
        """With the private key, where AWS kept one."""
        live = self.look(aws, physical_id)
        if live is None:
            return
        if "PublicKeyMaterial" not in properties:
            with unless_gone():
                aws("ssm").delete_parameter(Name=parameter_name(live["KeyPairId"]))
        aws("ec2").delete_key_pair(KeyName=physical_id)

    def physical_ids(self, aws: Clients, ec2_ids: list[str]) -> list[str]:
        """The names of the pairs."""
        here = [{"Name": "key-pair-id", "Values": ec2_ids}]
        return [pair["KeyName"] for pair in aws("ec2").describe_key_pairs(Filters=here)["KeyPairs"]]

    def look(self, aws: Clients, physical_id: str) -> dict[str, Any] | None:
        """The pair, without its public key."""
        return first(aws("ec2").describe_key_pairs, "KeyPairs", KeyNames=[physical_id])

    def shape(self, aws: Clients, live: dict[str, Any]) -> dict[str, Any]:
        """AWS gives no public key back in the form in which it was given."""
        return {**picked(live, "KeyName", "KeyType"), "Tags": own_tags(live["Tags"])}


def parameter_name(key_pair_id: str) -> str:
    """Where CloudFormation keeps the private key of a pair that it made."""
    return f"/ec2/keypair/{key_pair_id}"
