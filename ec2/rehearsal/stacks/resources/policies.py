"""IAM policies: put into roles, users and groups, or managed and attached to them."""

from typing import Any, ClassVar

from ec2.rehearsal.stacks.resources.contract import Clients, Place
from ec2.rehearsal.stacks.resources.documents import as_text
from ec2.rehearsal.stacks.resources.kind import Kind
from ec2.rehearsal.stacks.resources.looking import answer, picked, unless_gone, wholly
from ec2.rehearsal.stacks.resources.names import generated_name

# The property that lists them, and what IAM's calls for one of them are named after.
HOLDERS = {"Roles": "role", "Users": "user", "Groups": "group"}
# How many versions of a managed policy AWS keeps before it refuses a further one.
VERSIONS = 5


def holders(properties: dict[str, Any]) -> set[tuple[str, str]]:
    """Whom a policy is given to: ("role", NAME) and so on."""
    return {(kind, name) for key, kind in HOLDERS.items() for name in properties.get(key) or ()}


def named(kind: str, name: str) -> dict[str, str]:
    """The argument that names a role, a user or a group."""
    return {f"{kind.title()}Name": name}


class Policy(Kind):
    """AWS::IAM::Policy: the same inline policy in each of its holders."""

    name = "AWS::IAM::Policy"
    carried_out = frozenset({"PolicyName", "PolicyDocument", *HOLDERS})
    attributes: ClassVar = {"Id": "id"}

    def create(self, aws: Clients, properties: dict[str, Any], place: Place) -> str:
        """Put it into each holder."""
        with wholly(lambda: self.delete(aws, "", properties, place)):
            for kind, name in sorted(holders(properties)):
                put(aws, kind, name, properties)
        return generated_name(place, 64)

    def update(
        self, aws: Clients, physical_id: str, old: dict[str, Any], new: dict[str, Any], place: Place
    ) -> None:
        """Put it anew; take it from whom no longer has it, or has it under another name."""
        for kind, name in sorted(holders(new)):
            put(aws, kind, name, new)
        renamed = old["PolicyName"] != new["PolicyName"]
        for kind, name in sorted(holders(old) if renamed else holders(old) - holders(new)):
            take(aws, kind, name, old["PolicyName"])

    def delete(self, aws: Clients, physical_id: str, properties: dict[str, Any], place: Place) -> None:
        """Take it from each holder."""
        for kind, name in sorted(holders(properties)):
            take(aws, kind, name, properties["PolicyName"])

    def look(self, aws: Clients, physical_id: str) -> dict[str, Any] | None:
        """IAM knows no such thing as a whole: there is nothing but the id."""
        return {"id": physical_id}

    def shape(self, aws: Clients, live: dict[str, Any]) -> dict[str, Any]:
        """Nothing to compare; its holders' own reads show a change."""
        return {}


def put(aws: Clients, kind: str, name: str, properties: dict[str, Any]) -> None:
    """Put the policy into one holder."""
    document = as_text(properties["PolicyDocument"])
    operation = getattr(aws("iam"), f"put_{kind}_policy")
    operation(**named(kind, name), PolicyName=properties["PolicyName"], PolicyDocument=document)


def take(aws: Clients, kind: str, name: str, policy: str) -> None:
    """Take the policy out of one holder."""
    with unless_gone():
        getattr(aws("iam"), f"delete_{kind}_policy")(**named(kind, name), PolicyName=policy)


class ManagedPolicy(Kind):
    """AWS::IAM::ManagedPolicy; Ref is its ARN."""

    name = "AWS::IAM::ManagedPolicy"
    carried_out = frozenset({"ManagedPolicyName", "PolicyDocument", "Description", "Path", *HOLDERS})
    attributes: ClassVar = {
        "PolicyArn": "Arn",
        "PolicyId": "PolicyId",
        "AttachmentCount": "AttachmentCount",
        "CreateDate": "created",
        "DefaultVersionId": "DefaultVersionId",
        "IsAttachable": "IsAttachable",
        "PermissionsBoundaryUsageCount": "PermissionsBoundaryUsageCount",
        "UpdateDate": "updated",
    }

    def create(self, aws: Clients, properties: dict[str, Any], place: Place) -> str:
        """The policy, attached to each holder."""
        made: str = aws("iam").create_policy(
            PolicyName=properties.get("ManagedPolicyName") or generated_name(place, 128),
            PolicyDocument=as_text(properties["PolicyDocument"]),
            **picked(properties, "Description", "Path"),
        )["Policy"]["Arn"]
        with wholly(lambda: self.delete(aws, made, properties, place)):
            change_holders(aws, made, set(), holders(properties))
        return made

    def update(
        self, aws: Clients, physical_id: str, old: dict[str, Any], new: dict[str, Any], place: Place
    ) -> None:
        """A further version of the document, and whoever differs."""
        if old["PolicyDocument"] != new["PolicyDocument"]:
            document = as_text(new["PolicyDocument"])
            make_room(aws, physical_id)
            aws("iam").create_policy_version(
                PolicyArn=physical_id, PolicyDocument=document, SetAsDefault=True
            )
        change_holders(aws, physical_id, holders(old), holders(new))

    def delete(self, aws: Clients, physical_id: str, properties: dict[str, Any], place: Place) -> None:
        """Detached from everybody, and without its old versions: AWS refuses otherwise."""
        if self.look(aws, physical_id) is None:
            return
        change_holders(aws, physical_id, current_holders(aws, physical_id), set())
        for version in old_versions(aws, physical_id):
            aws("iam").delete_policy_version(PolicyArn=physical_id, VersionId=version)
        aws("iam").delete_policy(PolicyArn=physical_id)

    def look(self, aws: Clients, physical_id: str) -> dict[str, Any] | None:
        """The policy."""
        found = answer(aws("iam").get_policy, PolicyArn=physical_id).get("Policy")
        dates = {"created": "CreateDate", "updated": "UpdateDate"}
        return found and {**found, **{name: found[date].isoformat() for name, date in dates.items()}}

    def shape(self, aws: Clients, live: dict[str, Any]) -> dict[str, Any]:
        """With the document of its default version, and its holders."""
        version = aws("iam").get_policy_version(PolicyArn=live["Arn"], VersionId=live["DefaultVersionId"])
        held = current_holders(aws, live["Arn"])
        lists = {key: sorted(name for of, name in held if of == kind) for key, kind in HOLDERS.items()}
        return {
            "ManagedPolicyName": live["PolicyName"],
            "PolicyDocument": version["PolicyVersion"]["Document"],
            **picked(live, "Description", "Path"),
            **lists,
        }


def change_holders(aws: Clients, arn: str, before: set[tuple[str, str]], after: set[tuple[str, str]]) -> None:
    """Attach and detach what differs."""
    iam = aws("iam")
    for kind, name in sorted(before - after):
        with unless_gone():
            getattr(iam, f"detach_{kind}_policy")(**named(kind, name), PolicyArn=arn)
    for kind, name in sorted(after - before):
        getattr(iam, f"attach_{kind}_policy")(**named(kind, name), PolicyArn=arn)


def current_holders(aws: Clients, arn: str) -> set[tuple[str, str]]:
    """To whom the policy is attached now, by whomever."""
    found = aws("iam").list_entities_for_policy(PolicyArn=arn)
    lists = {kind: found[f"Policy{key}"] for key, kind in HOLDERS.items()}
    return {(kind, entry[f"{kind.title()}Name"]) for kind, entries in lists.items() for entry in entries}


def make_room(aws: Clients, arn: str) -> None:
    """Delete the oldest version where AWS would take no further one."""
    versions = old_versions(aws, arn)
    if len(versions) >= VERSIONS - 1:
        aws("iam").delete_policy_version(PolicyArn=arn, VersionId=versions[0])


def old_versions(aws: Clients, arn: str) -> list[str]:
    """Every version but the default one, the oldest first."""
    versions = aws("iam").list_policy_versions(PolicyArn=arn)["Versions"]
    old = [version["VersionId"] for version in versions if not version["IsDefaultVersion"]]
    return sorted(old, key=lambda version: int(version.removeprefix("v")))
