"""Launch templates and their versions."""

from ec2.rehearsal.stacks.resources.contract import Clients
from tests.functional.rehearsal.resources.moto_stack import Stack, tags

TEMPLATE = "AWS::EC2::LaunchTemplate"


def specifications(**given: str) -> list[dict[str, object]]:
    return [{"ResourceType": "launch-template", "Tags": tags(**given)}]


def test_every_change_is_a_version(aws: Clients, stack: Stack, image_id: str) -> None:
    content = {"ImageId": image_id, "InstanceType": "t3.micro", "MetadataOptions": {"HttpTokens": "required"}}
    template = stack.create(TEMPLATE, "App", LaunchTemplateData=content, VersionDescription="first")
    assert stack.attribute(TEMPLATE, template, "LatestVersionNumber") == "1"
    stack.update(TEMPLATE, template, LaunchTemplateData={**content, "InstanceType": "t3.small"})
    assert stack.attribute(TEMPLATE, template, "LatestVersionNumber") == "2"
    assert stack.attribute(TEMPLATE, template, "DefaultVersionNumber") == "1"
    found = stack.read(TEMPLATE, template) or {}
    assert found["LaunchTemplateName"].startswith("demo-App-")
    assert found["LaunchTemplateData"]["InstanceType"] == "t3.small"
    stack.delete(TEMPLATE, template)
    assert stack.read(TEMPLATE, template) is None


def test_its_tags_alone_make_no_version(aws: Clients, stack: Stack, image_id: str) -> None:
    content = {"ImageId": image_id}
    template = stack.create(TEMPLATE, LaunchTemplateData=content, TagSpecifications=specifications(Name="a"))
    stack.update(TEMPLATE, template, TagSpecifications=specifications(Name="b"))
    assert stack.attribute(TEMPLATE, template, "LatestVersionNumber") == "1"
    here = [{"Name": "resource-id", "Values": [template]}]
    live = {tag["Key"]: tag["Value"] for tag in aws("ec2").describe_tags(Filters=here)["Tags"]}
    assert (live["Name"], live["Owner"]) == ("b", "team")


def test_an_instance_is_run_from_a_version(aws: Clients, stack: Stack, subnet: str, image_id: str) -> None:
    content = {"ImageId": image_id, "InstanceType": "t3.small"}
    template = stack.create(TEMPLATE, LaunchTemplateData=content)
    version = {"LaunchTemplateId": template, "Version": "1"}
    instance = stack.create("AWS::EC2::Instance", LaunchTemplate=version, SubnetId=subnet)
    assert (stack.read("AWS::EC2::Instance", instance) or {})["InstanceType"] == "t3.small"


def test_an_instance_has_the_metadata_options_of_its_version(
    stack: Stack, subnet: str, image_id: str
) -> None:
    content = {"ImageId": image_id, "MetadataOptions": {"HttpTokens": "required"}}
    version = {"LaunchTemplateId": stack.create(TEMPLATE, LaunchTemplateData=content), "Version": "1"}
    instance = stack.create("AWS::EC2::Instance", LaunchTemplate=version, SubnetId=subnet)
    found = stack.read("AWS::EC2::Instance", instance) or {}
    assert found["MetadataOptions"]["HttpTokens"] == "required"
