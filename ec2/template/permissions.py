"""What a host may ask of AWS: the sum of its roles' permissions, and nothing of anybody else's."""

from collections.abc import Iterator
from typing import Any

from troposphere import AWS_STACK_NAME, Ref, Template, iam

from ec2.roles import ROLES, Permission, Role
from ec2.settings import HostSettings, Settings
from ec2.template.names import logical_id, of_stack, tags

SECRETS = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/${AWS::StackName}"
WITH_OUR_TAG = {"StringEquals": {"aws:ResourceTag/Stack": Ref(AWS_STACK_NAME)}}
KEYS = "arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/*"


def add_instance_profile(template: Template, host: HostSettings) -> iam.InstanceProfile:
    """Add the profile with its role, both below the stack's own path, so that stacks do not meet."""
    path = of_stack("/${AWS::StackName}/")
    role = template.add_resource(
        iam.Role(
            logical_id(host.name, "InstanceRole"),
            Path=path,
            AssumeRolePolicyDocument=document([ASSUMED_BY_INSTANCES]),
            Policies=[
                iam.Policy(PolicyName=name, PolicyDocument=document(list(statements(ROLES[name]))))
                for name in host.roles
            ],
            Tags=tags(host.name, Host=host.name),
        )
    )
    return template.add_resource(
        iam.InstanceProfile(logical_id(host.name, "InstanceProfile"), Path=path, Roles=[Ref(role)])
    )


def add_topic_permission(template: Template, host: HostSettings, settings: Settings) -> None:
    """Let Alertmanager publish to the topic of the settings, and to no other."""
    topic = settings.alerts.sns_topic
    if topic and "monitoring" in host.roles:
        statement = {"Effect": "Allow", "Action": ["sns:Publish"], "Resource": topic}
        role = template.resources[logical_id(host.name, "InstanceRole")]
        role.Policies.append(iam.Policy(PolicyName="alerts", PolicyDocument=document([statement])))


ASSUMED_BY_INSTANCES = {
    "Effect": "Allow",
    "Action": "sts:AssumeRole",
    "Principal": {"Service": "ec2.amazonaws.com"},
}


def document(listed: list[dict[str, Any]]) -> dict[str, Any]:
    """A policy."""
    return {"Version": "2012-10-17", "Statement": listed}


def statements(role: Role) -> Iterator[dict[str, Any]]:
    """To read the role's own secrets, and what its row in the table says."""
    yield reading_secrets(role.name)
    yield decrypting_secrets(role.name)
    yield from map(allowed, role.permissions)


def reading_secrets(role: str) -> dict[str, Any]:
    """The role's own parameters."""
    return {
        "Effect": "Allow",
        "Action": ["ssm:GetParameter", "ssm:GetParameters"],
        "Resource": of_stack(f"{SECRETS}/{role}/*"),
    }


def decrypting_secrets(role: str) -> dict[str, Any]:
    """With the account's key for parameters, whose id no template knows: as SSM, and only for these."""
    return {
        "Effect": "Allow",
        "Action": "kms:Decrypt",
        "Resource": of_stack(KEYS),
        "Condition": {
            "ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/aws/ssm"},
            "StringEquals": {"kms:ViaService": of_stack("ssm.${AWS::Region}.${AWS::URLSuffix}")},
            "StringLike": {"kms:EncryptionContext:PARAMETER_ARN": of_stack(f"{SECRETS}/{role}/*")},
        },
    }


def allowed(permission: Permission) -> dict[str, Any]:
    """A permission of the table."""
    narrowed = {"Condition": WITH_OUR_TAG} if permission.of_own_stack else {}
    resource = of_stack(permission.resource) if "${" in permission.resource else permission.resource
    return {"Effect": "Allow", "Action": list(permission.actions), "Resource": resource, **narrowed}
