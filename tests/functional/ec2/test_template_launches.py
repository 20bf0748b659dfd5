"""The template of stack.toml, launched by the local CloudFormation: made, in sync, changed, gone."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ec2.rehearsal.control.seeds import seed
from ec2.rehearsal.settings import ACCOUNT, REGION
from ec2.rehearsal.stacks.engine import Engine
from ec2.rehearsal.stacks.resources import RESOURCE_TYPES
from ec2.rehearsal.stacks.resources.contract import Clients
from ec2.rehearsal.stacks.wire import install
from ec2.settings import Settings, read_settings
from ec2.template.build import as_json, build_template
from ec2.template.parameters import NO_HOST, TERMINATION_PROTECTION, image_of, launch_parameters
from ec2.template.stack_policy import build_stack_policy
from tests.functional.rehearsal.resources.conftest import aws, endpoint

__all__ = ["aws", "endpoint"]

STACK_FILE = Path(__file__).parents[3] / "stack.toml"
PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJw1vH0cRQxkPCbBh8k2wGZ8mN0zq5hYx0d0cJw0Z0aB somebody"
ME = ("198.18.0.1/32",)


@pytest.fixture(scope="module")
def settings() -> Settings:
    return read_settings(STACK_FILE)


class Launcher:
    """What `launch` will do, in its shortest form."""

    def __init__(self, engine: Engine, aws: Clients, name: str) -> None:
        self.engine, self.aws, self.name = engine, aws, name
        self.cloud = aws("cloudformation")

    def request(self, settings: Settings, outputs: dict[str, str], **parameters: str) -> dict[str, Any]:
        """The arguments of CreateStack, UpdateStack and CreateChangeSet."""
        template = build_template(settings)
        given = {**launch_parameters(settings, PUBLIC_KEY, ME, outputs), **parameters}
        kept = [name for name in template["Parameters"] if name not in given]
        return {
            "StackName": self.name,
            "TemplateBody": as_json(template),
            "Capabilities": ["CAPABILITY_IAM"],
            "Parameters": [
                *({"ParameterKey": key, "ParameterValue": value} for key, value in given.items()),
                *({"ParameterKey": key, "UsePreviousValue": True} for key in kept),
            ],
        }

    def create(self, settings: Settings) -> None:
        """Launch a new stack."""
        policy = json.dumps(build_stack_policy())
        self.cloud.create_stack(**self.request(settings, {}), StackPolicyBody=policy)
        self.engine.join()

    def update(self, settings: Settings, **parameters: str) -> None:
        """Launch it again."""
        self.cloud.update_stack(**self.request(settings, self.outputs(), **parameters))
        self.engine.join()

    def changes(self, settings: Settings) -> list[tuple[str, str, str]]:
        """What an update would do: action, resource, whether it is replaced."""
        request = self.request(settings, self.outputs())
        self.cloud.create_change_set(**request, ChangeSetName="look")
        found = self.cloud.describe_change_set(StackName=self.name, ChangeSetName="look")
        self.cloud.delete_change_set(StackName=self.name, ChangeSetName="look")
        changes = [change["ResourceChange"] for change in found["Changes"]]
        return [(one["Action"], one["LogicalResourceId"], one.get("Replacement", "")) for one in changes]

    def stack(self) -> dict[str, Any]:
        """The stack as it is."""
        found: dict[str, Any] = self.cloud.describe_stacks(StackName=self.name)["Stacks"][0]
        return found

    def outputs(self) -> dict[str, str]:
        """Its outputs."""
        return {output["OutputKey"]: output["OutputValue"] for output in self.stack()["Outputs"]}

    def resources(self) -> dict[str, str]:
        """Its resources by their logical ids."""
        listed = self.cloud.describe_stack_resources(StackName=self.name)["StackResources"]
        return {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in listed}

    def failures(self) -> list[str]:
        """Why something failed."""
        events = self.cloud.describe_stack_events(StackName=self.name)["StackEvents"]
        return [one.get("ResourceStatusReason", "") for one in events if "FAILED" in one["ResourceStatus"]]

    def drifted(self) -> list[dict[str, Any]]:
        """What is not as the template says."""
        found = [
            self.cloud.detect_stack_resource_drift(StackName=self.name, LogicalResourceId=name)
            for name in self.resources()
        ]
        drifts = [one["StackResourceDrift"] for one in found]
        return [one for one in drifts if one["StackResourceDriftStatus"] != "IN_SYNC"]


@pytest.fixture(scope="module")
def engine(aws: Clients) -> Engine:
    """The rehearsal's CloudFormation in an account with Debian's image."""
    seed(bare=True)
    engine = Engine(RESOURCE_TYPES, aws, ACCOUNT, REGION)
    install(engine)
    return engine


@pytest.fixture(scope="module")
def launcher(engine: Engine, aws: Clients, settings: Settings) -> Launcher:
    """The default stack, launched; a test that changes it brings it back."""
    launcher = Launcher(engine, aws, settings.name)
    launcher.create(settings)
    assert launcher.stack()["StackStatus"] == "CREATE_COMPLETE", launcher.failures()
    return launcher


def test_the_default_stack_is_made_in_sync_and_says_where_its_hosts_are(
    launcher: Launcher, aws: Clients
) -> None:
    assert launcher.drifted() == []
    outputs = launcher.outputs()
    assert len(outputs) == 18
    assert outputs["AppRoles"] == "app+database"
    assert outputs["AppPrivateAddress"].startswith("10.20.0.")
    host = instance(aws, outputs["AppInstanceId"])
    assert host["PublicIpAddress"] == outputs["AppPublicAddress"]
    assert host["ImageId"] == outputs["AppImage"]
    assert outputs["AppDatabaseVolume"] in volumes(host)
    tags = {tag["Key"]: tag["Value"] for tag in host["Tags"]}
    assert {"Stack": "microblog", "Host": "app", "Role": "app+database"}.items() <= tags.items()


def test_an_unchanged_launch_changes_nothing(launcher: Launcher, settings: Settings) -> None:
    with pytest.raises(ClientError, match="No updates are to be performed"):
        launcher.update(settings)


def test_a_newer_image_of_debian_touches_no_host_that_is_there(
    launcher: Launcher, settings: Settings
) -> None:
    before = launcher.resources()
    seed(bare=False)
    with pytest.raises(ClientError, match="No updates are to be performed"):
        launcher.update(settings)
    seed(bare=True)
    assert launcher.resources() == before


def test_one_more_host_comes_and_goes_and_leaves_the_others_alone(
    launcher: Launcher, settings: Settings
) -> None:
    before = launcher.resources()
    second = replace(settings.hosts[0], name="second", roles=("app",), data_volumes=(), zone=2)
    larger = replace(settings, hosts=(*settings.hosts, second))
    assert {(action, name.startswith("Second")) for action, name, _ in launcher.changes(larger)} == {
        ("Add", True)
    }
    launcher.update(larger)
    assert launcher.stack()["StackStatus"] == "UPDATE_COMPLETE", launcher.failures()
    assert before.items() <= launcher.resources().items()
    assert launcher.outputs()["SecondPrivateAddress"].startswith("10.20.1.")
    launcher.update(larger, **{TERMINATION_PROTECTION: "false"})
    launcher.update(settings)
    assert launcher.stack()["StackStatus"] == "UPDATE_COMPLETE", launcher.failures()
    assert launcher.resources() == before


def test_one_more_place_to_administrate_from_changes_rules_and_no_host(
    launcher: Launcher, settings: Settings
) -> None:
    more = replace(settings, admin=(*settings.admin, "203.0.113.0/24"))
    request = launcher.request(more, launcher.outputs(), AdminCidrs="198.18.0.1/32,203.0.113.0/24")
    launcher.cloud.update_stack(**request)
    launcher.engine.join()
    assert launcher.stack()["StackStatus"] == "UPDATE_COMPLETE", launcher.failures()
    assert launcher.drifted() == []
    launcher.update(settings)


def test_what_would_replace_a_host_is_refused_and_nothing_is_touched(
    launcher: Launcher, settings: Settings
) -> None:
    before = launcher.resources()
    other = replace(settings, hosts=(replace(settings.hosts[0], root_volume_gib=40), *settings.hosts[1:]))
    launcher.update(other)
    assert launcher.stack()["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE", launcher.failures()
    assert any("denied by stack policy" in reason for reason in launcher.failures())
    assert launcher.resources() == before


def test_a_host_is_replaced_on_purpose_and_keeps_its_volume_and_address(
    launcher: Launcher, settings: Settings, aws: Clients
) -> None:
    before = launcher.outputs()
    launcher.update(settings, **{TERMINATION_PROTECTION: "false"})
    launcher.update(settings, **{image_of(settings.hosts[0]): NO_HOST, TERMINATION_PROTECTION: "false"})
    assert "AppInstanceId" not in launcher.outputs()
    launcher.update(settings)
    after = launcher.outputs()
    assert launcher.stack()["StackStatus"] == "UPDATE_COMPLETE", launcher.failures()
    assert after["AppInstanceId"] != before["AppInstanceId"]
    for kept in ("AppPublicAddress", "AppDatabaseVolume", "JenkinsInstanceId", "MonitoringInstanceId"):
        assert after[kept] == before[kept]
    assert before["AppDatabaseVolume"] in volumes(instance(aws, after["AppInstanceId"]))
    assert launcher.drifted() == []


def test_a_host_that_is_protected_cannot_be_terminated(launcher: Launcher, aws: Clients) -> None:
    with pytest.raises(ClientError, match="disableApiTermination"):
        aws("ec2").terminate_instances(InstanceIds=[launcher.outputs()["AppInstanceId"]])


def test_a_second_stack_of_the_account_comes_and_goes_and_leaves_snapshots_of_its_data_alone(
    launcher: Launcher, settings: Settings, aws: Clients
) -> None:
    first, ec2 = launcher.resources(), aws("ec2")
    second = Launcher(launcher.engine, aws, "second")
    second.create(settings)
    assert second.stack()["StackStatus"] == "CREATE_COMPLETE", second.failures()
    data = {id for name, id in second.resources().items() if name.endswith("Volume")}
    second.update(settings, **{TERMINATION_PROTECTION: "false"})
    second.cloud.delete_stack(StackName="second")
    second.engine.join()
    snapshots = ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
    assert {snapshot["VolumeId"] for snapshot in snapshots} >= data
    own = [{"Name": "tag:Stack", "Values": ["second"]}]
    assert ec2.describe_vpcs(Filters=own)["Vpcs"] == []
    assert ec2.describe_volumes(Filters=own)["Volumes"] == []
    assert ec2.describe_addresses(Filters=own)["Addresses"] == []
    assert [pair["KeyName"] for pair in ec2.describe_key_pairs()["KeyPairs"]] == [settings.name]
    assert aws("iam").list_roles(PathPrefix="/second/")["Roles"] == []
    assert launcher.resources() == first


def instance(aws: Clients, instance_id: str) -> dict[str, Any]:
    """An instance as EC2 describes it."""
    found = aws("ec2").describe_instances(InstanceIds=[instance_id])
    described: dict[str, Any] = found["Reservations"][0]["Instances"][0]
    return described


def volumes(host: dict[str, Any]) -> set[str]:
    """What is attached to an instance."""
    return {mapping["Ebs"]["VolumeId"] for mapping in host["BlockDeviceMappings"]}
