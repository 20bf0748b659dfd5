"""cfn-lint and the engine agree about templates; by its name this comes after those that launch."""

import importlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ec2.rehearsal.trial import TEMPLATE
from tests.conftest import ROOT
from tests.e2e.rehearsal.conftest import Cloud
from tests.e2e.rehearsal.templates import SSH_IN, group, network, ref, template
from tests.functional.rehearsal.stacks.sample_templates import faults

FUNCTIONAL = ROOT / "tests/functional/rehearsal"


def launched(cloud: Cloud) -> Iterator[tuple[str, str]]:
    """The template of every stack that this cloud has or had, by the stack's name."""
    stacks = cloud.aws("cloudformation")
    for page in stacks.get_paginator("list_stacks").paginate():
        made = [stack for stack in page["StackSummaries"] if stack["StackStatus"] != "REVIEW_IN_PROGRESS"]
        for stack in made:
            body = stacks.get_template(StackName=stack["StackId"])["TemplateBody"]
            yield stack["StackName"], body if isinstance(body, str) else json.dumps(body)


def written_down() -> Iterator[tuple[str, str]]:
    """The example, the functional tests' files, and the templates that their modules hold as a whole."""
    for file in (TEMPLATE, *FUNCTIONAL.rglob("*.yaml")):
        yield file.name, file.read_text()
    for file in FUNCTIONAL.glob("stacks/test_*.py"):
        module = importlib.import_module(f"tests.functional.rehearsal.stacks.{file.stem}")
        for name, value in vars(module).items():
            if isinstance(value, str) and "Resources" in value and name.isupper():
                yield f"{file.name}, {name}", value


def test_cfn_lint_accepts_what_the_engine_accepts(cloud: Cloud) -> None:
    admin = {**SSH_IN, "CidrIp": f"{cloud.rehearsal.gateway}/32"}
    whole = template(network(224) | {"Group": group(admin)})
    stacks = cloud.aws("cloudformation")
    cloud.launch("linted", whole, PublicKey=cloud.public_key)
    cloud.delete("linted")
    bodies = dict(launched(cloud))
    assert json.loads(bodies["linted"]) == whole
    bodies |= dict(written_down())
    for name, body in bodies.items():
        assert stacks.validate_template(TemplateBody=body), name
        assert faults(body) == [], name
    print(f"{len(bodies)} templates: {', '.join(sorted(bodies))}")


def resources(kind: str, **properties: Any) -> dict[str, Any]:
    """A template with one resource."""
    return {"Resources": {"One": {"Type": kind, "Properties": properties}}}


@pytest.mark.parametrize(
    ("refused", "said"),
    [
        (resources("AWS::EC2::Server"), "Unrecognized resource types: [AWS::EC2::Server]"),
        (resources("AWS::EC2::VPC", CidrBlock="10.0.0.0/16", Colour="red"), "unsupported property Colour"),
        (resources("AWS::EC2::VPC", CidrBlock="10.0.0.0/16", VpcId="vpc-1"), "unsupported property VpcId"),
        (
            resources("AWS::EC2::Instance", MetadataOptions={"HttpToken": "required"}),
            "unsupported property MetadataOptions/HttpToken",
        ),
        (
            resources("AWS::EC2::Instance", MetadataOptions={"HttpTokens": "always"}),
            "is not a valid enum value",
        ),
        (resources("AWS::SSM::Parameter", Type="String"), "Property Value cannot be empty"),
        (resources("AWS::EC2::Volume", AvailabilityZone="us-east-1a", Size="large"), "Size"),
        (resources("AWS::SNS::Topic", DisplayName=ref("Nothing")), "[Nothing]"),
        (
            {
                **resources("AWS::SNS::Topic"),
                "Outputs": {"Colour": {"Value": {"Fn::GetAtt": ["One", "Colour"]}}},
            },
            "does not support attribute type Colour",
        ),
        (resources("AWS::SNS::Topic", DisplayName={"Fn::Reverse": "x"}), "Fn::Reverse"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_the_engine_refuses_as_unknown_cfn_lint_refuses_too(
    cloud: Cloud, refused: dict[str, Any], said: str
) -> None:
    body = json.dumps(refused)
    with pytest.raises(ClientError, match="ValidationError") as refusal:
        cloud.aws("cloudformation").validate_template(TemplateBody=body)
    assert said in refusal.value.response["Error"]["Message"]
    assert faults(body) != []
