"""AWS::EC2::LaunchTemplate: every change is a further version."""

from typing import Any, ClassVar

from ec2.rehearsal.stacks.resources.contract import Clients, Place
from ec2.rehearsal.stacks.resources.kind import Ec2Kind
from ec2.rehearsal.stacks.resources.looking import first, picked, unless_gone
from ec2.rehearsal.stacks.resources.names import generated_name
from ec2.rehearsal.stacks.resources.tags import all_tags, retag, specified


class LaunchTemplate(Ec2Kind):
    """AWS::EC2::LaunchTemplate; templates number its versions as text."""

    name = "AWS::EC2::LaunchTemplate"
    tagged_as = "launch-template"
    carried_out = frozenset(
        {"LaunchTemplateData", "LaunchTemplateName", "TagSpecifications", "VersionDescription"}
    )
    attributes: ClassVar = {
        "LaunchTemplateId": "LaunchTemplateId",
        "LatestVersionNumber": "latest",
        "DefaultVersionNumber": "default",
    }

    def create(self, aws: Clients, properties: dict[str, Any], place: Place) -> str:
        """The template with its first version."""
        made = aws("ec2").create_launch_template(
            LaunchTemplateName=properties.get("LaunchTemplateName") or generated_name(place, 128),
            **picked(properties, "LaunchTemplateData", "VersionDescription"),
            **specified(self.tagged_as, all_tags(tagged(properties), place)),
        )
        template_id: str = made["LaunchTemplate"]["LaunchTemplateId"]
        return template_id

    def update(
        self, aws: Clients, physical_id: str, old: dict[str, Any], new: dict[str, Any], place: Place
    ) -> None:
        """A further version; the default one stays, as AWS has it."""
        version = picked(new, "LaunchTemplateData", "VersionDescription")
        if version != picked(old, "LaunchTemplateData", "VersionDescription"):
            aws("ec2").create_launch_template_version(LaunchTemplateId=physical_id, **version)
        retag(aws, physical_id, tagged(old), tagged(new), place)

    def delete(self, aws: Clients, physical_id: str, properties: dict[str, Any], place: Place) -> None:
        """With all its versions."""
        with unless_gone():
            aws("ec2").delete_launch_template(LaunchTemplateId=physical_id)

    def look(self, aws: Clients, physical_id: str) -> dict[str, Any] | None:
        """The template and its latest version."""
        ec2 = aws("ec2")
        found = first(ec2.describe_launch_templates, "LaunchTemplates", LaunchTemplateIds=[physical_id])
        if found is None:
            return None
        latest = ec2.describe_launch_template_versions(LaunchTemplateId=physical_id, Versions=["$Latest"])
        numbers = {
            "latest": str(found["LatestVersionNumber"]),
            "default": str(found["DefaultVersionNumber"]),
        }
        return {**found, **latest["LaunchTemplateVersions"][0], **numbers}

    def shape(self, aws: Clients, live: dict[str, Any]) -> dict[str, Any]:
        """The latest version is what the template says."""
        return picked(live, "LaunchTemplateName", "LaunchTemplateData", "VersionDescription")


def tagged(properties: dict[str, Any]) -> dict[str, Any]:
    """The launch template's own tags as other types write them, with those that the stack has dropped."""
    given = properties.get("TagSpecifications") or ()
    own = [entry["Tags"] for entry in given if entry["ResourceType"] == "launch-template"]
    return {"Tags": [tag for tags in (*own, properties.get("Tags", ())) for tag in tags]}
