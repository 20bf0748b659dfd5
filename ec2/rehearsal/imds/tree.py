"""The metadata tree of one instance: a folder is a mapping, a leaf is text. Pure.

The names are those of docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-categories.html.
"""

import json
from typing import Any

from ec2.rehearsal.imds.facts import Facts
from ec2.rehearsal.settings import REGION

Tree = dict[str, Any]


def tree(facts: Facts) -> Tree:
    """What lies below /latest/, but for the role's credentials, which are made when asked for."""
    below: Tree = {
        "dynamic": {"instance-identity": {"document": identity_document(facts)}},
        "meta-data": meta_data(facts),
    }
    if facts.user_data:
        below["user-data"] = facts.user_data
    return below


def meta_data(facts: Facts) -> Tree:
    """The folder meta-data."""
    row = facts.instance
    folder: Tree = {
        "ami-id": row["ImageId"],
        "ami-launch-index": str(row.get("AmiLaunchIndex", 0)),
        "ami-manifest-path": "(unknown)",
        "block-device-mapping": block_devices(row),
        "hostname": row["PrivateDnsName"],
        "instance-action": "none",
        "instance-id": row["InstanceId"],
        "instance-life-cycle": "on-demand",
        "instance-type": row["InstanceType"],
        "local-hostname": row["PrivateDnsName"],
        "local-ipv4": row["PrivateIpAddress"],
        "mac": main_interface(row)["MacAddress"],
        "network": {"interfaces": {"macs": {main_interface(row)["MacAddress"]: interface(facts)}}},
        "placement": {
            "availability-zone": facts.subnet["AvailabilityZone"],
            "availability-zone-id": facts.subnet.get("AvailabilityZoneId", ""),
            "region": REGION,
        },
        "profile": "default-hvm",
        "reservation-id": facts.reservation,
        "security-groups": lines(group["GroupName"] for group in row["SecurityGroups"]),
        "services": {"domain": "amazonaws.com", "partition": "aws"},
    }
    return folder | public(row) | keys(facts) | role_folder(facts) | tags(facts)


def public(row: dict[str, Any]) -> Tree:
    """The public address and name, where the instance has them."""
    if not row.get("PublicIpAddress"):
        return {}
    return {"public-ipv4": row["PublicIpAddress"], "public-hostname": row.get("PublicDnsName", "")}


def keys(facts: Facts) -> Tree:
    """The key pair: listed as `0=name`, reached as `0`."""
    if not facts.public_key:
        return {}
    return {"public-keys": {f"0={facts.instance['KeyName']}": {"openssh-key": facts.public_key}}}


def role_folder(facts: Facts) -> Tree:
    """The folder iam: which profile, and for which role there are credentials."""
    if not facts.role:
        return {}
    profile = facts.instance["IamInstanceProfile"]
    info = {"Code": "Success", "InstanceProfileArn": profile["Arn"], "InstanceProfileId": profile["Id"]}
    return {"iam": {"info": json.dumps(info, indent=2), "security-credentials": {facts.role: None}}}


def tags(facts: Facts) -> Tree:
    """The instance's tags, where it was started with InstanceMetadataTags enabled."""
    if facts.options.get("InstanceMetadataTags") != "enabled":
        return {}
    return {"tags": {"instance": {tag["Key"]: tag["Value"] for tag in facts.instance.get("Tags", [])}}}


def block_devices(row: dict[str, Any]) -> Tree:
    """The root device and the volumes that were attached at the start."""
    others = [device["DeviceName"] for device in row.get("BlockDeviceMappings", [])]
    others = [name for name in others if name != row["RootDeviceName"]]
    extra = {f"ebs{number}": name.removeprefix("/dev/") for number, name in enumerate(others, 1)}
    return {"ami": row["RootDeviceName"].removeprefix("/dev/"), "root": row["RootDeviceName"], **extra}


def main_interface(row: dict[str, Any]) -> dict[str, Any]:
    """The network interface that the instance was started with."""
    return dict(row["NetworkInterfaces"][0])


def interface(facts: Facts) -> Tree:
    """The folder of the main interface."""
    row, about = facts.instance, main_interface(facts.instance)
    folder = {
        "device-number": "0",
        "interface-id": about["NetworkInterfaceId"],
        "local-hostname": row["PrivateDnsName"],
        "local-ipv4s": row["PrivateIpAddress"],
        "mac": about["MacAddress"],
        "owner-id": facts.owner,
        "security-group-ids": lines(group["GroupId"] for group in row["SecurityGroups"]),
        "security-groups": lines(group["GroupName"] for group in row["SecurityGroups"]),
        "subnet-id": facts.subnet["SubnetId"],
        "subnet-ipv4-cidr-block": facts.subnet["CidrBlock"],
        "vpc-id": facts.vpc["VpcId"],
        "vpc-ipv4-cidr-block": facts.vpc["CidrBlock"],
        "vpc-ipv4-cidr-blocks": facts.vpc["CidrBlock"],
    }
    if address := row.get("PublicIpAddress"):
        folder |= {"public-ipv4s": address, "public-hostname": row.get("PublicDnsName", "")}
    return folder


def identity_document(facts: Facts) -> str:
    """The instance identity document, which AWS would sign."""
    row = facts.instance
    return json.dumps(
        {
            "accountId": facts.owner,
            "architecture": row["Architecture"],
            "availabilityZone": facts.subnet["AvailabilityZone"],
            "imageId": row["ImageId"],
            "instanceId": row["InstanceId"],
            "instanceType": row["InstanceType"],
            "pendingTime": row["LaunchTime"].strftime("%Y-%m-%dT%H:%M:%SZ"),
            "privateIp": row["PrivateIpAddress"],
            "region": REGION,
            "version": "2017-09-30",
        },
        indent=2,
    )


def lines(words: Any) -> str:
    """Several values of one leaf."""
    return "\n".join(words)


def find(below: Tree, path: str) -> Any:
    """The folder or leaf at the path, such as meta-data/mac. Raises KeyError when there is none."""
    here: Any = below
    for name in [part for part in path.split("/") if part]:
        if not isinstance(here, dict):
            raise KeyError(path)
        here = here[name] if name in here else here[numbered(here, name)]
    return here


def numbered(folder: Tree, name: str) -> str:
    """The entry `0=name` that is reached as `0`. Raises KeyError."""
    for entry in folder:
        if entry.partition("=")[0] == name and "=" in entry:
            return entry
    raise KeyError(name)


def listing(folder: Tree) -> str:
    """A folder as the service lists it: folders end with a slash, key pairs do not."""
    return "\n".join(
        name + "/" if isinstance(entry, dict) and "=" not in name else name for name, entry in folder.items()
    )
