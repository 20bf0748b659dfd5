"""The least that whoever deploys must be allowed: what the launcher asks for, and CloudFormation in its name.

CloudFormation acts with the rights of who calls it. What is made must carry the stack's tag or path, and
only what carries it can be changed or destroyed, so that nothing else in the account is in reach. What AWS
lets nobody narrow stands under `Resource: *` in one statement, `Look`, and only looks. Reading has wildcards,
since CloudFormation looks at more with every year; nothing that changes anything has one.

Whoever holds this policy may give hosts any permission, as everybody may who makes instance roles: to bound
that is the account's own affair.
"""

import json
from collections.abc import Sequence
from typing import Any

from ec2.settings import Settings

# Debian's account at AWS, https://wiki.debian.org/Cloud/AmazonEC2Image.
DEBIAN_ACCOUNT = "136693071363"

STACK = """
    CancelUpdateStack ContinueUpdateRollback CreateChangeSet CreateStack DeleteChangeSet Describe*
    DetectStackDrift DetectStackResourceDrift ExecuteChangeSet Get* List* RollbackStack SetStackPolicy
    TagResource UntagResource UpdateStack UpdateTerminationProtection
"""
# None of these can be narrowed to resources, or to the stack's: a change set does not have its name.
LOOK = """
    cloudformation:DescribeEvents cloudformation:DescribeStackDriftDetectionStatus ec2:Describe*
    ssm:DescribeAssociation ssm:ListAssociations tag:GetResources
"""
CREATE = """
    AllocateAddress CreateInternetGateway CreateNetworkAcl CreateRouteTable CreateSecurityGroup CreateSubnet
    CreateVolume CreateVpc ImportKeyPair RunInstances
"""
# Of these AWS asks a second time, about what they are made in or of.
CREATE_WITHIN = (
    "CreateNetworkAcl CreateRouteTable CreateSecurityGroup CreateSnapshot CreateSubnet RunInstances"
)
CHANGE = """
    AssociateAddress AssociateIamInstanceProfile AssociateRouteTable AttachInternetGateway AttachVolume
    AuthorizeSecurityGroupEgress AuthorizeSecurityGroupIngress CreateNetworkAclEntry CreateRoute CreateTags
    DeleteInternetGateway DeleteKeyPair DeleteNetworkAcl DeleteNetworkAclEntry DeleteRoute DeleteRouteTable
    DeleteSecurityGroup DeleteSubnet DeleteTags DeleteVpc DetachInternetGateway DetachVolume
    DisassociateAddress DisassociateIamInstanceProfile DisassociateRouteTable GetConsoleOutput
    ModifyInstanceAttribute ModifyInstanceMetadataOptions ModifySubnetAttribute ModifyVolume
    ModifyVpcAttribute ReleaseAddress ReplaceIamInstanceProfileAssociation ReplaceNetworkAclAssociation
    ReplaceNetworkAclEntry ReplaceRoute ReplaceRouteTableAssociation RevokeSecurityGroupEgress
    RevokeSecurityGroupIngress StartInstances StopInstances UpdateSecurityGroupRuleDescriptionsEgress
    UpdateSecurityGroupRuleDescriptionsIngress
"""
DESTROY = "DeleteVolume TerminateInstances"
INSTANCE_ROLES = """
    AddRoleToInstanceProfile CreateInstanceProfile CreateRole DeleteInstanceProfile DeleteRole
    DeleteRolePolicy Get* List* PutRolePolicy RemoveRoleFromInstanceProfile TagRole
    UntagRole UpdateAssumeRolePolicy UpdateRole
"""
SECRETS = """
    DeleteParameter DeleteParameters GetParameter GetParametersByPath PutParameter
"""


def build_policy(settings: Settings) -> dict[str, Any]:
    """The policy for one stack."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            *of_stack(settings),
            *of_creation(settings),
            *of_change(settings),
            *of_destruction(settings),
            *of_instance_roles(settings),
            *of_parameters(settings),
        ],
    }


def as_json(policy: dict[str, Any]) -> str:
    """The policy for people and for IAM, which does not count white space."""
    return json.dumps(policy, indent=2)


def of_stack(settings: Settings) -> list[dict[str, Any]]:
    """The stack itself, and looking around."""
    return [
        allow("Stack", words("cloudformation", STACK), stack_arn(settings)),
        allow("Look", LOOK.split(), "*"),
    ]


def of_creation(settings: Settings) -> list[dict[str, Any]]:
    """New things with the stack's tag, from what has it, from Debian's image."""
    region, name = settings.region, settings.name
    return [
        allow("Create", words("ec2", CREATE), ec2_arns(region, "*"), tagged("RequestTag", name)),
        allow(
            "CreateWithin", words("ec2", CREATE_WITHIN), ec2_arns(region, "*"), tagged("ResourceTag", name)
        ),
        # Neither can have the tag at that moment.
        allow("CreateUntagged", ["ec2:RunInstances"], ec2_arns(region, "network-interface/*")),
        allow("Snapshot", ["ec2:CreateSnapshot"], f"arn:aws:ec2:{region}::snapshot/*"),
        allow(
            "Image",
            ["ec2:RunInstances"],
            f"arn:aws:ec2:{region}::image/*",
            {"StringEquals": {"ec2:Owner": DEBIAN_ACCOUNT}},
        ),
        allow(
            "TagWhatIsCreated",
            ["ec2:CreateTags"],
            [*ec2_arns(region, "*"), f"arn:aws:ec2:{region}::snapshot/*"],
            {"StringEquals": {"ec2:CreateAction": [*CREATE.split(), "CreateSnapshot"]}},
        ),
    ]


def of_change(settings: Settings) -> list[dict[str, Any]]:
    """What has the stack's tag; an interface and the VPC's own ACL, to which subnets go back, have none."""
    region = settings.region
    return [
        allow(
            "Change",
            words("ec2", CHANGE),
            # A snapshot belongs to no account by its name.
            [*ec2_arns(region, "*"), f"arn:aws:ec2:{region}::snapshot/*"],
            tagged("ResourceTag", settings.name),
        ),
        allow(
            "ChangeUntagged",
            words("ec2", "AssociateAddress DisassociateAddress ReplaceNetworkAclAssociation"),
            ec2_arns(region, "network-acl/*", "network-interface/*"),
        ),
    ]


def of_destruction(settings: Settings) -> list[dict[str, Any]]:
    """With a second factor; CloudFormation's own clean-up needs none, to delete a stack it needs one.

    AWS cannot tell who protects a stack from who ends that: it is a guard against accidents, not this one.
    """
    with_mfa = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    by_stack = {"ForAnyValue:StringEquals": {"aws:CalledVia": "cloudformation.amazonaws.com"}}
    own = tagged("ResourceTag", settings.name)
    everything = ec2_arns(settings.region, "*")
    return [
        allow("DestroyStack", words("cloudformation", "DeleteStack"), stack_arn(settings), with_mfa),
        # Snapshots are what destroy leaves, until their data is not wanted any more.
        allow(
            "Destroy",
            [*words("ec2", DESTROY), "ec2:DeleteSnapshot"],
            [*everything, f"arn:aws:ec2:{settings.region}::snapshot/*"],
            {**own, **with_mfa},
        ),
        allow("CleanUp", words("ec2", DESTROY), everything, {**own, **by_stack}),
    ]


def of_instance_roles(settings: Settings) -> list[dict[str, Any]]:
    """Below the stack's path, and for instances only."""
    roles = f"arn:aws:iam::*:role/{settings.name}/*"
    profiles = f"arn:aws:iam::*:instance-profile/{settings.name}/*"
    to_instances = {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}
    return [
        allow("InstanceRoles", words("iam", INSTANCE_ROLES), [roles, profiles]),
        allow("PassRole", ["iam:PassRole"], roles, to_instances),
    ]


def of_parameters(settings: Settings) -> list[dict[str, Any]]:
    """The stack's secrets, and the name of Debian's image; the account's key for secrets needs no permission.

    https://docs.aws.amazon.com/kms/latest/developerguide/services-parameter-store.html
    """
    region = settings.region
    # AWS asks about the path itself where all below it is listed.
    own = [f"arn:aws:ssm:{region}:*:parameter/{settings.name}{below}" for below in ("", "/*")]
    public = f"arn:aws:ssm:{region}::parameter/aws/service/debian/*"
    return [
        allow("Secrets", words("ssm", SECRETS), own),
        allow("NameOfImage", words("ssm", "GetParameter GetParameters"), public),
    ]


def allow(
    name: str, actions: list[str], resource: str | Sequence[str], condition: dict[str, Any] | None = None
) -> dict[str, Any]:
    """One statement."""
    narrowed = {"Condition": condition} if condition else {}
    return {"Sid": name, "Effect": "Allow", "Action": actions, "Resource": resource, **narrowed}


def words(service: str, actions: str) -> list[str]:
    """Actions of one service."""
    return [f"{service}:{action}" for action in actions.split()]


def tagged(kind: str, name: str) -> dict[str, Any]:
    """The stack's tag on what is asked for (RequestTag) or on what is there (ResourceTag)."""
    return {"StringEquals": {f"aws:{kind}/Stack": name}}


def ec2_arns(region: str, *kinds: str) -> list[str]:
    """EC2's resources in whatever account has the policy."""
    return [f"arn:aws:ec2:{region}:*:{kind}" for kind in kinds]


def stack_arn(settings: Settings) -> str:
    """The stack under whatever id it gets."""
    return f"arn:aws:cloudformation:{settings.region}:*:stack/{settings.name}/*"
