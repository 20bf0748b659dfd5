"""What is refused before anything is made."""

import json
from typing import Any

import pytest

from ec2.rehearsal.stacks.errors import InsufficientCapabilities, ValidationError
from ec2.rehearsal.stacks.template import Template, parse
from ec2.rehearsal.stacks.validation import check_capabilities, dependencies, needed_capabilities, validate
from tests.unit.rehearsal.stacks.any_type import AnyType

NAMES = (
    "AWS::EC2::VPC",
    "AWS::EC2::Subnet",
    "AWS::EC2::Instance",
    "AWS::EC2::SecurityGroup",
    "AWS::IAM::Role",
)
TYPES = {name: AnyType(name) for name in NAMES}
VPC = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}}


def template(resources: dict[str, Any], **sections: Any) -> Template:
    """A template of some resources."""
    return parse(json.dumps({"Resources": resources, **sections}))


def host(**properties: Any) -> dict[str, Any]:
    """An instance."""
    return {"Type": "AWS::EC2::Instance", "Properties": properties}


def group(**properties: Any) -> dict[str, Any]:
    """A security group."""
    return {"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": "x", **properties}}


@pytest.mark.parametrize(
    ("resources", "sections", "sentence"),
    [
        ({"A": {"Type": "AWS::EC2::VPZ"}}, {}, "Unrecognized resource types: [AWS::EC2::VPZ]"),
        ({"A": {"Type": "AWS::SQS::Queue"}}, {}, "[AWS::SQS::Queue] are not carried out by the rehearsal"),
        ({"A": host(Colour="red")}, {}, "Encountered unsupported property Colour"),
        ({"A": host(PublicIp="1.2.3.4")}, {}, "Encountered unsupported property PublicIp"),
        ({"A": host(MetadataOptions={"Token": "x"})}, {}, "unsupported property MetadataOptions/Token"),
        ({"A": host(SecurityGroupIds="sg-1")}, {}, "SecurityGroupIds must be of type List"),
        ({"A": host(EbsOptimized="perhaps")}, {}, "EbsOptimized must be of type Boolean"),
        (
            {"A": group(SecurityGroupIngress=[{"IpProtocol": "tcp", "FromPort": "ssh"}])},
            {},
            "of type Integer",
        ),
        ({"A": host(Tags=[{"Key": "a"}])}, {}, "Property Tags/0/Value cannot be empty."),
        ({"A": {"Type": "AWS::EC2::SecurityGroup"}}, {}, "Property GroupDescription cannot be empty."),
        ({"A": host(ImageId={"Ref": "B"})}, {}, "[B] in the Resources block"),
        ({"A": host(ImageId={"Fn::Sub": "${B.Arn}"})}, {}, "[B] in the Resources block"),
        ({"A": {**VPC, "DependsOn": "B"}}, {}, "[B] in the Resources block"),
        ({"A": VPC}, {"Outputs": {"O": {"Value": {"Ref": "B"}}}}, "[B] in the Outputs block"),
        (
            {"A": VPC, "B": host(SubnetId={"Fn::GetAtt": ["A", "Colour"]})},
            {},
            "resource A does not support attribute type Colour in Fn::GetAtt",
        ),
        ({"A": {**VPC, "Condition": "C"}}, {}, "Unresolved condition dependency C"),
        ({"A": host(KeyName={"Fn::If": ["C", "a", "b"]})}, {}, "Unresolved condition dependency C"),
        (
            {"A": VPC},
            {"Conditions": {"C": {"Fn::Not": [{"Condition": "D"}]}, "D": {"Fn::Not": [{"Condition": "C"}]}}},
            "Circular dependency between conditions: [C, D]",
        ),
        ({"A": VPC}, {"Conditions": {"C": {"Fn::Equals": [{"Ref": "A"}, "x"]}}}, "Conditions block"),
        ({"A": host(UserData={"Fn::ToJsonString": {}})}, {}, "Fn::ToJsonString is not supported"),
        ({"A": host(KeyName="{{resolve:secretsmanager:x}}")}, {}, "secretsmanager are not carried out"),
        (
            {"A": group(VpcId={"Ref": "B"}), "B": group(VpcId={"Ref": "A"})},
            {},
            "Circular dependency between resources: [A, B]",
        ),
        ({"A": {"Type": "AWS::EC2::VPC"}}, {}, "CidrBlock"),
    ],
)
def test_a_template_that_cannot_be_made_is_refused(
    resources: dict[str, Any], sections: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        validate(template(resources, **sections), TYPES)
    assert sentence in refused.value.message


def test_functions_may_stand_where_the_schema_wants_something_else() -> None:
    sound = template(
        {
            "Net": VPC,
            "Web": group(
                VpcId={"Ref": "Net"}, SecurityGroupIngress={"Fn::If": ["C", [], {"Ref": "AWS::NoValue"}]}
            ),
            "Host": host(SecurityGroupIds=[{"Fn::GetAtt": ["Web", "GroupId"]}], Monitoring="true"),
        },
        Conditions={"C": {"Fn::Equals": [{"Ref": "AWS::Region"}, "x"]}},
        Outputs={"Net": {"Value": {"Fn::Sub": "${Net} in ${AWS::Region}"}}},
    )
    validate(sound, TYPES)
    assert dependencies(sound) == {"Net": frozenset(), "Web": {"Net"}, "Host": {"Web"}}


@pytest.mark.parametrize(
    ("properties", "needed", "given"),
    [
        ({}, "CAPABILITY_IAM", ["CAPABILITY_IAM"]),
        ({}, "CAPABILITY_IAM", ["CAPABILITY_NAMED_IAM"]),
        ({"RoleName": "x"}, "CAPABILITY_NAMED_IAM", ["CAPABILITY_NAMED_IAM"]),
    ],
)
def test_iam_must_be_acknowledged(properties: dict[str, Any], needed: str, given: list[str]) -> None:
    asking = template({"A": {"Type": "AWS::IAM::Role", "Properties": properties}})
    assert needed_capabilities(asking) == (
        [needed],
        "The following resource(s) require capabilities: [AWS::IAM::Role]",
    )
    check_capabilities(asking, given)
    with pytest.raises(InsufficientCapabilities) as refused:
        check_capabilities(asking, [])
    assert refused.value.message == f"Requires capabilities : [{needed}]"


def test_the_weaker_word_does_not_do_for_a_named_role() -> None:
    asking = template({"A": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "x"}}})
    with pytest.raises(InsufficientCapabilities):
        check_capabilities(asking, ["CAPABILITY_IAM"])
    check_capabilities(template({"A": VPC}), [])
