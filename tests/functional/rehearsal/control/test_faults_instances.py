"""Instances as AWS runs and changes them, where moto's own would not be so."""

import base64
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from ec2.rehearsal.control import seeds, states
from tests.functional.rehearsal.control.conftest import Cloud

Run = Callable[..., str]


@pytest.fixture(scope="module")
def vpc(cloud: Cloud) -> str:
    return str(cloud.aws("ec2").create_vpc(CidrBlock="10.78.0.0/24")["Vpc"]["VpcId"])


@pytest.fixture(scope="module")
def subnet(cloud: Cloud, vpc: str) -> str:
    made = cloud.aws("ec2").create_subnet(VpcId=vpc, CidrBlock="10.78.0.0/25")
    return str(made["Subnet"]["SubnetId"])


@pytest.fixture
def run(ec2: Any, subnet: str) -> Run:
    """Ask for one instance; gives its id."""

    def ask(**choices: Any) -> str:
        wanted: dict[str, Any] = {"MinCount": 1, "MaxCount": 1}
        if "LaunchTemplate" not in choices:
            wanted |= {"ImageId": seeds.BARE, "InstanceType": "t3.micro"}
            wanted |= {} if "NetworkInterfaces" in choices else {"SubnetId": subnet}
        (row,) = ec2.run_instances(**wanted | choices)["Instances"]
        return str(row["InstanceId"])

    return ask


@pytest.fixture
def group(ec2: Any, vpc: str) -> Callable[[], str]:
    """Makes a group."""

    def make() -> str:
        name = f"group-{uuid4().hex[:8]}"
        return str(ec2.create_security_group(GroupName=name, Description="a group", VpcId=vpc)["GroupId"])

    return make


def about(ec2: Any, instance: str) -> dict[str, Any]:
    (reservation,) = ec2.describe_instances(InstanceIds=[instance])["Reservations"]
    return dict(reservation["Instances"][0])


def groups(ec2: Any, instance: str) -> tuple[list[str], list[str]]:
    """The instance's groups and its primary interface's."""
    row = about(ec2, instance)
    lists = row["SecurityGroups"], row["NetworkInterfaces"][0]["Groups"]
    own, interfaces = ([one["GroupId"] for one in each] for each in lists)
    return own, interfaces


def volumes(ec2: Any, instance: str) -> dict[str, dict[str, Any]]:
    here = [{"Name": "attachment.instance-id", "Values": [instance]}]
    return {row["Attachments"][0]["Device"]: row for row in ec2.describe_volumes(Filters=here)["Volumes"]}


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


def test_groups_are_said_of_the_instance_or_of_its_interfaces(
    run: Run, subnet: str, group: Callable[[], str]
) -> None:
    interface = {"DeviceIndex": 0, "SubnetId": subnet}
    with pytest.raises(ClientError, match="InvalidParameterCombination"):
        run(NetworkInterfaces=[interface], SecurityGroupIds=[group()])


def test_an_instance_and_its_interface_have_the_same_groups(
    ec2: Any, run: Run, subnet: str, group: Callable[[], str]
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
    cloud: Cloud, ec2: Any, run: Run, subnet: str, group: Callable[[], str]
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


def test_an_instance_names_the_profile_that_it_has_now(cloud: Cloud, ec2: Any, run: Run) -> None:
    iam = cloud.aws("iam")
    old, new = (
        iam.create_instance_profile(InstanceProfileName=name)["InstanceProfile"] for name in ("old", "new")
    )
    one = run(IamInstanceProfile={"Name": "old"})
    assert about(ec2, one)["IamInstanceProfile"] == {"Arn": old["Arn"], "Id": old["InstanceProfileId"]}
    here = [{"Name": "instance-id", "Values": [one]}]
    (held,) = ec2.describe_iam_instance_profile_associations(Filters=here)["IamInstanceProfileAssociations"]
    ec2.replace_iam_instance_profile_association(
        AssociationId=held["AssociationId"], IamInstanceProfile={"Name": "new"}
    )
    assert about(ec2, one)["IamInstanceProfile"] == {"Arn": new["Arn"], "Id": new["InstanceProfileId"]}
    ec2.disassociate_iam_instance_profile(AssociationId=held["AssociationId"])
    assert "IamInstanceProfile" not in about(ec2, one)


def test_credits_are_as_the_family_has_them_or_as_asked(ec2: Any, run: Run) -> None:
    def told(instance: str) -> str:
        answer = ec2.describe_instance_credit_specifications(InstanceIds=[instance])
        return str(answer["InstanceCreditSpecifications"][0]["CpuCredits"])

    assert told(run()) == "unlimited"
    assert told(run(InstanceType="t2.micro")) == "standard"
    one = run(CreditSpecification={"CpuCredits": "standard"})
    assert told(one) == "standard"
    changed = {"InstanceId": one, "CpuCredits": "unlimited"}
    done = ec2.modify_instance_credit_specification(InstanceCreditSpecifications=[changed])
    assert done["SuccessfulInstanceCreditSpecifications"] == [{"InstanceId": one}]
    assert told(one) == "unlimited"


def test_detailed_monitoring_is_turned_on_and_off(ec2: Any, run: Run) -> None:
    one = run()
    (told,) = ec2.monitor_instances(InstanceIds=[one])["InstanceMonitorings"]
    assert told == {"InstanceId": one, "Monitoring": {"State": "pending"}}
    assert about(ec2, one)["Monitoring"]["State"] == "enabled"
    ec2.unmonitor_instances(InstanceIds=[one])
    assert about(ec2, one)["Monitoring"]["State"] == "disabled"


def test_a_change_of_one_attribute_changes_that_one_alone(
    ec2: Any, run: Run, group: Callable[[], str]
) -> None:
    members = group()
    one = run(SecurityGroupIds=[members])
    ec2.modify_instance_attribute(InstanceId=one, InstanceInitiatedShutdownBehavior={"Value": "terminate"})
    told = ec2.describe_instance_attribute(InstanceId=one, Attribute="instanceInitiatedShutdownBehavior")
    assert told["InstanceInitiatedShutdownBehavior"]["Value"] == "terminate"
    assert groups(ec2, one) == ([members], [members])
    with pytest.raises(ClientError, match="UnsupportedOperation"):
        ec2.modify_instance_attribute(InstanceId=one, EnaSupport={"Value": True})
    assert groups(ec2, one) == ([members], [members])


def test_what_needs_a_stopped_instance_is_refused_while_it_runs(ec2: Any, run: Run) -> None:
    one = run()
    states.arrived(one, "running")
    for change in (
        {"InstanceType": {"Value": "t3.large"}},
        {"UserData": {"Value": b"#!/bin/sh\n"}},
        {"Attribute": "instanceType", "Value": "t3.large"},
    ):
        with pytest.raises(ClientError, match="IncorrectInstanceState"):
            ec2.modify_instance_attribute(InstanceId=one, **change)
    ec2.stop_instances(InstanceIds=[one])
    states.arrived(one, "stopped")
    ec2.modify_instance_attribute(InstanceId=one, InstanceType={"Value": "t3.large"})
    ec2.modify_instance_attribute(InstanceId=one, UserData={"Value": b"#!/bin/sh\n"})
    told = ec2.describe_instance_attribute(InstanceId=one, Attribute="userData")
    assert base64.b64decode(told["UserData"]["Value"]) == b"#!/bin/sh\n"
    assert about(ec2, one)["InstanceType"] == "t3.large"


def test_a_device_that_is_not_there_cannot_be_changed(ec2: Any, run: Run) -> None:
    one = run()
    change = {"DeviceName": "/dev/sdz", "Ebs": {"DeleteOnTermination": True}}
    with pytest.raises(ClientError, match="InvalidInstanceAttributeValue"):
        ec2.modify_instance_attribute(InstanceId=one, BlockDeviceMappings=[change])


def test_an_option_of_the_metadata_service_that_is_not_said_stays(ec2: Any, run: Run) -> None:
    one = run(MetadataOptions={"HttpTokens": "required", "HttpPutResponseHopLimit": 2})
    ec2.modify_instance_metadata_options(InstanceId=one, InstanceMetadataTags="enabled")
    options = about(ec2, one)["MetadataOptions"]
    assert (options["HttpTokens"], options["HttpPutResponseHopLimit"]) == ("required", 2)
    assert options["InstanceMetadataTags"] == "enabled"
