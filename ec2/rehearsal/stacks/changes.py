"""What a new definition would change in a stack: CloudFormation's changes, with their details and causes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ec2.rehearsal.stacks.errors import ValidationError
from ec2.rehearsal.stacks.functions import Mention, mentions
from ec2.rehearsal.stacks.intrinsics import UNKNOWN, Scope, leans_on_unknown
from ec2.rehearsal.stacks.order import ordered
from ec2.rehearsal.stacks.outputs import outputs
from ec2.rehearsal.stacks.recreation import changed_names, recreation
from ec2.rehearsal.stacks.state import StackResource
from ec2.rehearsal.stacks.steps import taggable
from ec2.rehearsal.stacks.template import Resource, parse
from ec2.rehearsal.stacks.work import Work

REPLACEMENTS = {"Always": "True", "Conditionally": "Conditional", "Never": "False"}


@dataclass(frozen=True)
class Foresight:
    """What is known before the execution: which resources will be new and which may be."""

    work: Work
    found: dict[str, dict[str, Any]]

    def physical_id(self, name: str) -> str:
        """The id that stays, or AWS's mark for one that is not known yet."""
        if name not in self.work.resources:
            return self.work.physical_id(name)
        change = self.found.get(name)
        renewed = change and (change["Action"] == "Add" or change["Replacement"] != "False")
        return UNKNOWN if renewed else self.work.physical_id(name)

    def attribute(self, name: str, attribute: str) -> Any:
        """An attribute that stays; those of a changed resource are not known yet."""
        change = self.found.get(name)
        if change and (change["Action"] == "Add" or "Properties" in change["Scope"]):
            return UNKNOWN
        return self.work.attribute(name, attribute)


def changes(work: Work) -> tuple[dict[str, Any], ...]:
    """The changes between the stack as it is and the work's definition, in the order they would be made."""
    found: dict[str, dict[str, Any]] = {}
    foresight = Foresight(work, found)
    scope = replace(work.scope, physical_id=foresight.physical_id, attribute=foresight.attribute)
    refuse_new_types(work)
    for name in ordered(work.graph):
        change = change_of(work, work.resources[name], scope)
        if change:
            found[name] = change
    gone = [held for name, held in work.stack.present.items() if name not in work.resources]
    removals = [removal(held) for held in gone]
    return tuple({"Type": "Resource", "ResourceChange": change} for change in [*found.values(), *removals])


def refuse_new_types(work: Work) -> None:
    """A resource keeps its type as long as it keeps its logical id."""
    held = work.stack.present
    turned = [
        name for name, resource in work.resources.items() if name in held and held[name].type != resource.type
    ]
    if turned:
        raise ValidationError(
            f"Update of resource type is not permitted. The new template modifies resource type of the "
            f"following resources: [{', '.join(turned)}]"
        )


def changes_outputs(work: Work, found: tuple[dict[str, Any], ...]) -> bool:
    """Whether the outputs differ, though perhaps no resource does."""
    if found:
        return True
    return outputs(work.template, work.scope) != work.stack.outputs


def change_of(work: Work, resource: Resource, scope: Scope) -> dict[str, Any] | None:
    """What would happen to one resource, or None."""
    held = work.stack.present.get(resource.logical_id)
    if held is None:
        return addition(resource)
    properties = work.properties(resource, scope)
    details = [
        detail
        for name in changed_names(held.properties, properties)
        for detail in property_details(work, resource, name, properties.get(name), scope)
    ]
    if held.tags != work.definition.tags and taggable(held.type):
        details.append(attribute_detail("Tags"))
    details += [attribute_detail(name) for name in changed_attributes(held, resource)]
    if held.status == "UPDATE_FAILED" and not details:
        details.append(attribute_detail("Properties"))
    return modification(held, details) if details else None


def addition(resource: Resource) -> dict[str, Any]:
    """A resource that is not there yet."""
    return {
        "Action": "Add",
        "LogicalResourceId": resource.logical_id,
        "ResourceType": resource.type,
        "Scope": [],
        "Details": [],
    }


def removal(held: StackResource) -> dict[str, Any]:
    """A resource that the new template no longer names."""
    kept = held.deletion_policy in ("Retain", "RetainExceptOnCreate")
    policy = "Retain" if kept else held.deletion_policy
    return {
        "Action": "Remove",
        "PolicyAction": policy,
        "LogicalResourceId": held.logical_id,
        "PhysicalResourceId": held.physical_id,
        "ResourceType": held.type,
        "Scope": [],
        "Details": [],
    }


def modification(held: StackResource, details: list[dict[str, Any]]) -> dict[str, Any]:
    """A resource that is changed, and whether that makes it a new one."""
    change = {
        "Action": "Modify",
        "LogicalResourceId": held.logical_id,
        "PhysicalResourceId": held.physical_id,
        "ResourceType": held.type,
        "Replacement": replacement(details),
        "Scope": sorted({detail["Target"]["Attribute"] for detail in details}),
        "Details": details,
    }
    if change["Replacement"] == "True":
        policy = held.update_replace_policy
        change["PolicyAction"] = "ReplaceAnd" + policy
    return change


def replacement(details: list[dict[str, Any]]) -> str:
    """True when it is certain, Conditional when it hangs on a value that is not known yet."""
    words = [
        "Conditionally"
        if detail["Evaluation"] == "Dynamic" and detail["Target"]["RequiresRecreation"] == "Always"
        else detail["Target"].get("RequiresRecreation", "Never")
        for detail in details
    ]
    strongest = next((word for word in ("Always", "Conditionally") if word in words), "Never")
    return REPLACEMENTS[strongest]


def property_details(
    work: Work, resource: Resource, name: str, value: Any, scope: Scope
) -> list[dict[str, Any]]:
    """Why one property changes: because it was rewritten, or because of what it refers to."""
    target = {
        "Attribute": "Properties",
        "Name": name,
        "RequiresRecreation": recreation(work.site.types[resource.type], name),
    }
    if name == "Tags":
        target["Attribute"] = "Tags"
        del target["Name"]
    evaluation = "Dynamic" if leans_on_unknown(value) else "Static"
    leaned_on = dict.fromkeys(mentions(resource.properties.get(name)))
    causes = [cause for mention in leaned_on for cause in causes_of(work, mention, scope)]
    details = [{"Target": target, "Evaluation": evaluation, **cause} for cause in causes]
    if rewritten(work, resource, name) or not details:
        details.append({"Target": target, "Evaluation": evaluation, "ChangeSource": "DirectModification"})
    return details


def causes_of(work: Work, mention: Mention, scope: Scope) -> list[dict[str, str]]:
    """What a reference adds to the reasons of a change."""
    if mention.name in work.template.parameters:
        old = work.stack.definition.parameters.get(mention.name)
        if old is None or old.value != work.definition.parameters[mention.name].value:
            return [{"ChangeSource": "ParameterReference", "CausingEntity": mention.name}]
    elif mention.name not in work.resources:
        return []
    elif mention.kind == "ref" and scope.physical_id(mention.name) == UNKNOWN:
        return [{"ChangeSource": "ResourceReference", "CausingEntity": mention.name}]
    elif mention.kind == "attribute" and scope.attribute(mention.name, mention.attribute) == UNKNOWN:
        entity = f"{mention.name}.{mention.attribute}"
        return [{"ChangeSource": "ResourceAttribute", "CausingEntity": entity}]
    return []


def rewritten(work: Work, resource: Resource, name: str) -> bool:
    """Whether the property's own text differs from the one in the present template."""
    text = work.stack.definition.template
    old = parse(text).resources.get(resource.logical_id) if text else None
    return old is None or old.properties.get(name) != resource.properties.get(name)


def attribute_detail(name: str) -> dict[str, Any]:
    """A change of something other than a property."""
    return {
        "Target": {"Attribute": name, "RequiresRecreation": "Never"},
        "Evaluation": "Static",
        "ChangeSource": "DirectModification",
    }


def changed_attributes(held: StackResource, resource: Resource) -> list[str]:
    """The resource's own attributes that differ."""
    pairs: Mapping[str, tuple[Any, Any]] = {
        "Metadata": (held.metadata, resource.metadata),
        "DeletionPolicy": (held.deletion_policy, resource.deletion_policy),
        "UpdateReplacePolicy": (held.update_replace_policy, resource.update_replace_policy),
    }
    return [name for name, (old, new) in pairs.items() if old != new]
