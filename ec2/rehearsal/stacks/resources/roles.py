"""IAM roles and the instance profiles that hand them to instances."""

from typing import Any, ClassVar

from ec2.rehearsal.stacks.resources.contract import Clients, Place
from ec2.rehearsal.stacks.resources.documents import as_text
from ec2.rehearsal.stacks.resources.kind import Kind
from ec2.rehearsal.stacks.resources.looking import answer, picked, unless_gone, wholly
from ec2.rehearsal.stacks.resources.names import generated_name, is_generated
from ec2.rehearsal.stacks.resources.tags import all_tags, carry_out, own_tags, pairs, tag_change

NAME_LIMIT = 64
PROFILE_NAME_LIMIT = 128
DEFAULT_SESSION_SECONDS = 3600


class Role(Kind):
    """AWS::IAM::Role; Ref is its name."""

    name = "AWS::IAM::Role"
    carried_out = frozenset(
        {
            "AssumeRolePolicyDocument",
            "Description",
            "ManagedPolicyArns",
            "MaxSessionDuration",
            "Path",
            "PermissionsBoundary",
            "Policies",
            "RoleName",
            "Tags",
        }
    )
    attributes: ClassVar = {"Arn": "Arn", "RoleId": "RoleId"}

    def create(self, aws: Clients, properties: dict[str, Any], place: Place) -> str:
        """The role, then its policies."""
        name = properties.get("RoleName") or generated_name(place, NAME_LIMIT)
        aws("iam").create_role(
            RoleName=name,
            AssumeRolePolicyDocument=as_text(properties["AssumeRolePolicyDocument"]),
            Tags=pairs(all_tags(properties, place)),
            **picked(properties, "Description", "MaxSessionDuration", "Path", "PermissionsBoundary"),
        )
        with wholly(lambda: self.delete(aws, name, properties, place)):
            change_policies(aws, name, {}, properties)
        return name

    def update(
        self, aws: Clients, physical_id: str, old: dict[str, Any], new: dict[str, Any], place: Place
    ) -> None:
        """Who may assume it, for how long, what it may at most, its policies and tags."""
        iam, of_role = aws("iam"), {"RoleName": physical_id}
        if old["AssumeRolePolicyDocument"] != new["AssumeRolePolicyDocument"]:
            document = as_text(new["AssumeRolePolicyDocument"])
            iam.update_assume_role_policy(**of_role, PolicyDocument=document)
        seconds = new.get("MaxSessionDuration", DEFAULT_SESSION_SECONDS)
        iam.update_role(**of_role, Description=new.get("Description", ""), MaxSessionDuration=seconds)
        if new.get("PermissionsBoundary"):
            iam.put_role_permissions_boundary(**of_role, PermissionsBoundary=new["PermissionsBoundary"])
        elif old.get("PermissionsBoundary"):
            iam.delete_role_permissions_boundary(**of_role)
        change_policies(aws, physical_id, old, new)
        carry_out(
            tag_change(old, new, place),
            lambda keys: iam.untag_role(**of_role, TagKeys=keys),
            lambda tags: iam.tag_role(**of_role, Tags=pairs(tags)),
        )

    def delete(self, aws: Clients, physical_id: str, properties: dict[str, Any], place: Place) -> None:
        """With its policies; AWS refuses while an instance profile has it."""
        iam, of_role = aws("iam"), {"RoleName": physical_id}
        for arn in attached(aws, physical_id):
            iam.detach_role_policy(**of_role, PolicyArn=arn)
        for name in inline(aws, physical_id):
            iam.delete_role_policy(**of_role, PolicyName=name)
        with unless_gone():
            iam.delete_role(**of_role)

    def look(self, aws: Clients, physical_id: str) -> dict[str, Any] | None:
        """The role."""
        found: dict[str, Any] | None = answer(aws("iam").get_role, RoleName=physical_id).get("Role")
        return found

    def shape(self, aws: Clients, live: dict[str, Any]) -> dict[str, Any]:
        """With its policies; those of AWS::IAM::Policy are the role's, too, as AWS sees them."""
        name = live["RoleName"]
        boundary = live.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
        return {
            **picked(
                live, "AssumeRolePolicyDocument", "Description", "MaxSessionDuration", "Path", "RoleName"
            ),
            **({"PermissionsBoundary": boundary} if boundary else {}),
            "ManagedPolicyArns": sorted(attached(aws, name)),
            "Policies": [
                {"PolicyName": policy, "PolicyDocument": inline_document(aws, name, policy)}
                for policy in sorted(inline(aws, name))
            ],
            "Tags": own_tags(live.get("Tags")),
        }


def change_policies(aws: Clients, role: str, old: dict[str, Any], new: dict[str, Any]) -> None:
    """Attach, detach, put and delete what differs."""
    iam = aws("iam")
    before, after = old.get("ManagedPolicyArns", ()), new.get("ManagedPolicyArns", ())
    for arn in [arn for arn in before if arn not in after]:
        with unless_gone():
            iam.detach_role_policy(RoleName=role, PolicyArn=arn)
    for arn in [arn for arn in after if arn not in before]:
        iam.attach_role_policy(RoleName=role, PolicyArn=arn)
    was = {policy["PolicyName"]: policy for policy in old.get("Policies", ())}
    wanted = {policy["PolicyName"]: policy for policy in new.get("Policies", ())}
    for name in was.keys() - wanted.keys():
        with unless_gone():
            iam.delete_role_policy(RoleName=role, PolicyName=name)
    for name, policy in wanted.items():
        if was.get(name) != policy:
            document = as_text(policy["PolicyDocument"])
            iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=document)


def attached(aws: Clients, role: str) -> list[str]:
    """The ARNs of the managed policies of a role; none of a role that is gone."""
    found = answer(aws("iam").list_attached_role_policies, RoleName=role).get("AttachedPolicies", ())
    return [policy["PolicyArn"] for policy in found]


def inline(aws: Clients, role: str) -> list[str]:
    """The names of a role's own policies; none of a role that is gone."""
    return list(answer(aws("iam").list_role_policies, RoleName=role).get("PolicyNames", ()))


def inline_document(aws: Clients, role: str, name: str) -> Any:
    """One of a role's own policies."""
    return aws("iam").get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]


class InstanceProfile(Kind):
    """AWS::IAM::InstanceProfile; Ref is its name."""

    name = "AWS::IAM::InstanceProfile"
    carried_out = frozenset({"InstanceProfileName", "Path", "Roles"})
    attributes: ClassVar = {"Arn": "Arn"}

    def create(self, aws: Clients, properties: dict[str, Any], place: Place) -> str:
        """The profile with its role, of which AWS takes one."""
        name = properties.get("InstanceProfileName") or generated_name(place, PROFILE_NAME_LIMIT)
        aws("iam").create_instance_profile(InstanceProfileName=name, **picked(properties, "Path"))
        with wholly(lambda: self.delete(aws, name, properties, place)):
            change_roles(aws, name, [], properties["Roles"])
        return name

    def update(
        self, aws: Clients, physical_id: str, old: dict[str, Any], new: dict[str, Any], place: Place
    ) -> None:
        """Another role."""
        change_roles(aws, physical_id, old["Roles"], new["Roles"])

    def delete(self, aws: Clients, physical_id: str, properties: dict[str, Any], place: Place) -> None:
        """Without its role, which stays."""
        live = self.look(aws, physical_id)
        if live is not None:
            change_roles(aws, physical_id, [role["RoleName"] for role in live["Roles"]], [])
            aws("iam").delete_instance_profile(InstanceProfileName=physical_id)

    def look(self, aws: Clients, physical_id: str) -> dict[str, Any] | None:
        """The profile with its role."""
        found = answer(aws("iam").get_instance_profile, InstanceProfileName=physical_id)
        profile: dict[str, Any] | None = found.get("InstanceProfile")
        return profile

    def made_for(self, aws: Clients, properties: dict[str, Any], place: Place) -> frozenset[str]:
        """The profile of that name with that role: a profile has no tags in a template."""
        names = [
            profile["InstanceProfileName"]
            for role in properties["Roles"]
            for profile in answer(aws("iam").list_instance_profiles_for_role, RoleName=role).get(
                "InstanceProfiles", ()
            )
        ]
        given = properties.get("InstanceProfileName")
        return frozenset(
            name
            for name in names
            if (name == given if given else is_generated(name, place, PROFILE_NAME_LIMIT))
        )

    def shape(self, aws: Clients, live: dict[str, Any]) -> dict[str, Any]:
        """Roles by their names."""
        roles = [role["RoleName"] for role in live["Roles"]]
        return {**picked(live, "InstanceProfileName", "Path"), "Roles": roles}


def change_roles(aws: Clients, profile: str, before: list[str], after: list[str]) -> None:
    """Remove first: AWS takes one role only."""
    iam = aws("iam")
    for role in [role for role in before if role not in after]:
        with unless_gone():
            iam.remove_role_from_instance_profile(InstanceProfileName=profile, RoleName=role)
    for role in [role for role in after if role not in before]:
        iam.add_role_to_instance_profile(InstanceProfileName=profile, RoleName=role)
