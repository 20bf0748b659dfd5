"""Where a stack's functions find their values: its parameters, its resources, other stacks' exports."""

from collections.abc import Callable, Mapping
from typing import Any

from ec2.rehearsal.stacks.errors import ValidationError
from ec2.rehearsal.stacks.intrinsics import Scope
from ec2.rehearsal.stacks.lookups import stored_value, zone_names
from ec2.rehearsal.stacks.resources.contract import Clients
from ec2.rehearsal.stacks.state import Cloud, Definition, Stack
from ec2.rehearsal.stacks.template import Template


def pseudo_parameters(stack: Stack, definition: Definition, region: str, account: str) -> dict[str, Any]:
    """What AWS::StackName and the others mean in this stack."""
    return {
        "AWS::StackName": stack.name,
        "AWS::StackId": stack.id,
        "AWS::Region": region,
        "AWS::AccountId": account,
        "AWS::Partition": "aws",
        "AWS::URLSuffix": "amazonaws.com",
        "AWS::NotificationARNs": list(definition.notification_arns),
    }


def scope(
    template: Template,
    parameters: Mapping[str, Any],
    aws: Clients,
    imported: Callable[[str], str],
    physical_id: Callable[[str], str],
    attribute: Callable[[str, str], Any],
) -> Scope:
    """Everything an expression of the template may ask for."""
    return Scope(
        parameters=parameters,
        mappings=template.mappings,
        conditions=template.conditions,
        physical_id=physical_id,
        attribute=attribute,
        imported=imported,
        zones=lambda region: zone_names(aws, region),
        stored=lambda name: stored_value(aws, name),
    )


def export_value(cloud: Cloud, name: str) -> str:
    """What a stack exports under the name."""
    for stack in cloud.stacks.values():
        for output in () if stack.deleted else stack.outputs:
            if output.export == name:
                return output.value
    raise ValidationError(f"No export named {name} found.")


def exported(cloud: Cloud) -> dict[str, Stack]:
    """The name of every export and the stack that it comes from."""
    return {
        output.export: stack
        for stack in cloud.stacks.values()
        if not stack.deleted
        for output in stack.outputs
        if output.export
    }


def importers(cloud: Cloud, export: str) -> list[str]:
    """The names of the stacks that use an export."""
    return sorted(
        stack.name for stack in cloud.stacks.values() if not stack.deleted and export in stack.imports
    )


def unresolved(name: str) -> ValidationError:
    """The refusal of a reference to a resource that the template leaves out by a condition."""
    return ValidationError(
        f"Template format error: Unresolved resource dependencies [{name}] in the Resources block of the "
        f"template"
    )
