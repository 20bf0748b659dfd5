"""Roles, instance profiles and policies."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from ec2.rehearsal.stacks.resources.contract import Clients
from tests.functional.rehearsal.resources.moto_stack import Stack, tags

ROLE, PROFILE = "AWS::IAM::Role", "AWS::IAM::InstanceProfile"
POLICY, MANAGED = "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"
SSM = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


def trust(service: str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def allow(action: str) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}],
    }


def inline(name: str, action: str) -> dict[str, Any]:
    return {"PolicyName": name, "PolicyDocument": allow(action)}


@pytest.fixture
def role(stack: Stack) -> str:
    return stack.create(ROLE, "App", AssumeRolePolicyDocument=trust("ec2.amazonaws.com"))


def test_a_role_is_all_that_the_template_says(stack: Stack) -> None:
    given = {
        "AssumeRolePolicyDocument": trust("ec2.amazonaws.com"),
        "Description": "of the app",
        "ManagedPolicyArns": [SSM],
        "MaxSessionDuration": 7200,
        "Path": "/demo/",
        "PermissionsBoundary": READ_ONLY,
        "Policies": [inline("buckets", "s3:ListBucket")],
        "RoleName": "app",
    }
    role = stack.create(ROLE, Tags=tags(Name="app"), **given)
    assert role == "app"
    assert stack.read(ROLE, role) == {**given, "Tags": tags(Name="app", Owner="team")}
    assert stack.attribute(ROLE, role, "Arn") == "arn:aws:iam::123456789012:role/demo/app"
    assert stack.attribute(ROLE, role, "RoleId").startswith("AROA")


def test_a_role_changes_in_place(stack: Stack) -> None:
    role = stack.create(
        ROLE,
        AssumeRolePolicyDocument=trust("ec2.amazonaws.com"),
        ManagedPolicyArns=[SSM],
        MaxSessionDuration=7200,
        PermissionsBoundary=READ_ONLY,
        Policies=[inline("old", "s3:ListBucket"), inline("both", "s3:ListBucket")],
        Tags=tags(Old="1"),
    )
    stack.update(
        ROLE,
        role,
        AssumeRolePolicyDocument=trust("ssm.amazonaws.com"),
        ManagedPolicyArns=[READ_ONLY],
        MaxSessionDuration=None,
        PermissionsBoundary=None,
        Policies=[inline("both", "ec2:DescribeInstances"), inline("new", "s3:ListBucket")],
        Tags=tags(New="2"),
    )
    assert stack.read(ROLE, role) == {
        "AssumeRolePolicyDocument": trust("ssm.amazonaws.com"),
        "Description": "",
        "ManagedPolicyArns": [READ_ONLY],
        "MaxSessionDuration": 3600,
        "Path": "/",
        "Policies": [inline("both", "ec2:DescribeInstances"), inline("new", "s3:ListBucket")],
        "RoleName": role,
        "Tags": tags(New="2", Owner="team"),
    }


def test_a_role_without_a_name_gets_one_that_fits(role: str) -> None:
    assert role.startswith("demo-App-")
    assert len(role) <= 64


def test_a_deleted_role_takes_its_policies_along_first(aws: Clients, stack: Stack) -> None:
    document = trust("ec2.amazonaws.com")
    given = {"ManagedPolicyArns": [SSM], "Policies": [inline("a", "s3:ListBucket")]}
    role = stack.create(ROLE, AssumeRolePolicyDocument=document, **given)
    aws("iam").attach_role_policy(RoleName=role, PolicyArn=READ_ONLY)
    stack.delete(ROLE, role)
    assert stack.read(ROLE, role) is None


def test_a_role_with_an_unknown_policy_is_not_left_behind(aws: Clients, stack: Stack) -> None:
    with pytest.raises(ClientError, match="NoSuchEntity"):
        stack.create(
            ROLE,
            RoleName="half",
            AssumeRolePolicyDocument=trust("ec2.amazonaws.com"),
            ManagedPolicyArns=["arn:aws:iam::aws:policy/Nobody"],
        )
    assert "half" not in [role["RoleName"] for role in aws("iam").list_roles()["Roles"]]


def test_a_profile_hands_out_one_role_after_the_other(stack: Stack, role: str) -> None:
    other = stack.create(ROLE, AssumeRolePolicyDocument=trust("ec2.amazonaws.com"))
    profile = stack.create(PROFILE, Roles=[role], Path="/demo/")
    stack.update(PROFILE, profile, Roles=[other])
    assert stack.read(PROFILE, profile) == {
        "InstanceProfileName": profile,
        "Path": "/demo/",
        "Roles": [other],
    }
    arn = f"arn:aws:iam::123456789012:instance-profile/demo/{profile}"
    assert stack.attribute(PROFILE, profile, "Arn") == arn
    stack.delete(PROFILE, profile)
    assert stack.read(PROFILE, profile) is None


def test_a_policy_is_in_each_of_its_roles_under_its_name(aws: Clients, stack: Stack, role: str) -> None:
    other = stack.create(ROLE, AssumeRolePolicyDocument=trust("ec2.amazonaws.com"))
    document = allow("s3:ListBucket")
    policy = stack.create(POLICY, PolicyName="buckets", PolicyDocument=document, Roles=[role, other])
    assert inlined(aws, role) == inlined(aws, other) == ["buckets"]
    stack.update(POLICY, policy, PolicyName="more", PolicyDocument=allow("s3:*"), Roles=[role])
    assert (inlined(aws, role), inlined(aws, other)) == (["more"], [])
    found = aws("iam").get_role_policy(RoleName=role, PolicyName="more")
    assert found["PolicyDocument"] == allow("s3:*")
    assert stack.attribute(POLICY, policy, "Id") == policy
    stack.delete(POLICY, policy)
    assert inlined(aws, role) == []


def test_a_managed_policy_changes_its_document_and_its_roles(stack: Stack, role: str) -> None:
    document = allow("s3:ListBucket")
    policy = stack.create(
        MANAGED, ManagedPolicyName="lists", PolicyDocument=document, Description="d", Roles=[role]
    )
    assert policy == "arn:aws:iam::123456789012:policy/lists"
    assert (stack.read(ROLE, role) or {})["ManagedPolicyArns"] == [policy]
    stack.update(MANAGED, policy, PolicyDocument=allow("s3:*"), Roles=None)
    assert stack.read(MANAGED, policy) == {
        "ManagedPolicyName": "lists",
        "PolicyDocument": allow("s3:*"),
        "Description": "d",
        "Path": "/",
        "Roles": [],
        "Users": [],
        "Groups": [],
    }
    assert stack.attribute(MANAGED, policy, "DefaultVersionId") == "v2"


def test_a_managed_policy_goes_on_changing_after_five_versions(stack: Stack, role: str) -> None:
    policy = stack.create(MANAGED, PolicyDocument=allow("s3:v1"), Roles=[role])
    for number in range(2, 8):
        stack.update(MANAGED, policy, PolicyDocument=allow(f"s3:v{number}"))
    assert (stack.read(MANAGED, policy) or {})["PolicyDocument"] == allow("s3:v7")
    stack.delete(MANAGED, policy)
    assert stack.read(MANAGED, policy) is None


def inlined(aws: Clients, role: str) -> list[str]:
    names: list[str] = aws("iam").list_role_policies(RoleName=role)["PolicyNames"]
    return names
