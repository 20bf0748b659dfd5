"""The template of stack.toml, launched by the local CloudFormation: made, in sync, changed, gone."""

import json
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ec2 import instances
from ec2.deploy import agreed, destroy, guard, launch, plan_for, take_down
from ec2.errors import DeletionRefused, LeaseLost, StackFailed
from ec2.images import Built
from ec2.lease import forget, own_record, take
from ec2.plan import Plan
from ec2.rehearsal.control.seeds import seed
from ec2.rehearsal.settings import ACCOUNT, REGION
from ec2.rehearsal.stacks.engine import Engine
from ec2.rehearsal.stacks.resources import RESOURCE_TYPES
from ec2.rehearsal.stacks.resources.contract import Clients
from ec2.rehearsal.stacks.wire import install
from ec2.secrets import read_all
from ec2.settings import Settings, read_settings
from ec2.stack import Stack
from ec2.template.build import as_json, build_template
from ec2.template.parameters import NO_HOST, image_of, launch_parameters
from ec2.template.stack_policy import build_stack_policy
from ec2.zones import zones_of
from tests.functional.ec2.test_stack import REFUSED, refused
from tests.functional.rehearsal.resources.conftest import aws, endpoint

__all__ = ["aws", "endpoint"]

STACK_FILE = Path(__file__).parents[3] / "stack.toml"
PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJw1vH0cRQxkPCbBh8k2wGZ8mN0zq5hYx0d0cJw0Z0aB somebody"
ME = ("198.18.0.1/32",)
# The first that offer the default stack's types.
ZONES = (f"{REGION}a", f"{REGION}b")
NO_IMAGES = Built("0123456789ab", (), {}, {})


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
        zones = zones_of(self.aws("ec2"), settings, outputs)
        given = {**launch_parameters(settings, PUBLIC_KEY, ME, zones, outputs), **parameters}
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
    assert len(outputs) == 23
    assert (outputs["Zone1"], outputs["Zone2"]) == ZONES
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


def test_a_stack_from_before_its_zones_were_chosen_stays_where_it_is(
    engine: Engine, aws: Clients, settings: Settings
) -> None:
    new = replace(settings, name="older")
    older = Launcher(engine, aws, new.name)
    request = older.request(new, {})
    template = json.loads(request["TemplateBody"])
    for index, name in enumerate(("Zone1", "Zone2"), start=1):
        # As they come where AWS has since put one before them.
        template["Resources"][f"Subnet{index}"]["Properties"]["AvailabilityZone"] = {
            "Fn::Select": [index, {"Fn::GetAZs": ""}]
        }
        del template["Parameters"][name], template["Outputs"][name]
    given = [one for one in request["Parameters"] if one["ParameterKey"] in template["Parameters"]]
    aws("cloudformation").create_stack(
        **{**request, "TemplateBody": json.dumps(template), "Parameters": given}
    )
    engine.join()
    before = older.resources()
    older.update(new)
    assert older.stack()["StackStatus"] == "UPDATE_COMPLETE", older.failures()
    assert older.resources() == before
    assert (older.outputs()["Zone1"], older.outputs()["Zone2"]) == (f"{REGION}b", f"{REGION}c")
    older.cloud.delete_stack(StackName=new.name)
    engine.join()


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


def test_a_larger_host_with_a_larger_volume_is_planned_as_a_stop_and_as_growth(
    launcher: Launcher, settings: Settings
) -> None:
    app, *others = settings.hosts
    volumes = tuple(replace(volume, size_gib=2 * volume.size_gib) for volume in app.data_volumes)
    larger_app = replace(app, instance_type="t3.large", data_volumes=volumes)
    larger = replace(settings, hosts=(larger_app, *others))
    stack = Stack(launcher.name, launcher.cloud, quiet)
    parameters = launch_parameters(larger, PUBLIC_KEY, ME, ZONES, launcher.outputs())
    plan = stack.plan(as_json(build_template(larger)), parameters, {})
    stack.discard(plan)
    words = {change.logical_id: change.word for change in plan.changes}
    assert (words["AppHost"], words["AppDatabaseVolume"]) == ("stop and start", "modify")
    assert [change.logical_id for change in plan.changes if change.enlarges] == ["AppDatabaseVolume"]
    assert Plan(plan, "tag").forbidden == ()


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
    launcher.update(settings, **{image_of(settings.hosts[0]): NO_HOST})
    assert "AppInstanceId" not in launcher.outputs()
    launcher.update(settings)
    after = launcher.outputs()
    assert launcher.stack()["StackStatus"] == "UPDATE_COMPLETE", launcher.failures()
    assert after["AppInstanceId"] != before["AppInstanceId"]
    for kept in ("AppPublicAddress", "AppDatabaseVolume", "JenkinsInstanceId", "MonitoringInstanceId"):
        assert after[kept] == before[kept]
    assert before["AppDatabaseVolume"] in volumes(instance(aws, after["AppInstanceId"]))
    assert launcher.drifted() == []


def test_a_plan_of_a_stack_that_is_not_there_leaves_nothing_at_aws(settings: Settings, aws: Clients) -> None:
    new = replace(settings, name="third", admin=ME)
    made = plan_for(new, aws, NO_IMAGES, lambda _: None)
    assert made.stack.creates
    assert read_all(aws("ssm"), "third") == {}
    assert not Stack("third", aws("cloudformation"), lambda _: None).described()


def test_a_plan_that_a_signal_ends_leaves_nothing_at_aws(settings: Settings, aws: Clients) -> None:
    asked = aws("cloudformation").meta.events

    def end(**_: object) -> None:
        signal.raise_signal(signal.SIGTERM)

    asked.register("after-call.cloudformation.CreateChangeSet", end)
    try:
        with pytest.raises(SystemExit):
            plan_for(replace(settings, name="ended", admin=ME), aws, NO_IMAGES, quiet)
    finally:
        asked.unregister("after-call.cloudformation.CreateChangeSet", end)
    assert not Stack("ended", aws("cloudformation"), quiet).described()


def test_what_breaks_off_while_hosts_are_looked_at_leaves_no_change_set(
    launcher: Launcher, settings: Settings, aws: Clients
) -> None:
    # Without a service, no release can be described.
    other = replace(settings, admin=(*ME, "203.0.113.0/24"))
    with pytest.raises(KeyError):
        plan_for(other, aws, NO_IMAGES, lambda _: None)
    assert launcher.cloud.list_change_sets(StackName=launcher.name)["Summaries"] == []


def test_a_lease_that_is_lost_while_the_plan_is_read_leaves_nothing_at_aws(
    engine: Engine, settings: Settings, aws: Clients
) -> None:
    stack, ssm = Stack("unread", aws("cloudformation"), quiet), aws("ssm")
    template = as_json(build_template(replace(settings, name="unread")))
    plan = Plan(stack.plan(template, launch_parameters(settings, PUBLIC_KEY, ME, ZONES, {}), {}), "tag")
    held = take(ssm, "unread", own_record("0123abc", 60), quiet)
    with pytest.raises(LeaseLost):
        agreed(plan, lambda _: forget(ssm, "unread", below=held.number + 1), held, aws)
    assert stack.status() == ""


def test_a_stack_that_cannot_be_guarded_keeps_no_change_set(
    launcher: Launcher, settings: Settings, aws: Clients
) -> None:
    stack = Stack(launcher.name, launcher.cloud, quiet)
    there = launcher.outputs()
    parameters = launch_parameters(settings, PUBLIC_KEY, ("203.0.113.7/32",), ZONES, there)
    plan = Plan(stack.plan(as_json(build_template(settings)), parameters, {}), "tag")
    assert plan.stack.change_set
    held = take(aws("ssm"), launcher.name, own_record("0123abc", 60), quiet)
    with refused(stack, "GetStackPolicy"), pytest.raises(ClientError, match="AccessDenied"):
        agreed(plan, lambda _: None, held, aws)
    assert launcher.cloud.list_change_sets(StackName=launcher.name)["Summaries"] == []
    held.end_with_stack()


def test_to_destroy_what_was_planned_and_never_made_leaves_nothing(
    engine: Engine, settings: Settings, aws: Clients, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    new, stack = replace(settings, name="planned"), Stack("planned", aws("cloudformation"), quiet)
    stack.plan(as_json(build_template(new)), launch_parameters(new, PUBLIC_KEY, ME, ZONES, {}), {})
    assert stack.status() == "REVIEW_IN_PROGRESS"
    destroy(new, quiet)
    assert stack.status() == ""
    destroy(new, quiet)


def test_a_host_that_is_guarded_cannot_be_terminated(launcher: Launcher, aws: Clients) -> None:
    guard(Stack(launcher.name, launcher.cloud, lambda _: None), aws)
    with pytest.raises(ClientError, match="disableApiTermination"):
        aws("ec2").terminate_instances(InstanceIds=[launcher.outputs()["AppInstanceId"]])


def test_what_a_destruction_left_open_is_guarded_again(launcher: Launcher, aws: Clients) -> None:
    stack = Stack(launcher.name, launcher.cloud, lambda _: None)
    hosts = stack.instances()
    assert len(hosts) == 3
    stack.protect(False)
    instances.protect(aws("ec2"), hosts, False)
    assert not any(protected(aws, host) for host in hosts)
    guard(stack, aws)
    assert all(protected(aws, host) for host in hosts)
    assert launcher.stack()["EnableTerminationProtection"]


def test_a_destruction_that_aws_refuses_leaves_all_protected(launcher: Launcher, aws: Clients) -> None:
    stack = Stack(launcher.name, launcher.cloud, lambda _: None)
    with refused(stack), pytest.raises(DeletionRefused):
        take_down(stack, aws)
    assert all(protected(aws, host) for host in stack.instances())
    assert launcher.stack()["EnableTerminationProtection"]


def test_a_host_that_an_update_was_to_remove_is_protected_again_once_that_failed(
    launcher: Launcher, settings: Settings, aws: Clients
) -> None:
    stack = Stack(launcher.name, launcher.cloud, quiet)
    guard(stack, aws)
    fewer = replace(settings, hosts=settings.hosts[:-1])
    template = build_template(fewer)
    template["Resources"]["Bad"] = REFUSED
    parameters = launch_parameters(fewer, PUBLIC_KEY, ME, ZONES, launcher.outputs())
    plan = stack.plan(as_json(template), parameters, {"Stack": launcher.name})
    assert [one.is_host for one in plan.changes if one.action == "Remove"].count(True) == 1
    with pytest.raises(StackFailed, match="UPDATE_ROLLBACK_COMPLETE"):
        launch(settings, aws, plan, quiet)
    hosts = stack.instances()
    assert len(hosts) == 3
    assert all(protected(aws, host) for host in hosts)


def test_what_is_empty_is_not_protected_where_aws_refuses_to_delete_it(
    engine: Engine, settings: Settings, aws: Clients
) -> None:
    stack = Stack("empty", aws("cloudformation"), quiet)
    stack.client.create_stack(StackName="empty", TemplateBody=json.dumps({"Resources": {"Bad": REFUSED}}))
    assert stack.settled() == "ROLLBACK_COMPLETE"
    with refused(stack), pytest.raises(DeletionRefused):
        take_down(stack, aws)
    assert not stack.described()["EnableTerminationProtection"]
    stack.delete()


def test_a_first_launch_that_fails_once_a_host_stands_leaves_nothing(
    engine: Engine, settings: Settings, aws: Clients
) -> None:
    new, stack = replace(settings, name="fourth"), Stack("fourth", aws("cloudformation"), lambda _: None)
    template = build_template(new)
    template["Resources"]["Bad"] = {**REFUSED, "DependsOn": "AppHost"}
    plan = stack.plan(
        as_json(template), launch_parameters(new, PUBLIC_KEY, ME, ZONES, {}), {"Stack": "fourth"}
    )
    with pytest.raises(StackFailed, match="was not made, and is gone again: Bad"):
        stack.launch(plan)
    assert stack.status() == ""
    own = [
        {"Name": "tag:Stack", "Values": ["fourth"]},
        {"Name": "instance-state-name", "Values": ["running"]},
    ]
    assert aws("ec2").describe_instances(Filters=own)["Reservations"] == []


def test_an_instance_that_is_gone_is_not_protected(aws: Clients) -> None:
    instances.protect(aws("ec2"), ["i-0123456789abcdef0"], True)
    instances.protect(aws("ec2"), [], True)


def protected(aws: Clients, instance_id: str) -> bool:
    """Whether AWS refuses to terminate it."""
    attribute = "disableApiTermination"
    told = aws("ec2").describe_instance_attribute(InstanceId=instance_id, Attribute=attribute)
    return bool(told["DisableApiTermination"]["Value"])


def test_a_second_stack_of_the_account_comes_and_goes_and_leaves_snapshots_of_its_data_alone(
    launcher: Launcher, settings: Settings, aws: Clients
) -> None:
    first, ec2 = launcher.resources(), aws("ec2")
    second = Launcher(launcher.engine, aws, "second")
    second.create(settings)
    assert second.stack()["StackStatus"] == "CREATE_COMPLETE", second.failures()
    data = {id for name, id in second.resources().items() if name.endswith("Volume")}
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


def quiet(_: str) -> None:
    """Nobody listens."""


def instance(aws: Clients, instance_id: str) -> dict[str, Any]:
    """An instance as EC2 describes it."""
    found = aws("ec2").describe_instances(InstanceIds=[instance_id])
    described: dict[str, Any] = found["Reservations"][0]["Instances"][0]
    return described


def volumes(host: dict[str, Any]) -> set[str]:
    """What is attached to an instance."""
    return {mapping["Ebs"]["VolumeId"] for mapping in host["BlockDeviceMappings"]}
