"""Templates are read as CloudFormation reads them, and refused in its words."""

import json

import pytest

from ec2.rehearsal.stacks.errors import ValidationError
from ec2.rehearsal.stacks.template import parse
from ec2.rehearsal.stacks.template_text import read_text

YAML = """\
AWSTemplateFormatVersion: 2010-09-09
Resources:
  Host:
    Type: AWS::EC2::Instance
    DependsOn: Network
    Properties:
      ImageId: !Ref Image
      SubnetId: !GetAtt Network.Outputs.Id
      UserData: !Base64
        Fn::Sub: "host ${Name}"
      KeyName: !If [Keyed, !Select [0, !Split [",", "a,b"]], !Ref "AWS::NoValue"]
      Tags: !FindInMap [A, B, C]
"""


def test_short_tags_are_the_functions_they_stand_for() -> None:
    assert read_text(YAML)["Resources"]["Host"]["Properties"] == {
        "ImageId": {"Ref": "Image"},
        "SubnetId": {"Fn::GetAtt": ["Network", "Outputs.Id"]},
        "UserData": {"Fn::Base64": {"Fn::Sub": "host ${Name}"}},
        "KeyName": {
            "Fn::If": [
                "Keyed",
                {"Fn::Select": [0, {"Fn::Split": [",", "a,b"]}]},
                {"Ref": "AWS::NoValue"},
            ]
        },
        "Tags": {"Fn::FindInMap": ["A", "B", "C"]},
    }


def test_a_condition_tag_and_a_merge_key_are_read() -> None:
    text = "a: &a {x: 1, y: !Condition Real}\nb: {<<: *a, x: 2}"
    assert read_text(text)["b"] == {"x": 2, "y": {"Condition": "Real"}}


def test_one_name_may_depend_and_the_version_is_no_date() -> None:
    template = parse(YAML)
    assert template.version == "2010-09-09"
    assert template.resources["Host"].depends_on == ("Network",)
    assert template.resources["Host"].deletion_policy == "Delete"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"Resources": {', "JSON not well-formed. (line 1, column 16)"),
        ("a: [1", "YAML not well-formed. (line 1, column 6)"),
        ("just words", "Template format error: unsupported structure."),
        ('{"a": 1, "a": 2}', 'duplicate key "a"'),
        ("a: 1\na: 2", 'duplicate key "a"'),
        ("a: !!python/object/apply:os.getcwd []", "YAML not well-formed"),
    ],
)
def test_text_that_is_no_template_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(ValidationError) as refused:
        read_text(text)
    assert sentence in refused.value.message


TOPIC = {"Type": "AWS::SNS::Topic"}


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({"Resource": {}}, "Invalid template property or properties [Resource]"),
        ({"Resources": {}}, "Template format error: At least one Resources member must be defined."),
        ({"Transform": "x", "Resources": {"A": TOPIC}}, "[Transform] is not carried out by the rehearsal"),
        ({"Resources": {"A": {}}}, "[/Resources/A] Every Resources object must contain a Type member."),
        ({"Resources": {"a-b": TOPIC}}, "Resources name a-b is non alphanumeric."),
        ({"Resources": {"A": {**TOPIC, "Depends": "B"}}}, "Invalid template resource property 'Depends'"),
        ({"Resources": {"A": {**TOPIC, "CreationPolicy": {}}}}, "CreationPolicy of resource A is not"),
        ({"Resources": {"A": {**TOPIC, "DeletionPolicy": "Keep"}}}, "every DeletionPolicy member must be"),
        ({"AWSTemplateFormatVersion": "2020-01-01", "Resources": {"A": TOPIC}}, "[2020-01-01]"),
        ({"Resources": {f"A{number}": TOPIC for number in range(501)}}, "Number of resources, 501"),
    ],
)
def test_sections_of_a_wrong_shape_are_refused(document: object, sentence: str) -> None:
    with pytest.raises(ValidationError) as refused:
        parse(json.dumps(document))
    assert sentence in refused.value.message


def test_a_body_has_a_limit() -> None:
    with pytest.raises(ValidationError, match="less than or equal to 51200"):
        read_text("x" * 51_201)
