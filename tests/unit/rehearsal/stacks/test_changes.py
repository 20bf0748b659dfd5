"""What a new template would change, told without touching anything."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from ec2.rehearsal.stacks.changes import changes, changes_outputs
from ec2.rehearsal.stacks.errors import ValidationError
from ec2.rehearsal.stacks.journal import Journal
from ec2.rehearsal.stacks.state import Cloud, Definition, Stack, StackResource
from ec2.rehearsal.stacks.work import Site, Work
from tests.unit.rehearsal.stacks.any_type import AnyType

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TYPES = {name: AnyType(name) for name in ("AWS::EC2::VPC", "AWS::EC2::Instance", "AWS::EC2::SecurityGroup")}
BEFORE: dict[str, dict[str, Any]] = {
    "Net": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
    "Web": {
        "Type": "AWS::EC2::SecurityGroup",
        "Properties": {"GroupDescription": "Web", "VpcId": {"Ref": "Net"}},
    },
    "Host": {
        "Type": "AWS::EC2::Instance",
        "Properties": {"InstanceType": "t3.small", "ImageId": "ami-1", "SecurityGroupIds": [{"Ref": "Web"}]},
    },
}
RESOLVED: dict[str, dict[str, Any]] = {
    "Net": {"CidrBlock": "10.0.0.0/16"},
    "Web": {"GroupDescription": "Web", "VpcId": "id-of-Net"},
    "Host": {"InstanceType": "t3.small", "ImageId": "ami-1", "SecurityGroupIds": ["id-of-Web"]},
}


def no_client(service: str) -> Any:
    raise AssertionError(f"{service} was asked")


def stack_before() -> Stack:
    """The stack as it stands, made of BEFORE."""
    definition = Definition(json.dumps({"Resources": BEFORE}), {}, {})
    stack = Stack("news", "arn:news", NOW, definition, "CREATE_COMPLETE")
    for name, properties in RESOLVED.items():
        stack.resources[name] = StackResource(
            logical_id=name,
            type=BEFORE[name]["Type"],
            physical_id=f"id-of-{name}",
            properties=properties,
            tags={},
            depends_on=frozenset(),
            deletion_policy="Delete",
            update_replace_policy="Delete",
            metadata=None,
            status="CREATE_COMPLETE",
            reason="",
            updated_at=NOW,
        )
    return stack


def work(resources: dict[str, Any], **sections: Any) -> Work:
    """The way from BEFORE to some resources."""
    site = Site(TYPES, no_client, "us-east-1", "123456789012", Journal(Cloud()))
    definition = Definition(json.dumps({"Resources": resources, **sections}), {}, {})
    return Work(site, stack_before(), definition)


def changed(name: str, **properties: Any) -> dict[str, Any]:
    """BEFORE with some properties of one resource otherwise."""
    entry = BEFORE[name]
    return {**BEFORE, name: {**entry, "Properties": {**entry["Properties"], **properties}}}


def told(resources: dict[str, Any]) -> list[tuple[str, str, str]]:
    """The changes in short."""
    found = [change["ResourceChange"] for change in changes(work(resources))]
    return [(one["LogicalResourceId"], one["Action"], one.get("Replacement", "")) for one in found]


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        (BEFORE, []),
        (changed("Host", ImageId="ami-2"), [("Host", "Modify", "True")]),
        (changed("Host", InstanceType="t3.large"), [("Host", "Modify", "Conditional")]),
        (changed("Host", Monitoring=True), [("Host", "Modify", "False")]),
        (changed("Web", SecurityGroupEgress=[]), [("Web", "Modify", "False")]),
        (
            changed("Web", GroupDescription="Other"),
            [("Web", "Modify", "True"), ("Host", "Modify", "Conditional")],
        ),
        (
            changed("Net", CidrBlock="10.1.0.0/16"),
            [("Net", "Modify", "True"), ("Web", "Modify", "Conditional"), ("Host", "Modify", "Conditional")],
        ),
        ({"Net": BEFORE["Net"], "Web": BEFORE["Web"]}, [("Host", "Remove", "")]),
        ({**BEFORE, "Other": BEFORE["Net"]}, [("Other", "Add", "")]),
        (
            {**BEFORE, "Net": {**BEFORE["Net"], "DeletionPolicy": "Retain", "Metadata": {"a": 1}}},
            [("Net", "Modify", "False")],
        ),
    ],
)
def test_a_new_template_changes_what_differs_and_what_leans_on_it(
    resources: dict[str, Any], expected: list[tuple[str, str, str]]
) -> None:
    assert told(resources) == expected


def test_a_resource_keeps_its_type() -> None:
    with pytest.raises(ValidationError, match=r"resource type of the following resources: \[Net\]"):
        changes(work({**BEFORE, "Net": {"Type": "AWS::EC2::Instance"}}))


def test_outputs_alone_are_a_change_too() -> None:
    same, more = work(BEFORE), work(BEFORE, Outputs={"Net": {"Value": {"Ref": "Net"}}})
    assert changes_outputs(same, changes(same)) is False
    assert changes_outputs(more, changes(more)) is True
