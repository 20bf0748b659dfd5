"""Instances: run with all that a template says, changed in place, terminated."""

import base64
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ec2.rehearsal.stacks.resources.contract import Clients
from tests.functional.rehearsal.resources.moto_stack import Stack, tags

INSTANCE, GROUP = "AWS::EC2::Instance", "AWS::EC2::SecurityGroup"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def live(aws: Clients, instance: str) -> dict[str, Any]:
    found: dict[str, Any] = aws("ec2").describe_instances(InstanceIds=[instance])
    return found["Reservations"][0]["Instances"][0]


def volumes(aws: Clients, instance: str) -> list[dict[str, Any]]:
    here = [{"Name": "attachment.instance-id", "Values": [instance]}]
    found: list[dict[str, Any]] = aws("ec2").describe_volumes(Filters=here)["Volumes"]
    return found


@pytest.fixture
def group(stack: Stack, vpc: str) -> str:
    return stack.create(GROUP, VpcId=vpc, GroupDescription="web")


@pytest.fixture
def instance(stack: Stack, subnet: str, group: str, image_id: str) -> str:
    return stack.create(
        INSTANCE, ImageId=image_id, InstanceType="t3.micro", SubnetId=subnet, SecurityGroupIds=[group]
    )


@pytest.fixture
def profile(aws: Clients) -> str:
    made: str = aws("iam").create_instance_profile(InstanceProfileName="web")["InstanceProfile"][
        "InstanceProfileName"
    ]
    return made


def test_an_instance_runs_with_all_that_the_template_says(
    aws: Clients, stack: Stack, subnet: str, group: str, image_id: str
) -> None:
    aws("iam").create_instance_profile(InstanceProfileName="app")
    stack.create("AWS::EC2::KeyPair", KeyName="admin", KeyType="ed25519")
    metadata = {"HttpTokens": "required", "HttpPutResponseHopLimit": 2, "InstanceMetadataTags": "enabled"}
    given = {
        "EbsOptimized": True,
        "ImageId": image_id,
        "InstanceInitiatedShutdownBehavior": "terminate",
        "InstanceType": "t3.small",
        "KeyName": "admin",
        "PrivateIpAddress": "10.20.1.50",
        "SecurityGroupIds": [group],
        "SubnetId": subnet,
        "IamInstanceProfile": "app",
        "Monitoring": True,
        "SourceDestCheck": False,
        "UserData": encoded("#cloud-config\n"),
    }
    instance = stack.create(INSTANCE, MetadataOptions=metadata, Tags=tags(Name="app"), **given)
    assert stack.read(INSTANCE, instance) == {
        **given,
        "AvailabilityZone": "us-east-1a",
        "DisableApiTermination": False,
        "MetadataOptions": {**metadata, "HttpEndpoint": "enabled", "HttpProtocolIpv6": "disabled"},
        "Tags": tags(Name="app", Owner="team"),
    }


def test_an_instance_gives_its_addresses(stack: Stack, vpc: str, instance: str) -> None:
    assert stack.attribute(INSTANCE, instance, "PrivateIp").startswith("10.20.1.")
    assert stack.attribute(INSTANCE, instance, "PrivateDnsName").startswith("ip-10-20-1-")
    assert stack.attribute(INSTANCE, instance, "AvailabilityZone") == "us-east-1a"
    assert stack.attribute(INSTANCE, instance, "VpcId") == vpc
    assert stack.attribute(INSTANCE, instance, "PublicIp") == ""


def test_an_interface_of_the_template_gets_a_public_address(
    aws: Clients, stack: Stack, subnet: str, group: str, image_id: str
) -> None:
    interface = {
        "DeviceIndex": "0",
        "SubnetId": subnet,
        "GroupSet": [group],
        "AssociatePublicIpAddress": True,
        "DeleteOnTermination": True,
    }
    instance = stack.create(INSTANCE, ImageId=image_id, NetworkInterfaces=[interface])
    assert stack.attribute(INSTANCE, instance, "PublicIp") == live(aws, instance)["PublicIpAddress"]
    assert [entry["GroupId"] for entry in live(aws, instance)["NetworkInterfaces"][0]["Groups"]] == [group]


def test_a_change_of_type_keeps_the_instance(aws: Clients, stack: Stack, instance: str) -> None:
    address = stack.attribute(INSTANCE, instance, "PrivateIp")
    stack.update(INSTANCE, instance, InstanceType="t3.large", Tags=tags(Name="bigger"))
    found = live(aws, instance)
    assert (found["InstanceType"], found["State"]["Name"]) == ("t3.large", "running")
    assert found["PrivateIpAddress"] == address
    assert (stack.read(INSTANCE, instance) or {})["Tags"] == tags(Name="bigger", Owner="team")


def test_user_data_is_changed_while_the_instance_is_stopped(stack: Stack, instance: str) -> None:
    stack.update(INSTANCE, instance, UserData=encoded("#!/bin/sh\n"), EbsOptimized=True)
    found = stack.read(INSTANCE, instance) or {}
    assert (found["UserData"], found["EbsOptimized"]) == (encoded("#!/bin/sh\n"), True)


def test_what_needs_no_stop_changes_while_it_runs(
    aws: Clients, stack: Stack, vpc: str, instance: str
) -> None:
    other = stack.create(GROUP, VpcId=vpc, GroupDescription="other")
    stack.update(
        INSTANCE,
        instance,
        DisableApiTermination=True,
        InstanceInitiatedShutdownBehavior="terminate",
        MetadataOptions={"HttpTokens": "required", "HttpPutResponseHopLimit": 2},
        SecurityGroupIds=[other],
        SourceDestCheck=False,
    )
    found = stack.read(INSTANCE, instance) or {}
    assert found["DisableApiTermination"] is True
    assert found["InstanceInitiatedShutdownBehavior"] == "terminate"
    assert found["MetadataOptions"]["HttpPutResponseHopLimit"] == 2
    assert found["SecurityGroupIds"] == [other]
    assert found["SourceDestCheck"] is False
    stack.update(INSTANCE, instance, DisableApiTermination=None)
    stack.delete(INSTANCE, instance)  # it is in a group that was made after it


def test_a_protected_instance_is_not_deleted(stack: Stack, instance: str) -> None:
    stack.update(INSTANCE, instance, DisableApiTermination=True)
    with pytest.raises(ClientError, match="OperationNotPermitted"):
        stack.delete(INSTANCE, instance)
    stack.update(INSTANCE, instance, DisableApiTermination=None)
    stack.delete(INSTANCE, instance)
    assert stack.read(INSTANCE, instance) is None


def test_a_profile_is_given_and_taken(aws: Clients, stack: Stack, instance: str, profile: str) -> None:
    stack.update(INSTANCE, instance, IamInstanceProfile=profile)
    assert (stack.read(INSTANCE, instance) or {})["IamInstanceProfile"] == profile
    stack.update(INSTANCE, instance, IamInstanceProfile=None)
    here = [{"Name": "instance-id", "Values": [instance]}]
    held = aws("ec2").describe_iam_instance_profile_associations(Filters=here)
    assert held["IamInstanceProfileAssociations"] == []


def test_volumes_are_attached_and_detached(aws: Clients, stack: Stack, instance: str) -> None:
    volume = aws("ec2").create_volume(AvailabilityZone="us-east-1a", Size=1)["VolumeId"]
    stack.update(INSTANCE, instance, Volumes=[{"VolumeId": volume, "Device": "/dev/sdf"}])
    assert volume in [entry["VolumeId"] for entry in volumes(aws, instance)]
    stack.update(INSTANCE, instance, Volumes=None)
    assert volume not in [entry["VolumeId"] for entry in volumes(aws, instance)]


def test_an_attachment_that_failed_is_taken_back(stack: Stack, instance: str) -> None:
    nothing = [{"VolumeId": "vol-00000000000000000", "Device": "/dev/sdf"}]
    with pytest.raises(ClientError, match=r"InvalidVolume\.NotFound"):
        stack.update(INSTANCE, instance, Volumes=nothing)
    stack.made[INSTANCE, instance]["Volumes"] = nothing
    stack.update(INSTANCE, instance, Volumes=None)


def test_block_devices_are_made_and_tagged(aws: Clients, stack: Stack, subnet: str, image_id: str) -> None:
    devices = [
        {"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 20, "VolumeType": "gp3", "Encrypted": True}},
        {"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 5, "DeleteOnTermination": True}},
    ]
    instance = stack.create(
        INSTANCE,
        ImageId=image_id,
        SubnetId=subnet,
        BlockDeviceMappings=devices,
        PropagateTagsToVolumeOnCreation=True,
        Tags=tags(Name="disks"),
    )
    made = {volume["Attachments"][0]["Device"]: volume for volume in volumes(aws, instance)}
    assert {device: volume["Size"] for device, volume in made.items()} == {"/dev/sda1": 20, "/dev/sdf": 5}
    assert made["/dev/sda1"]["Encrypted"] is True
    assert {"Key": "Name", "Value": "disks"} in made["/dev/sdf"]["Tags"]


def test_an_instance_that_cannot_be_is_refused_in_aws_words(stack: Stack, image_id: str) -> None:
    with pytest.raises(ClientError, match=r"InvalidSubnetID\.NotFound"):
        stack.create(INSTANCE, ImageId=image_id, SubnetId="subnet-00000000000000000")


def test_an_instance_that_gets_no_volume_is_not_left_behind(
    aws: Clients, stack: Stack, subnet: str, image_id: str
) -> None:
    nothing = [{"VolumeId": "vol-00000000000000000", "Device": "/dev/sdf"}]
    with pytest.raises(ClientError, match=r"InvalidVolume\.NotFound"):
        stack.create(INSTANCE, ImageId=image_id, SubnetId=subnet, Volumes=nothing, Tags=tags(Name="half"))
    here = [{"Name": "tag:Name", "Values": ["half"]}]
    found = aws("ec2").describe_instances(Filters=here)["Reservations"][0]["Instances"]
    assert [instance["State"]["Name"] for instance in found] == ["terminated"]


def test_an_instance_is_born_protected(stack: Stack, subnet: str, image_id: str) -> None:
    instance = stack.create(INSTANCE, ImageId=image_id, SubnetId=subnet, DisableApiTermination=True)
    assert (stack.read(INSTANCE, instance) or {})["DisableApiTermination"] is True
    stack.update(INSTANCE, instance, DisableApiTermination=None)


def test_an_instance_has_unlimited_credits(aws: Clients, stack: Stack, subnet: str, image_id: str) -> None:
    credits_wanted = {"CPUCredits": "unlimited"}
    instance = stack.create(
        INSTANCE,
        ImageId=image_id,
        SubnetId=subnet,
        InstanceType="t3.micro",
        CreditSpecification=credits_wanted,
    )
    told = aws("ec2").describe_instance_credit_specifications(InstanceIds=[instance])
    assert told["InstanceCreditSpecifications"][0]["CpuCredits"] == "unlimited"


def test_credits_change_while_it_runs(stack: Stack, instance: str) -> None:
    stack.update(INSTANCE, instance, CreditSpecification={"CPUCredits": "unlimited"})


def test_monitoring_is_turned_on_while_it_runs(stack: Stack, instance: str) -> None:
    stack.update(INSTANCE, instance, Monitoring=True)
    assert (stack.read(INSTANCE, instance) or {})["Monitoring"] is True


def test_the_interface_has_the_new_groups_only(aws: Clients, stack: Stack, vpc: str, instance: str) -> None:
    other = stack.create(GROUP, VpcId=vpc, GroupDescription="other")
    stack.update(INSTANCE, instance, SecurityGroupIds=[other])
    groups = live(aws, instance)["NetworkInterfaces"][0]["Groups"]
    assert [entry["GroupId"] for entry in groups] == [other]
    stack.delete(INSTANCE, instance)


def test_another_profile_is_seen(aws: Clients, stack: Stack, instance: str) -> None:
    for name in ("first", "second"):
        aws("iam").create_instance_profile(InstanceProfileName=name)
        stack.update(INSTANCE, instance, IamInstanceProfile=name)
    assert (stack.read(INSTANCE, instance) or {})["IamInstanceProfile"] == "second"


def test_a_block_device_is_as_fast_as_asked(aws: Clients, stack: Stack, subnet: str, image_id: str) -> None:
    fast = {"VolumeSize": 20, "VolumeType": "gp3", "Iops": 4000, "Throughput": 250}
    devices = [{"DeviceName": "/dev/sda1", "Ebs": fast}]
    instance = stack.create(INSTANCE, ImageId=image_id, SubnetId=subnet, BlockDeviceMappings=devices)
    found = volumes(aws, instance)[0]
    assert (found["Iops"], found.get("Throughput")) == (4000, 250)


def test_a_further_disk_comes_beside_the_root_volume(
    aws: Clients, stack: Stack, subnet: str, image_id: str
) -> None:
    devices = [{"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 5, "DeleteOnTermination": True}}]
    instance = stack.create(INSTANCE, ImageId=image_id, SubnetId=subnet, BlockDeviceMappings=devices)
    found = {volume["Attachments"][0]["Device"] for volume in volumes(aws, instance)}
    assert found == {"/dev/sda1", "/dev/sdf"}


def test_a_terminated_instance_takes_its_interface_along(aws: Clients, stack: Stack, instance: str) -> None:
    interface = live(aws, instance)["NetworkInterfaces"][0]["NetworkInterfaceId"]
    stack.delete(INSTANCE, instance)
    here = [{"Name": "network-interface-id", "Values": [interface]}]
    assert aws("ec2").describe_network_interfaces(Filters=here)["NetworkInterfaces"] == []
