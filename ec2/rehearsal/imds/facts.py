"""All that the API knows of the instance with a private address, in one value."""

import base64
from dataclasses import dataclass
from typing import Any

from ec2.rehearsal.control.clients import Clients

ASKING = [{"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "shutting-down"]}]


@dataclass(frozen=True)
class Facts:
    """Answers of the API about one instance, each as boto3 gives it."""

    instance: dict[str, Any]
    reservation: str
    owner: str
    subnet: dict[str, Any]
    vpc: dict[str, Any]
    user_data: bytes
    public_key: str
    role: str

    @property
    def options(self) -> dict[str, Any]:
        """How the metadata service is to behave towards this instance."""
        return dict(self.instance["MetadataOptions"])


def facts(aws: Clients, private_address: str) -> Facts | None:
    """What is known of the instance that asks from this address; None when there is none."""
    ec2 = aws("ec2")
    where = [{"Name": "private-ip-address", "Values": [private_address]}, *ASKING]
    for reservation in ec2.describe_instances(Filters=where)["Reservations"]:
        (row,) = reservation["Instances"][:1]
        return Facts(
            instance=row,
            reservation=reservation["ReservationId"],
            owner=reservation["OwnerId"],
            subnet=ec2.describe_subnets(SubnetIds=[row["SubnetId"]])["Subnets"][0],
            vpc=ec2.describe_vpcs(VpcIds=[row["VpcId"]])["Vpcs"][0],
            user_data=user_data(ec2, row["InstanceId"]),
            public_key=public_key(ec2, row.get("KeyName")),
            role=role(aws("iam"), row.get("IamInstanceProfile", {}).get("Arn", "")),
        )
    return None


def user_data(ec2: Any, instance_id: str) -> bytes:
    """What the instance was started with, decoded."""
    answer = ec2.describe_instance_attribute(InstanceId=instance_id, Attribute="userData")
    return base64.b64decode(answer.get("UserData", {}).get("Value") or "")


def public_key(ec2: Any, name: str | None) -> str:
    """The key pair's public half in OpenSSH's form, "" without a key pair, and when it was deleted since."""
    named = [{"Name": "key-name", "Values": [name or ""]}]
    for key in ec2.describe_key_pairs(Filters=named, IncludePublicKey=True)["KeyPairs"]:
        return str(key["PublicKey"])
    return ""


def role(iam: Any, profile_arn: str) -> str:
    """The name of the role in the instance's profile, "" without one."""
    if not profile_arn:
        return ""
    name = profile_arn.rpartition("/")[2]
    roles = iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]["Roles"]
    return str(roles[0]["RoleName"]) if roles else ""
