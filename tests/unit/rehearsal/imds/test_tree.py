"""The metadata tree as a host walks it."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from ec2.rehearsal.imds.facts import Facts
from ec2.rehearsal.imds.tree import find, listing, tree

MAC = "02:00:0a:42:01:04"


def known(options: dict[str, Any] | None = None, **changes: Any) -> Facts:
    instance = {
        "InstanceId": "i-1", "ImageId": "ami-1", "InstanceType": "t3.micro", "KeyName": "ada",
        "PrivateIpAddress": "10.66.1.4", "PrivateDnsName": "ip-10-66-1-4.ec2.internal",
        "PublicIpAddress": "198.18.0.20", "PublicDnsName": "ec2-198-18-0-20.compute-1.amazonaws.com",
        "Architecture": "x86_64", "LaunchTime": datetime(2026, 11, 1, 12, tzinfo=UTC),
        "RootDeviceName": "/dev/xvda",
        "BlockDeviceMappings": [{"DeviceName": "/dev/xvda"}, {"DeviceName": "/dev/sdf"}],
        "SecurityGroups": [{"GroupId": "sg-1", "GroupName": "web"}, {"GroupId": "sg-2", "GroupName": "ssh"}],
        "NetworkInterfaces": [{"MacAddress": MAC, "NetworkInterfaceId": "eni-1"}],
        "IamInstanceProfile": {"Arn": "arn:aws:iam::1:instance-profile/app", "Id": "AIPA1"},
        "Tags": [{"Key": "Name", "Value": "app"}, {"Key": "Role", "Value": "app"}],
        "MetadataOptions": options or {},
    }  # fmt: skip
    values: dict[str, Any] = {
        "instance": instance,
        "reservation": "r-1",
        "owner": "123456789012",
        "subnet": {"SubnetId": "subnet-1", "CidrBlock": "10.66.1.0/24", "AvailabilityZone": "us-east-1a"},
        "vpc": {"VpcId": "vpc-1", "CidrBlock": "10.66.0.0/16"},
        "user_data": b"#cloud-config\n",
        "public_key": "ssh-ed25519 AAAA ada",
        "role": "app-role",
    }
    return Facts(**values | changes)


@pytest.mark.parametrize(
    ("path", "leaf"),
    [
        ("meta-data/instance-id", "i-1"),
        ("meta-data/local-hostname", "ip-10-66-1-4.ec2.internal"),
        ("meta-data/public-ipv4", "198.18.0.20"),
        ("meta-data/public-keys/0/openssh-key", "ssh-ed25519 AAAA ada"),
        ("meta-data/placement/availability-zone", "us-east-1a"),
        ("meta-data/block-device-mapping/root", "/dev/xvda"),
        ("meta-data/block-device-mapping/ebs1", "sdf"),
        (f"meta-data/network/interfaces/macs/{MAC}/subnet-ipv4-cidr-block", "10.66.1.0/24"),
        (f"meta-data/network/interfaces/macs/{MAC}/security-group-ids", "sg-1\nsg-2"),
        ("user-data", b"#cloud-config\n"),
        ("meta-data//mac", MAC),
    ],
)
def test_a_leaf_is_text(path: str, leaf: str | bytes) -> None:
    assert find(tree(known()), path) == leaf


def test_a_folder_lists_its_folders_with_a_slash_and_its_keys_with_their_names() -> None:
    assert listing(tree(known())) == "dynamic/\nmeta-data/\nuser-data"
    assert listing(find(tree(known()), "meta-data/public-keys/")) == "0=ada"
    assert listing(find(tree(known()), "meta-data/iam")) == "info\nsecurity-credentials/"
    assert "network/" in listing(find(tree(known()), "meta-data")).splitlines()


@pytest.mark.parametrize(
    "path", ["meta-data/spot", "meta-data/mac/of", "user-data/1", "meta-data/public-keys/1", "nothing"]
)
def test_what_is_not_there_is_not_found(path: str) -> None:
    with pytest.raises(KeyError):
        find(tree(known()), path)


def test_what_an_instance_lacks_has_no_entry() -> None:
    lacking = known(user_data=b"", public_key="", role="")
    assert "user-data" not in tree(lacking)
    assert not {"public-keys", "iam"} & set(tree(lacking)["meta-data"])


def test_tags_are_there_only_when_they_were_asked_for() -> None:
    assert "tags" not in tree(known())["meta-data"]
    open_ = tree(known({"InstanceMetadataTags": "enabled"}))
    assert listing(find(open_, "meta-data/tags/instance")) == "Name\nRole"
    assert find(open_, "meta-data/tags/instance/Role") == "app"


def test_the_identity_document_says_who_the_instance_is() -> None:
    document = json.loads(find(tree(known()), "dynamic/instance-identity/document"))
    assert document["instanceId"] == "i-1"
    assert document["region"] == "us-east-1"
    assert document["pendingTime"] == "2026-11-01T12:00:00Z"
