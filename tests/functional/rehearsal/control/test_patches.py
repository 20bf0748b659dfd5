"""Each patch of moto, through the API: what fails after an upgrade of moto names the patch to look at."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from typing import Any
from uuid import uuid4
from xml.etree import ElementTree

import boto3
import moto
import pytest
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ClientError
from moto.sts.models import sts_backends

from ec2.rehearsal.control import seeds, states
from ec2.rehearsal.control.backends import ec2_backend
from ec2.rehearsal.settings import ACCOUNT, REGION
from tests.functional.rehearsal.control.conftest import POOL, Cloud, Hosts

Run = Callable[..., str]


@pytest.fixture(scope="module")
def subnet(cloud: Cloud) -> str:
    ec2 = cloud.aws("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.77.0.0/24")["Vpc"]["VpcId"]
    return str(ec2.create_subnet(VpcId=vpc, CidrBlock="10.77.0.0/28")["Subnet"]["SubnetId"])


@pytest.fixture
def run(ec2: Any, subnet: str) -> Any:
    """Ask for an instance; gives its id. All are terminated and gone at the end."""
    ids: list[str] = []

    def ask(**choices: Any) -> str:
        wanted = {"ImageId": seeds.BARE, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}
        if "NetworkInterfaces" not in choices:
            wanted["SubnetId"] = subnet
        (row,) = ec2.run_instances(**wanted | choices)["Instances"]
        ids.append(row["InstanceId"])
        return ids[-1]

    yield ask
    for one in ids:
        if state(ec2, one) != "terminated":
            ec2.terminate_instances(InstanceIds=[one])
            states.arrived(one, "terminated")


def about(ec2: Any, instance_id: str) -> dict[str, Any]:
    (group,) = ec2.describe_instances(InstanceIds=[instance_id])["Reservations"]
    return dict(group["Instances"][0])


def state(ec2: Any, instance_id: str) -> str:
    return str(about(ec2, instance_id)["State"]["Name"])


def test_moto_is_the_version_that_the_patches_were_made_for() -> None:
    assert moto.__version__ == "5.2.5"


def test_an_instance_is_pending_until_its_host_runs_and_goes_through_every_state(ec2: Any, run: Run) -> None:
    one = run()
    seen = [state(ec2, one)]
    states.arrived(one, "running")
    seen.append(state(ec2, one))
    ec2.stop_instances(InstanceIds=[one])
    seen.append(state(ec2, one))
    states.arrived(one, "stopped")
    seen.append(state(ec2, one))
    ec2.start_instances(InstanceIds=[one])
    seen.append(state(ec2, one))
    ec2.terminate_instances(InstanceIds=[one])
    seen.append(state(ec2, one))
    states.arrived(one, "terminated")
    seen.append(state(ec2, one))
    assert seen == ["pending", "running", "stopping", "stopped", "pending", "shutting-down", "terminated"]


def test_a_state_that_the_api_has_left_meanwhile_is_not_reported(ec2: Any, run: Run) -> None:
    one = run()
    ec2.stop_instances(InstanceIds=[one])
    states.arrived(one, "running")
    assert state(ec2, one) == "stopping"


def test_an_instance_that_has_stopped_stays_so_when_it_is_stopped_again(ec2: Any, run: Run) -> None:
    one = run()
    ec2.stop_instances(InstanceIds=[one])
    states.arrived(one, "stopped")
    ec2.stop_instances(InstanceIds=[one])
    assert state(ec2, one) == "stopped"


def test_a_host_shut_down_from_inside_stops_or_terminates_as_it_was_started_to(ec2: Any, run: Run) -> None:
    for behaviour, end in (("stop", "stopping"), ("terminate", "shutting-down")):
        one = run(InstanceInitiatedShutdownBehavior=behaviour)
        states.arrived(one, "running")
        states.powered_off(one)
        assert state(ec2, one) == end
        assert about(ec2, one)["StateReason"]["Code"] == "Client.InstanceInitiatedShutdown"


def test_a_launch_that_fails_says_why(ec2: Any, run: Run) -> None:
    one = run()
    states.failed_to_launch(one, "no room on this machine")
    states.arrived(one, "terminated")
    assert state(ec2, one) == "terminated"
    assert about(ec2, one)["StateReason"]["Message"] == "Server.InternalError: no room on this machine"


def test_who_asks_while_a_launch_fails_sees_no_end_without_its_reason(
    ec2: Any, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = run()
    instance = ec2_backend().get_instance(one)
    seen: list[tuple[str, str]] = []

    class Watched(dict[str, Any]):
        """Moto looks in here when it has written that the instance is terminated, and why."""

        def get(self, *arguments: Any) -> Any:
            seen.append((instance._state.name, instance.state_reason.message))
            return super().get(*arguments)

    monkeypatch.setattr(ec2_backend(), "iam_instance_profile_associations", Watched())
    states.failed_to_launch(one, "no room")
    assert seen == [("pending", "Server.InternalError: no room")]


def test_a_reason_is_of_the_last_end_alone(ec2: Any, run: Run) -> None:
    one = run()
    states.arrived(one, "running")
    states.powered_off(one)
    states.arrived(one, "stopped")
    ec2.start_instances(InstanceIds=[one])
    assert not any(about(ec2, one).get("StateReason", {}).values())
    states.arrived(one, "running")
    ec2.terminate_instances(InstanceIds=[one])
    assert about(ec2, one)["StateReason"]["Code"] == "Client.UserInitiatedShutdown"


def test_a_reboot_is_asked_of_the_host_and_keeps_the_state(ec2: Any, run: Run, hosts: Hosts) -> None:
    one = run()
    states.arrived(one, "running")
    ec2.reboot_instances(InstanceIds=[one])
    assert hosts.rebooted == [one]
    assert state(ec2, one) == "running"


def test_a_status_check_says_what_the_host_says(ec2: Any, run: Run, hosts: Hosts) -> None:
    one = run()
    states.arrived(one, "running")

    def check() -> str:
        (row,) = ec2.describe_instance_status(InstanceIds=[one])["InstanceStatuses"]
        return str(row["InstanceStatus"]["Status"])

    assert check() == "initializing"
    hosts.reachable[one] = "ok"
    assert check() == "ok"
    hosts.reachable[one] = "impaired"
    assert check() == "impaired"


def test_the_console_is_the_hosts_own(ec2: Any, run: Run, hosts: Hosts) -> None:
    one = run()
    hosts.consoles[one] = "BEGIN SSH HOST KEY KEYS é"
    assert ec2.get_console_output(InstanceId=one)["Output"] == "BEGIN SSH HOST KEY KEYS é"


def test_the_root_volume_lies_where_the_image_says(ec2: Any, run: Run) -> None:
    row = about(ec2, run())
    assert row["RootDeviceName"] == "/dev/xvda"
    assert [device["DeviceName"] for device in row["BlockDeviceMappings"]] == ["/dev/xvda"]


def volumes(ec2: Any, instance_id: str) -> dict[str, tuple[int, bool]]:
    """Size and whether it ends with the instance, by device."""
    found = {}
    for device in about(ec2, instance_id)["BlockDeviceMappings"]:
        (volume,) = ec2.describe_volumes(VolumeIds=[device["Ebs"]["VolumeId"]])["Volumes"]
        found[device["DeviceName"]] = (volume["Size"], device["Ebs"]["DeleteOnTermination"])
    return found


def test_the_root_volume_is_there_and_ends_with_its_instance_unless_that_was_asked_otherwise(
    ec2: Any, run: Run
) -> None:
    root: dict[str, Any] = {"DeviceName": "/dev/xvda"}
    data: dict[str, Any] = {"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 3}}
    kept = {"VolumeSize": 12, "DeleteOnTermination": False}
    assert volumes(ec2, run(BlockDeviceMappings=[{**root, "Ebs": {"VolumeSize": 12}}])) == {
        "/dev/xvda": (12, True)
    }
    assert volumes(ec2, run(BlockDeviceMappings=[{**root, "Ebs": kept}])) == {"/dev/xvda": (12, False)}
    assert volumes(ec2, run(BlockDeviceMappings=[{**root, "Ebs": {"VolumeType": "gp3"}}, data])) == {
        "/dev/xvda": (8, True),
        "/dev/sdf": (3, True),
    }
    # docs.aws.amazon.com/AWSEC2/latest/UserGuide/preserving-volumes-on-termination.html: by the API, deleted.
    data["Ebs"]["DeleteOnTermination"] = False
    one = run(BlockDeviceMappings=[data])
    assert volumes(ec2, one) == {"/dev/xvda": (8, True), "/dev/sdf": (3, False)}
    ec2.terminate_instances(InstanceIds=[one])
    left = [row["Size"] for row in ec2.describe_volumes()["Volumes"] if row["State"] == "available"]
    assert left == [3]


def test_an_image_may_be_named_by_the_parameter_that_holds_its_id(ec2: Any, run: Run) -> None:
    assert about(ec2, run(ImageId=f"resolve:ssm:{seeds.PUBLIC_PARAMETER}"))["ImageId"] == seeds.WITH_DOCKER
    with pytest.raises(ClientError, match=r"InvalidAMIID\.Malformed"):
        run(ImageId="resolve:ssm:/not/there")


def test_elastic_and_passing_public_addresses_come_from_the_pool_and_are_never_given_twice(
    ec2: Any, run: Run, subnet: str
) -> None:
    interface = {"DeviceIndex": 0, "SubnetId": subnet, "AssociatePublicIpAddress": True}
    passing = about(ec2, run(NetworkInterfaces=[interface]))["PublicIpAddress"]
    kept = [ec2.allocate_address(Domain="vpc") for _ in range(10)]
    given = {passing, *(address["PublicIp"] for address in kept)}
    assert len(given) == 11
    assert all(IPv4Address(address) in POOL for address in given)
    assert str(POOL[1]) not in given, "this machine's own"
    for address in kept:
        ec2.release_address(AllocationId=address["AllocationId"])


def test_a_passing_public_address_is_lost_when_the_instance_stops(ec2: Any, run: Run, subnet: str) -> None:
    interface = {"DeviceIndex": 0, "SubnetId": subnet, "AssociatePublicIpAddress": True}
    one = run(NetworkInterfaces=[interface])
    states.arrived(one, "running")
    ec2.stop_instances(InstanceIds=[one])
    assert "PublicIpAddress" not in about(ec2, one)
    states.arrived(one, "stopped")
    ec2.start_instances(InstanceIds=[one])
    assert IPv4Address(about(ec2, one)["PublicIpAddress"]) in POOL


def test_private_addresses_are_the_lowest_free_ones_and_a_full_subnet_says_so(ec2: Any, run: Run) -> None:
    # A /28 less the four first and the last: AWS keeps them.
    addresses = [about(ec2, run())["PrivateIpAddress"] for _ in range(11)]
    assert addresses == [f"10.77.0.{n}" for n in range(4, 15)]
    with pytest.raises(ClientError, match="InsufficientFreeAddressesInSubnet"):
        run()


def test_the_address_of_a_host_that_goes_down_is_not_given_away(ec2: Any, run: Run) -> None:
    first = run()
    address = about(ec2, first)["PrivateIpAddress"]
    ec2.terminate_instances(InstanceIds=[first])
    assert about(ec2, run())["PrivateIpAddress"] != address
    states.arrived(first, "terminated")
    assert about(ec2, run())["PrivateIpAddress"] == address


def test_an_image_or_a_type_that_does_not_exist_is_refused(run: Run) -> None:
    with pytest.raises(ClientError, match=r"InvalidAMIID\.NotFound"):
        run(ImageId="ami-00000000000000000")
    with pytest.raises(ClientError, match="InvalidInstanceType"):
        run(InstanceType="t3.enormous")


def test_debians_image_is_found_by_parameter_owner_and_name(cloud: Cloud, ec2: Any) -> None:
    parameter = cloud.aws("ssm").get_parameter(Name=seeds.PUBLIC_PARAMETER)["Parameter"]
    assert parameter["Value"] == seeds.WITH_DOCKER
    (image,) = ec2.describe_images(ImageIds=[parameter["Value"]])["Images"]
    assert image["OwnerId"] == seeds.DEBIAN
    assert image["RootDeviceName"] == "/dev/xvda"
    filters = [{"Name": "name", "Values": ["debian-13-amd64-*"]}]
    assert len(ec2.describe_images(Owners=[seeds.DEBIAN], Filters=filters)["Images"]) == 2


@pytest.fixture
def role(cloud: Cloud) -> Any:
    """Clients with the credentials of a role that may only describe instances, and the role's session."""
    iam, name = cloud.aws("iam"), f"role-{uuid4().hex[:8]}"
    statement = {"Effect": "Allow", "Action": "ec2:DescribeInstances", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="only", PolicyDocument=document)
    given = cloud.aws("sts").assume_role(RoleArn=arn, RoleSessionName="i-1")["Credentials"]

    def client(service: str) -> Any:
        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=cloud.endpoint,
            aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"],
            aws_session_token=given["SessionToken"],
        )

    return client


def test_a_role_may_do_what_its_policy_allows_and_no_more(role: Any) -> None:
    assert role("sts").get_caller_identity()["Arn"].endswith("/i-1")
    role("ec2").describe_instances()
    for refused, code in (
        (role("ec2").describe_vpcs, "UnauthorizedOperation"),
        (role("s3").list_buckets, "AccessDenied"),
        (role("iam").list_users, "AccessDenied"),
        (role("ssm").describe_parameters, "AccessDeniedException"),
    ):
        with pytest.raises(ClientError, match=rf"\({code}\)"):
            refused()


def test_a_refusal_of_ec2_has_the_shape_that_sdks_without_patience_read(cloud: Cloud, role: Any) -> None:
    credentials = role("ec2")._request_signer._credentials.get_frozen_credentials()
    asked = AWSRequest("POST", cloud.endpoint, data={"Action": "DescribeVpcs", "Version": "2016-11-15"})
    SigV4Auth(credentials, "ec2", REGION).add_auth(asked)
    answer = requests.post(cloud.endpoint, asked.data, headers=dict(asked.headers), timeout=5)
    assert answer.status_code == 403
    error = ElementTree.fromstring(answer.text)  # noqa: S314 - our own text
    assert error.tag == "Response"
    assert error.findtext("Errors/Error/Code") == "UnauthorizedOperation"
    assert "is not authorized to perform: ec2:DescribeVpcs" in str(error.findtext("Errors/Error/Message"))


def test_a_roles_credentials_end(role: Any) -> None:
    role("ec2").describe_instances()
    for session in sts_backends[ACCOUNT]["aws"].assumed_roles:
        session.expiration = (datetime.now(UTC) - timedelta(seconds=1)).replace(tzinfo=None)
    for asked in (role("ec2").describe_instances, role("sts").get_caller_identity):
        with pytest.raises(ClientError, match=r"ExpiredToken|RequestExpired"):
            asked()


def test_whoever_deploys_is_free_to_do_all(cloud: Cloud) -> None:
    anybody = boto3.client(
        "ec2",
        region_name=REGION,
        endpoint_url=cloud.endpoint,
        aws_access_key_id="rehearsal",
        aws_secret_access_key="rehearsal",
    )
    assert anybody.describe_vpcs()["Vpcs"] == cloud.aws("ec2").describe_vpcs()["Vpcs"]


def test_amazons_own_policies_can_be_attached(cloud: Cloud) -> None:
    arn = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
    assert cloud.aws("iam").get_policy(PolicyArn=arn)["Policy"]["Arn"] == arn


def test_user_data_comes_back_as_it_went(ec2: Any, run: Run) -> None:
    one = run(UserData="#cloud-config\n")
    said = ec2.describe_instance_attribute(InstanceId=one, Attribute="userData")["UserData"]["Value"]
    assert base64.b64decode(said) == b"#cloud-config\n"
