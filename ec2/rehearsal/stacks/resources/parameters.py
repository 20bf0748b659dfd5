"""AWS::SSM::Parameter."""

from typing import Any, ClassVar

from ec2.rehearsal.stacks.resources.contract import Clients, Place
from ec2.rehearsal.stacks.resources.kind import Kind
from ec2.rehearsal.stacks.resources.looking import answer, first, picked, refusal, unless_gone
from ec2.rehearsal.stacks.resources.names import generated_name
from ec2.rehearsal.stacks.resources.tags import all_tags, carry_out, own_tags, pairs, tag_change

SETTINGS = ("Type", "Value", "Description", "AllowedPattern", "DataType", "Tier")


class Parameter(Kind):
    """AWS::SSM::Parameter; Ref is its name, and its tags are a map."""

    name = "AWS::SSM::Parameter"
    carried_out = frozenset({"Name", *SETTINGS, "Tags"})
    attributes: ClassVar = {"Type": "Type", "Value": "Value", "Arn": "ARN"}

    def create(self, aws: Clients, properties: dict[str, Any], place: Place) -> str:
        """A parameter of a new name; CloudFormation makes no secret ones."""
        refuse_secret(properties)
        name = properties.get("Name") or generated_name(place, 1011)
        tags = pairs(all_tags(properties, place))
        aws("ssm").put_parameter(Name=name, **picked(properties, *SETTINGS), Tags=tags)
        return name

    def update(
        self, aws: Clients, physical_id: str, old: dict[str, Any], new: dict[str, Any], place: Place
    ) -> None:
        """A further version; tags have calls of their own."""
        refuse_secret(new)
        ssm = aws("ssm")
        if picked(old, *SETTINGS) != picked(new, *SETTINGS):
            asked = {"Description": "", **picked(new, *SETTINGS)}
            ssm.put_parameter(Name=physical_id, **asked, Overwrite=True)
        parameter = {"ResourceType": "Parameter", "ResourceId": physical_id}
        carry_out(
            tag_change(old, new, place),
            lambda keys: ssm.remove_tags_from_resource(**parameter, TagKeys=keys),
            lambda tags: ssm.add_tags_to_resource(**parameter, Tags=pairs(tags)),
        )

    def delete(self, aws: Clients, physical_id: str, properties: dict[str, Any], place: Place) -> None:
        """With all its versions."""
        with unless_gone():
            aws("ssm").delete_parameter(Name=physical_id)

    def look(self, aws: Clients, physical_id: str) -> dict[str, Any] | None:
        """The value."""
        found: dict[str, Any] | None = answer(aws("ssm").get_parameter, Name=physical_id).get("Parameter")
        return found

    def shape(self, aws: Clients, live: dict[str, Any]) -> dict[str, Any]:
        """With what AWS tells of a parameter without its value."""
        ssm = aws("ssm")
        here = [{"Key": "Name", "Values": [live["Name"]]}]
        about = first(ssm.describe_parameters, "Parameters", ParameterFilters=here) or {}
        tags = ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=live["Name"])["TagList"]
        as_map = {tag["Key"]: tag["Value"] for tag in own_tags(tags)}
        return {**picked({**about, **live}, "Name", *SETTINGS), "Tags": as_map}


def refuse_secret(properties: dict[str, Any]) -> None:
    """A secret in a template is none."""
    if properties["Type"] == "SecureString":
        message = "Parameter type SecureString is not supported by CloudFormation"
        raise refusal("ValidationException", message, "PutParameter")
