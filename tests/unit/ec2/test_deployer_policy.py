"""The deployer's policy: enough for what CloudFormation does in the deployer's name, and no more."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER
from rich.console import Console

from ec2.deployer_policy import build_policy
from ec2.kept_table import print_kept
from ec2.leftovers import Kept
from ec2.settings import read_settings
from ec2.stack import Stack
from ec2.template.build import build_template

SETTINGS = read_settings(Path(__file__).parents[3] / "stack.toml")
POLICY = build_policy(SETTINGS)
STATEMENTS = {statement["Sid"]: statement for statement in POLICY["Statement"]}
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
MANAGED_POLICY_LIMIT = 6144
READING = ("Describe", "Get", "List", "Detect", "Validate")
# What CloudFormation's handlers ask for only with properties that the template does not have.
NOT_OURS = {
    "addresses that are handed over": {"ec2:AcceptAddressTransfer"},
    "IPv6": {"ec2:AssociateSubnetCidrBlock", "ec2:DisassociateSubnetCidrBlock"},
    "VPN": {"ec2:AttachVpnGateway", "ec2:DetachVpnGateway"},
    "copies of volumes": {"ec2:CopyVolumes"},
    "keys made by AWS": {"ec2:CreateKeyPair", "ssm:PutParameter", "ssm:DeleteParameter"},
    "enforced encryption in transit": {"ec2:CreateVpcEncryptionControl"},
    "credits, maintenance, placement, monitoring": {
        "ec2:ModifyInstanceCreditSpecification",
        "ec2:ModifyInstanceMaintenanceOptions",
        "ec2:ModifyInstancePlacement",
        "ec2:ModifyPrivateDnsNameOptions",
        "ec2:ModifyVpcTenancy",
        "ec2:MonitorInstances",
        "ec2:UnmonitorInstances",
    },
    "volumes that start by themselves": {"ec2:ModifyVolumeAttribute"},
    "policies of others, boundaries": {
        "iam:AttachRolePolicy",
        "iam:DetachRolePolicy",
        "iam:PutRolePermissionsBoundary",
        "iam:DeleteRolePermissionsBoundary",
    },
    "descriptions of roles": {"iam:UpdateRoleDescription"},
    "keys of one's own for disks": {
        "kms:CreateGrant",
        "kms:GenerateDataKeyWithoutPlaintext",
        "kms:ReEncryptFrom",
        "kms:ReEncryptTo",
    },
    "documents of Systems Manager": {"ssm:CreateAssociation", "ssm:DeleteAssociation"},
}


def actions(statement: dict[str, Any]) -> list[str]:
    """What a statement allows."""
    return list(statement["Action"])


def handled() -> set[str]:
    """What the handlers of the template's types may ask for, as AWS publishes it."""
    types = {resource["Type"] for resource in build_template(SETTINGS)["Resources"].values()}
    schemas = [PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", name).schema for name in types]
    return {
        permission
        for schema in schemas
        for name, handler in schema.get("handlers", {}).items()
        if name != "list"
        for permission in handler.get("permissions", [])
    }


def test_all_that_cloudformation_asks_for_is_allowed() -> None:
    allowed = [action for statement in POLICY["Statement"] for action in actions(statement)]
    asked = handled() - set().union(*NOT_OURS.values())
    assert [one for one in sorted(asked) if not any(fnmatchcase(one, given) for given in allowed)] == []


def test_what_the_template_does_not_need_is_not_allowed() -> None:
    allowed = {action for statement in POLICY["Statement"] for action in actions(statement)}
    ours = {action for action in allowed if action.startswith("ssm:")}
    assert (allowed - ours).isdisjoint(set().union(*NOT_OURS.values()))


def test_no_action_that_changes_anything_has_a_wildcard() -> None:
    for statement in POLICY["Statement"]:
        for action in actions(statement):
            verb = action.split(":")[1]
            assert "*" not in action or verb in ("Describe*", "Get*", "List*")
            assert not action.startswith("ssm:") or "*" not in action


def test_only_looking_is_allowed_everywhere() -> None:
    for name, statement in STATEMENTS.items():
        if statement["Resource"] == "*":
            assert name == "Look"
            assert all(action.split(":")[1].startswith(READING) for action in actions(statement))


def test_destroying_needs_a_second_factor() -> None:
    mfa = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    assert STATEMENTS["DestroyStack"]["Condition"] == mfa
    assert actions(STATEMENTS["DestroyStack"]) == ["cloudformation:DeleteStack"]
    assert mfa.items() <= STATEMENTS["Destroy"]["Condition"].items()
    for name, statement in STATEMENTS.items():
        if {"ec2:TerminateInstances", "ec2:DeleteVolume"} & set(actions(statement)):
            assert name in ("Destroy", "CleanUp")
    called = {"aws:CalledVia": "cloudformation.amazonaws.com"}
    assert STATEMENTS["CleanUp"]["Condition"]["ForAnyValue:StringEquals"] == called


def test_deploying_needs_none() -> None:
    assert "Condition" not in STATEMENTS["Stack"]
    asked = "CreateChangeSet ExecuteChangeSet DeleteChangeSet SetStackPolicy UpdateTerminationProtection"
    assert {f"cloudformation:{action}" for action in asked.split()} <= set(actions(STATEMENTS["Stack"]))
    assert "MultiFactorAuthPresent" not in json.dumps(STATEMENTS["Change"])
    assert "ec2:ModifyInstanceAttribute" in actions(STATEMENTS["Change"])


def test_what_is_changed_or_destroyed_has_the_stacks_tag() -> None:
    own = {"aws:ResourceTag/Stack": "microblog"}
    for name in ("Change", "CreateWithin", "Destroy", "CleanUp"):
        assert STATEMENTS[name]["Condition"]["StringEquals"] == own
    assert STATEMENTS["Create"]["Condition"]["StringEquals"] == {"aws:RequestTag/Stack": "microblog"}


def test_snapshots_are_told_whose_data_they_have_and_deleted_with_a_second_factor_only() -> None:
    snapshots = "arn:aws:ec2:us-east-1::snapshot/*"
    about = [one for one in POLICY["Statement"] if snapshots in listed(one["Resource"])]
    assert [one["Sid"] for one in about] == ["Snapshot", "TagWhatIsCreated", "Change", "Destroy"]
    assert "ec2:CreateTags" in actions(STATEMENTS["Change"])
    deleting = [one["Sid"] for one in POLICY["Statement"] if "ec2:DeleteSnapshot" in actions(one)]
    assert deleting == ["Destroy"]


@pytest.mark.parametrize("status", ["CREATE_FAILED", "UPDATE_ROLLBACK_FAILED"])
def test_what_is_said_to_lead_on_from_a_stack_that_is_stuck_is_allowed(status: str) -> None:
    stack = Stack(SETTINGS.name, None, print)
    (verb,) = re.findall(r"aws cloudformation ([a-z-]+)", stack.way_out(status))
    assert as_action("cloudformation", verb) in actions(STATEMENTS["Stack"])


def test_what_is_said_to_delete_a_snapshot_is_allowed(capsys: pytest.CaptureFixture[str]) -> None:
    made = datetime(2026, 1, 31, tzinfo=UTC)
    print_kept(Console(), [Kept("snap-1", 20, "database", "app", made, True)], "us-east-1")
    (verb,) = re.findall(r"aws ec2 ([a-z-]+)", capsys.readouterr().out)
    assert as_action("ec2", verb) in actions(STATEMENTS["Destroy"])


def as_action(service: str, verb: str) -> str:
    """What IAM calls a command of the command line."""
    return f"{service}:{verb.replace('-', ' ').title().replace(' ', '')}"


def test_whoever_deploys_may_ask_why_a_change_set_failed() -> None:
    assert "cloudformation:DescribeEvents" in actions(STATEMENTS["Look"])


def test_the_parameters_are_listed_by_the_stacks_path_whether_or_not_it_ends_with_a_slash() -> None:
    (secrets,) = [one for one in POLICY["Statement"] if "ssm:GetParametersByPath" in actions(one)]
    for path in ("microblog", "microblog/", "microblog/lease"):
        asked = f"arn:aws:ssm:us-east-1:123456789012:parameter/{path}"
        assert any(fnmatchcase(asked, resource) for resource in listed(secrets["Resource"]))


def test_whoever_stops_the_hosts_may_ask_what_is_protected_and_what_is_left() -> None:
    assert {"ec2:StopInstances", "ec2:StartInstances"} <= set(actions(STATEMENTS["Change"]))
    assert {"ec2:Describe*", "tag:GetResources"} <= set(actions(STATEMENTS["Look"]))


def test_a_role_is_passed_to_instances_only_and_only_the_stacks_own() -> None:
    passing = [one for one in POLICY["Statement"] if "iam:PassRole" in actions(one)]
    assert passing == [
        {
            "Sid": "PassRole",
            "Effect": "Allow",
            "Action": ["iam:PassRole"],
            "Resource": "arn:aws:iam::*:role/microblog/*",
            "Condition": {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}},
        }
    ]


def test_a_stack_whose_name_begins_with_this_ones_is_somebody_elses() -> None:
    named = [resource for one in POLICY["Statement"] for resource in listed(one["Resource"])]
    assert any("microblog" in resource for resource in named)
    assert not any("microblog*" in resource or "microblog-*" in resource for resource in named)


@pytest.mark.parametrize(("name", "region"), [("a", "us-east-1"), ("n" * 24, "ap-southeast-7")])
def test_it_fits_into_one_managed_policy(name: str, region: str) -> None:
    policy = build_policy(replace(SETTINGS, name=name, region=region))
    assert len(json.dumps(policy, separators=(",", ":"))) <= MANAGED_POLICY_LIMIT


def listed(resource: str | list[str]) -> list[str]:
    """One or many as many."""
    return [resource] if isinstance(resource, str) else resource
