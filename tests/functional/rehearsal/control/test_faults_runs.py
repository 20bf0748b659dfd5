"""Instances run as AWS runs them, where moto's own would not be so."""

import base64
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ec2.rehearsal.control import seeds
from tests.functional.rehearsal.control.asking import Make, Run, about, group_maker, groups, runner, volumes
from tests.functional.rehearsal.control.conftest import Cloud


@pytest.fixture(scope="module")
def vpc(cloud: Cloud) -> str:
    return str(cloud.aws("ec2").create_vpc(CidrBlock="10.78.0.0/24")["Vpc"]["VpcId"])


@pytest.fixture(scope="module")
def subnet(cloud: Cloud, vpc: str) -> str:
    made = cloud.aws("ec2").create_subnet(VpcId=vpc, CidrBlock="10.78.0.0/25")
    return str(made["Subnet"]["SubnetId"])


@pytest.fixture
def run(ec2: Any, subnet: str) -> Run:
    return runner(ec2, subnet)


@pytest.fixture
def group(ec2: Any, vpc: str) -> Make:
    return group_maker(ec2, vpc)


def test_as_many_instances_run_as_were_asked_for_at_most(ec2: Any, subnet: str) -> None:
    made = ec2.run_instances(
        ImageId=seeds.BARE, InstanceType="t3.micro", SubnetId=subnet, MinCount=1, MaxCount=3
    )
    assert len(made["Instances"]) == 3


def test_each_of_several_instances_has_the_profile(cloud: Cloud, ec2: Any, subnet: str) -> None:
    cloud.aws("iam").create_instance_profile(InstanceProfileName="several")
    asked = {"ImageId": seeds.BARE, "InstanceType": "t3.micro", "SubnetId": subnet}
    made = ec2.run_instances(**asked, MinCount=2, MaxCount=2, IamInstanceProfile={"Name": "several"})
    for row in made["Instances"]:
        assert about(ec2, row["InstanceId"])["IamInstanceProfile"]["Arn"].endswith("/several")


def test_an_instance_born_protected_is_not_terminated(ec2: Any, run: Run) -> None:
    one = run(DisableApiTermination=True)
    with pytest.raises(ClientError, match="OperationNotPermitted"):
        ec2.terminate_instances(InstanceIds=[one])


def test_a_key_pair_that_is_not_there_is_refused(run: Run) -> None:
    with pytest.raises(ClientError, match=r"InvalidKeyPair\.NotFound"):
        run(KeyName="nobody")


def test_groups_are_said_of_the_instance_or_of_its_interfaces(run: Run, subnet: str, group: Make) -> None:
    interface = {"DeviceIndex": 0, "SubnetId": subnet}
    with pytest.raises(ClientError, match="InvalidParameterCombination"):
        run(NetworkInterfaces=[interface], SecurityGroupIds=[group()])


def test_an_instance_and_its_interface_have_the_same_groups(
    ec2: Any, run: Run, subnet: str, group: Make
) -> None:
    first, second, third = group(), group(), group()
    one = run(NetworkInterfaces=[{"DeviceIndex": 0, "SubnetId": subnet, "Groups": [first]}])
    assert groups(ec2, one) == ([first], [first])
    ec2.modify_instance_attribute(InstanceId=one, Groups=[second])
    assert groups(ec2, one) == ([second], [second])
    interface = about(ec2, one)["NetworkInterfaces"][0]["NetworkInterfaceId"]
    ec2.modify_network_interface_attribute(NetworkInterfaceId=interface, Groups=[third])
    assert groups(ec2, one) == ([third], [third])
    with pytest.raises(ClientError, match=r"InvalidGroup\.NotFound"):
        ec2.modify_instance_attribute(InstanceId=one, Groups=["sg-00000000000000000"])


def test_volumes_are_as_the_mapping_says_and_as_aws_has_them_otherwise(ec2: Any, run: Run) -> None:
    fast = {"VolumeSize": 20, "VolumeType": "gp3", "Iops": 4000, "Throughput": 250}
    found = volumes(
        ec2,
        run(
            BlockDeviceMappings=[
                {"DeviceName": "/dev/sdf", "Ebs": fast},
                {"DeviceName": "/dev/sdg", "Ebs": {"VolumeSize": 5}},
                {"DeviceName": "/dev/sdh", "NoDevice": ""},
            ]
        ),
    )
    assert set(found) == {"/dev/xvda", "/dev/sdf", "/dev/sdg"}
    assert (found["/dev/sdf"]["Iops"], found["/dev/sdf"]["Throughput"]) == (4000, 250)
    assert found["/dev/sdg"]["VolumeType"] == "gp2"
    assert found["/dev/xvda"]["Size"] == 8


def test_an_instance_whose_volumes_cannot_be_made_is_not_there(ec2: Any, run: Run) -> None:
    before = len(ec2.describe_instances()["Reservations"])
    lost = {"DeviceName": "/dev/sdf", "Ebs": {"SnapshotId": "snap-00000000000000000"}}
    with pytest.raises(ClientError, match=r"InvalidSnapshot\.NotFound"):
        run(BlockDeviceMappings=[lost])
    assert len(ec2.describe_instances()["Reservations"]) == before


def test_an_instance_has_all_of_its_launch_template(
    cloud: Cloud, ec2: Any, run: Run, subnet: str, group: Make
) -> None:
    cloud.aws("iam").create_instance_profile(InstanceProfileName="templated")
    members = group()
    content = {
        "ImageId": seeds.BARE,
        "InstanceType": "t3.small",
        "EbsOptimized": True,
        "DisableApiTermination": True,
        "InstanceInitiatedShutdownBehavior": "terminate",
        "Monitoring": {"Enabled": True},
        "MetadataOptions": {"HttpTokens": "required"},
        "IamInstanceProfile": {"Name": "templated"},
        "NetworkInterfaces": [{"DeviceIndex": 0, "SubnetId": subnet, "Groups": [members]}],
        "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 20}}],
        "UserData": base64.b64encode(b"#cloud-config\n").decode(),
    }
    made = ec2.create_launch_template(LaunchTemplateName="whole", LaunchTemplateData=content)
    template = {"LaunchTemplateId": made["LaunchTemplate"]["LaunchTemplateId"]}
    row = about(ec2, run(LaunchTemplate=template, InstanceType="t3.medium"))
    one = row["InstanceId"]

    def single(name: str) -> Any:
        told = ec2.describe_instance_attribute(InstanceId=one, Attribute=name)
        return told[name[0].upper() + name[1:]]["Value"]

    assert (row["ImageId"], row["InstanceType"], row["EbsOptimized"]) == (seeds.BARE, "t3.medium", True)
    assert row["Monitoring"]["State"] == "enabled"
    assert row["MetadataOptions"]["HttpTokens"] == "required"
    assert row["IamInstanceProfile"]["Arn"].endswith("/templated")
    assert (row["SubnetId"], groups(ec2, one)) == (subnet, ([members], [members]))
    assert {device: volume["Size"] for device, volume in volumes(ec2, one).items()} == {"/dev/xvda": 20}
    assert single("disableApiTermination") is True
    assert single("instanceInitiatedShutdownBehavior") == "terminate"
    assert base64.b64decode(single("userData")) == b"#cloud-config\n"


def test_a_launch_template_that_is_not_there_is_refused(run: Run) -> None:
    with pytest.raises(ClientError, match="InvalidLaunchTemplateId"):
        run(LaunchTemplate={"LaunchTemplateId": "lt-00000000000000000"})
