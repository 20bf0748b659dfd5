"""One stack with every type, by the engine: made, in sync, changed, deleted with nothing left."""

import re
from pathlib import Path
from typing import Any

import pytest
from cfnlint.api import ManualArgs, lint

from ec2.rehearsal.settings import ACCOUNT, REGION
from ec2.rehearsal.stacks.engine import Engine
from ec2.rehearsal.stacks.resources import RESOURCE_TYPES
from ec2.rehearsal.stacks.resources.contract import Clients, Findable
from ec2.rehearsal.stacks.wire import install
from ec2.rehearsal.stacks.work import Work
from tests.waiting import wait_until

TEMPLATE = Path(__file__).with_name("every_type.yaml").read_text()
MAY = {"Capabilities": ["CAPABILITY_IAM"]}
# What the end of the process in the moment of its creation does not leave behind.
FINDABLE = ("AWS::EC2::", "AWS::IAM::InstanceProfile")
CHANGES = {
    "InstanceType: t3.micro": "InstanceType: t3.small",
    "Size: 10": "Size: 20",
    "RetentionInDays: 7": "RetentionInDays: 30",
    "EnableDnsHostnames: true": "EnableDnsHostnames: false",
    "DisplayName: Alerts": "DisplayName: Alarms",
}


@pytest.fixture
def engine(aws: Clients) -> Engine:
    engine = Engine(RESOURCE_TYPES, aws, ACCOUNT, REGION)
    install(engine)
    return engine


def settled(engine: Engine, cloud: Any, stack_id: str) -> str:
    """The stack's status once nothing is under way."""
    engine.join()
    status: str = cloud.describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"]
    return status


def drifted(cloud: Any) -> dict[str, Any]:
    """Every resource that is not as the template says, and how."""
    detection = {
        "StackDriftDetectionId": cloud.detect_stack_drift(StackName="every")["StackDriftDetectionId"]
    }

    def detected() -> bool:
        found = cloud.describe_stack_drift_detection_status(**detection)
        return bool(found["DetectionStatus"] == "DETECTION_COMPLETE")

    wait_until(detected, 20, "the drift is detected")
    found = cloud.describe_stack_resource_drifts(StackName="every")["StackResourceDrifts"]
    return {
        resource["LogicalResourceId"]: resource["PropertyDifferences"]
        for resource in found
        if resource["StackResourceDriftStatus"] != "IN_SYNC"
    }


def test_the_template_has_every_type_and_cfn_lint_likes_it() -> None:
    assert set(re.findall(r"\n    Type: (\S+)", TEMPLATE)) == set(RESOURCE_TYPES)
    assert [match.message for match in lint(TEMPLATE, config=ManualArgs(regions=[REGION]))] == []


def test_a_stack_of_every_type_lives_and_leaves_nothing(aws: Clients, engine: Engine) -> None:
    cloud, before = aws("cloudformation"), left(aws)
    asked = {"StackName": "every", "TemplateBody": TEMPLATE, **MAY, "Tags": stack_tags(Team="web")}
    stack_id: str = cloud.create_stack(**asked)["StackId"]
    assert settled(engine, cloud, stack_id) == "CREATE_COMPLETE"
    assert drifted(cloud) == {}
    assert found(engine, stack_id) == made(engine, stack_id)

    changed = TEMPLATE
    for old, new in CHANGES.items():
        assert old in changed
        changed = changed.replace(old, new)
    cloud.update_stack(StackName="every", TemplateBody=changed, **MAY, Tags=stack_tags(Squad="web"))
    assert settled(engine, cloud, stack_id) == "UPDATE_COMPLETE"
    assert drifted(cloud) == {}
    assert {"vpc", "instance", "key-pair", "launch-template"} <= tagged(aws, "Squad")
    assert tagged(aws, "Team") <= {"volume"}, "those of an instance are tagged with it, and never again"

    cloud.delete_stack(StackName="every")
    assert settled(engine, cloud, stack_id) == "DELETE_COMPLETE"
    assert left(aws) == before


def made(engine: Engine, stack_id: str) -> dict[str, set[str]]:
    """The physical ids of the resources that are found though they are in no book."""
    held = engine.cloud.stacks[stack_id].present
    return {name: {one.physical_id} for name, one in held.items() if one.type.startswith(FINDABLE)}


def found(engine: Engine, stack_id: str) -> dict[str, set[str]]:
    """What was made for each resource, by all that is known of it without its id."""
    stack = engine.cloud.stacks[stack_id]
    work = Work(engine.site, stack, stack.definition)
    kinds = {name: (held, RESOURCE_TYPES[held.type]) for name, held in stack.present.items()}
    return {
        name: set(kind.made_for(engine.site.aws, dict(held.properties), work.place(name)))
        for name, (held, kind) in kinds.items()
        if isinstance(kind, Findable)
    }


def stack_tags(**given: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in given.items()]


def tagged(aws: Clients, key: str) -> set[str]:
    """The kinds of EC2's things that have the tag."""
    found = aws("ec2").describe_tags(Filters=[{"Name": "key", "Values": [key]}])["Tags"]
    return {tag["ResourceType"] for tag in found}


LISTS = {
    "ec2": {
        "describe_vpcs": "Vpcs",
        "describe_subnets": "Subnets",
        "describe_internet_gateways": "InternetGateways",
        "describe_route_tables": "RouteTables",
        "describe_security_groups": "SecurityGroups",
        "describe_key_pairs": "KeyPairs",
        "describe_launch_templates": "LaunchTemplates",
        "describe_addresses": "Addresses",
        "describe_volumes": "Volumes",
        "describe_flow_logs": "FlowLogs",
    },
    "iam": {"list_roles": "Roles", "list_instance_profiles": "InstanceProfiles"},
    "s3": {"list_buckets": "Buckets"},
    "ssm": {"describe_parameters": "Parameters"},
    "kms": {"list_aliases": "Aliases"},
    "sns": {"list_topics": "Topics", "list_subscriptions": "Subscriptions"},
    "logs": {"describe_log_groups": "logGroups"},
    "cloudwatch": {"describe_alarms": "MetricAlarms"},
}


def left(aws: Clients) -> dict[str, int]:
    """How many there are of each thing that does not linger in AWS's lists."""
    counted = {
        key: len(getattr(aws(service), call)()[key])
        for service, calls in LISTS.items()
        for call, key in calls.items()
    }
    reservations = aws("ec2").describe_instances()["Reservations"]
    states = [entry["State"]["Name"] for held in reservations for entry in held["Instances"]]
    acls = [acl["IsDefault"] for acl in aws("ec2").describe_network_acls()["NetworkAcls"]]
    return {
        **counted,
        "Instances": len(states) - states.count("terminated"),
        "NetworkAcls": acls.count(False),  # moto leaves the default one of a VPC that is gone
        "Policies": len(aws("iam").list_policies(Scope="Local")["Policies"]),
    }
