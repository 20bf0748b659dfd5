"""Instances changed as AWS changes them, where moto's own would not be so."""

import base64
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ec2.rehearsal.control import states
from tests.functional.rehearsal.control.asking import Make, Run, about, group_maker, groups, runner
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


def test_a_change_of_one_attribute_changes_that_one_alone(ec2: Any, run: Run, group: Make) -> None:
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
