"""What a Jenkins host may ask of AWS, weighed as IAM does: enough for `deploy --inside`, and no more."""

import json
from pathlib import Path

import pytest
from moto.iam.access_control import IAMPolicy, PermissionResult

from ec2.settings import read_settings
from ec2.template.build import as_json, build_template

SETTINGS = read_settings(Path(__file__).parents[3] / "stack.toml")
PLACES = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": SETTINGS.region,
    "AWS::StackName": "blog",
    "AWS::URLSuffix": "amazonaws.com",
}
HERE = f"{SETTINGS.region}:123456789012"


def policy() -> IAMPolicy:
    """The role's policy with the stack's name in it."""
    template = json.loads(as_json(build_template(SETTINGS)))
    role = template["Resources"]["JenkinsInstanceRole"]["Properties"]
    [of_role] = [one for one in role["Policies"] if one["PolicyName"] == "jenkins"]
    return IAMPolicy(json.dumps(filled(of_role["PolicyDocument"])))


def filled(value: object) -> object:
    """A part of the template as CloudFormation makes it."""
    if isinstance(value, list):
        return [filled(one) for one in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"Ref"}:
        return PLACES[value["Ref"]]
    if set(value) == {"Fn::Sub"}:
        text = str(value["Fn::Sub"])
        for name, told in PLACES.items():
            text = text.replace(f"${{{name}}}", told)
        return text
    return {key: filled(one) for key, one in value.items()}


def allowed(action: str, resource: str, stack: str = "blog") -> bool:
    """Whether the role may do that to a resource that has that stack's tag."""
    tags = {"aws:ResourceTag/Stack": stack}
    weighed = policy().is_action_permitted(action, resource, incoming_condition_values=tags)
    return weighed is PermissionResult.PERMITTED


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("cloudformation:DescribeStacks", f"arn:aws:cloudformation:{HERE}:stack/blog/0123"),
        ("ec2:DescribeInstances", "*"),
        ("ec2:GetConsoleOutput", f"arn:aws:ec2:{HERE}:instance/i-1"),
        ("ssm:GetParameter", f"arn:aws:ssm:{HERE}:parameter/blog/deployer/ssh_key"),
        ("ssm:GetParametersByPath", f"arn:aws:ssm:{HERE}:parameter/blog/lease"),
        ("ssm:GetParametersByPath", f"arn:aws:ssm:{HERE}:parameter/blog/"),
        ("ssm:PutParameter", f"arn:aws:ssm:{HERE}:parameter/blog/lease/7"),
        ("ssm:PutParameter", f"arn:aws:ssm:{HERE}:parameter/blog/app/microblog/secret_key"),
        ("ssm:DeleteParameters", f"arn:aws:ssm:{HERE}:parameter/blog/lease/6"),
    ],
)
def test_a_deployment_from_inside_may_do_what_it_does(action: str, resource: str) -> None:
    assert allowed(action, resource)


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("cloudformation:CreateChangeSet", f"arn:aws:cloudformation:{HERE}:stack/blog/0123"),
        ("cloudformation:DeleteStack", f"arn:aws:cloudformation:{HERE}:stack/blog/0123"),
        ("cloudformation:DescribeStacks", f"arn:aws:cloudformation:{HERE}:stack/other/0123"),
        ("ec2:TerminateInstances", f"arn:aws:ec2:{HERE}:instance/i-1"),
        ("ec2:AuthorizeSecurityGroupIngress", f"arn:aws:ec2:{HERE}:security-group/sg-1"),
        ("iam:PutRolePolicy", "arn:aws:iam::123456789012:role/blog/blog-JenkinsInstanceRole"),
        ("iam:PassRole", "arn:aws:iam::123456789012:role/blog/blog-AppInstanceRole"),
        ("ssm:GetParameter", f"arn:aws:ssm:{HERE}:parameter/other/deployer/ssh_key"),
        ("ssm:DeleteParameters", f"arn:aws:ssm:{HERE}:parameter/blog/deployer/ssh_key"),
    ],
)
def test_it_may_do_no_more(action: str, resource: str) -> None:
    assert not allowed(action, resource)


def test_it_reads_the_consoles_of_its_own_stack_alone() -> None:
    console = ("ec2:GetConsoleOutput", f"arn:aws:ec2:{HERE}:instance/i-1")
    assert allowed(*console)
    assert not allowed(*console, stack="other")
