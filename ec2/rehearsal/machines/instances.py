"""What the API wants of each instance, read by DescribeInstances."""

from dataclasses import dataclass
from typing import Any

GONE = ("shutting-down", "terminated")


@dataclass(frozen=True)
class Instance:
    """An instance as the API describes it; addresses as text, "" where it has none."""

    id: str
    name: str
    state: str
    type: str
    image: str
    vpc: str
    subnet: str
    private_address: str
    private_name: str
    public_address: str
    mac: str
    root_device: str
    groups: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """How a person knows it."""
        return f"{self.name} ({self.id})" if self.name else self.id


def wanted(ec2: Any) -> dict[str, Instance]:
    """Every instance that the API knows, by id, the terminated ones too."""
    pages = ec2.get_paginator("describe_instances").paginate()
    rows = [row for page in pages for group in page["Reservations"] for row in group["Instances"]]
    return {row["InstanceId"]: read(row) for row in rows}


def read(row: dict[str, Any]) -> Instance:
    """An instance from its description; a terminated one has lost its network interface."""
    interface: dict[str, Any] = next(iter(row.get("NetworkInterfaces", [])), {})
    tags = {tag["Key"]: tag["Value"] for tag in row.get("Tags", [])}
    return Instance(
        id=row["InstanceId"],
        name=tags.get("Name", ""),
        state=row["State"]["Name"],
        type=row["InstanceType"],
        image=row["ImageId"],
        vpc=row.get("VpcId", ""),
        subnet=row.get("SubnetId", ""),
        private_address=row.get("PrivateIpAddress", ""),
        private_name=row.get("PrivateDnsName", ""),
        public_address=row.get("PublicIpAddress") or "",
        mac=interface.get("MacAddress", ""),
        root_device=row.get("RootDeviceName", ""),
        groups=tuple(sorted(group["GroupName"] for group in row.get("SecurityGroups", []))),
    )
