"""What stacks are, were, hold and export."""

from typing import Any

from ec2.rehearsal.stacks.engine import Engine
from ec2.rehearsal.stacks.errors import ValidationError
from ec2.rehearsal.stacks.pages import page
from ec2.rehearsal.stacks.requested import Request
from ec2.rehearsal.stacks.scopes import exported, importers
from ec2.rehearsal.stacks.state import Event, Output, Stack, StackResource
from ec2.rehearsal.stacks.template import parse


def describe_stacks(engine: Engine, request: Request) -> dict[str, Any]:
    """One stack by name or id, or all that are not deleted."""
    with engine.lock:
        if request.get("StackName"):
            return {"Stacks": [stack_shown(engine.find(request["StackName"]))]}
        living = [stack for stack in newest_first(engine) if not stack.deleted]
        shown, more = page(living, lambda stack: stack.id, dict(request))
        return {"Stacks": [stack_shown(stack) for stack in shown], **more}


def newest_first(engine: Engine) -> list[Stack]:
    """Every stack, the one made last at the top."""
    return sorted(engine.cloud.stacks.values(), key=lambda stack: stack.created_at, reverse=True)


def stack_shown(stack: Stack) -> dict[str, Any]:
    """A stack as DescribeStacks tells it."""
    definition = stack.definition
    shown = {
        "StackId": stack.id,
        "StackName": stack.name,
        "ChangeSetId": stack.change_set_id,
        "Description": described(stack),
        "Parameters": [parameter.shown for parameter in definition.parameters.values()] or None,
        "CreationTime": stack.created_at,
        "DeletionTime": stack.deleted_at,
        "LastUpdatedTime": stack.updated_at,
        "RollbackConfiguration": {},
        "StackStatus": stack.status,
        "StackStatusReason": stack.reason or None,
        "DisableRollback": stack.disable_rollback,
        "NotificationARNs": list(definition.notification_arns),
        "TimeoutInMinutes": stack.timeout_minutes,
        "Capabilities": list(definition.capabilities) or None,
        "Outputs": [output_shown(output) for output in stack.outputs] or None,
        "RoleARN": definition.role_arn,
        "Tags": [{"Key": key, "Value": value} for key, value in definition.tags.items()],
        "EnableTerminationProtection": stack.protected,
        "DriftInformation": drift_shown(stack.drift, stack.drift_checked_at, "StackDriftStatus"),
    }
    return {key: value for key, value in shown.items() if value is not None}


def described(stack: Stack) -> str | None:
    """The description in the stack's template."""
    return parse(stack.definition.template).description if stack.definition.template else None


def output_shown(output: Output) -> dict[str, Any]:
    """One output."""
    shown = {
        "OutputKey": output.key,
        "OutputValue": output.value,
        "Description": output.description,
        "ExportName": output.export,
    }
    return {key: value for key, value in shown.items() if value is not None}


def drift_shown(status: str, checked_at: Any, key: str) -> dict[str, Any]:
    """What is known of drift."""
    return {key: status, "LastCheckTimestamp": checked_at} if checked_at else {key: status}


def list_stacks(engine: Engine, request: Request) -> dict[str, Any]:
    """Every stack, deleted ones too, or those of some statuses."""
    wanted = request.get("StackStatusFilter")
    with engine.lock:
        found = [stack for stack in newest_first(engine) if not wanted or stack.status in wanted]
        shown, more = page(found, lambda stack: stack.id, dict(request))
        return {"StackSummaries": [stack_summary(stack) for stack in shown], **more}


def stack_summary(stack: Stack) -> dict[str, Any]:
    """A stack as ListStacks tells it."""
    whole = stack_shown(stack)
    kept = ("StackId", "StackName", "CreationTime", "LastUpdatedTime", "DeletionTime", "StackStatus")
    told = {key: whole[key] for key in (*kept, "StackStatusReason", "DriftInformation") if key in whole}
    return {**told, "TemplateDescription": whole["Description"]} if "Description" in whole else told


def describe_stack_events(engine: Engine, request: Request) -> dict[str, Any]:
    """The stack's history, newest first."""
    with engine.lock:
        if not request.get("StackName"):
            raise ValidationError("StackName must be specified.")
        stack = find_with_events(engine, request["StackName"])
        shown, more = page(stack.events[::-1], lambda event: event.id, dict(request))
        return {"StackEvents": [event_shown(stack, event) for event in shown], **more}


def find_with_events(engine: Engine, name: str) -> Stack:
    """The stack; AWS words its absence differently here."""
    try:
        return engine.find(name)
    except ValidationError:
        raise ValidationError(f"Stack [{name}] does not exist") from None


def event_shown(stack: Stack, event: Event) -> dict[str, Any]:
    """One event."""
    shown = {
        "StackId": stack.id,
        "EventId": event.id,
        "StackName": stack.name,
        "LogicalResourceId": event.logical_id,
        "PhysicalResourceId": event.physical_id,
        "ResourceType": event.type,
        "Timestamp": event.at,
        "ResourceStatus": event.status,
        "ResourceStatusReason": event.reason or None,
        "ResourceProperties": event.properties or None,
        "ClientRequestToken": event.token,
    }
    return {key: value for key, value in shown.items() if value is not None}


def describe_stack_resources(engine: Engine, request: Request) -> dict[str, Any]:
    """The resources of a stack, or of the stack that a physical id belongs to."""
    with engine.lock:
        stack = stack_of(engine, request)
        wanted = request.get("LogicalResourceId")
        found = [held for name, held in stack.resources.items() if wanted in (None, name)]
        if wanted and not found:
            raise no_resource(wanted, stack)
        return {"StackResources": [{**owner(stack), **resource_shown(held, "Timestamp")} for held in found]}


def stack_of(engine: Engine, request: Request) -> Stack:
    """The stack that is named, or that owns the physical id."""
    if request.get("StackName"):
        return find_with_events(engine, request["StackName"])
    physical_id = request.get("PhysicalResourceId")
    for stack in newest_first(engine):
        if any(held.physical_id == physical_id for held in stack.present.values()):
            return stack
    raise ValidationError(f"Stack for {physical_id} does not exist")


def describe_stack_resource(engine: Engine, request: Request) -> dict[str, Any]:
    """One resource."""
    with engine.lock:
        stack = find_with_events(engine, request["StackName"])
        held = stack.resources.get(request["LogicalResourceId"])
        if held is None:
            raise no_resource(request["LogicalResourceId"], stack)
        detail = {**owner(stack), **resource_shown(held, "LastUpdatedTimestamp")}
        return {"StackResourceDetail": detail}


def no_resource(logical_id: str, stack: Stack) -> ValidationError:
    """The refusal of a logical id that the stack does not have."""
    return ValidationError(f"Resource {logical_id} does not exist for stack {stack.name}")


def list_stack_resources(engine: Engine, request: Request) -> dict[str, Any]:
    """The resources of a stack in short."""
    with engine.lock:
        stack = find_with_events(engine, request["StackName"])
        shown, more = page(list(stack.resources.values()), lambda held: held.logical_id, dict(request))
        summaries = [resource_shown(held, "LastUpdatedTimestamp") for held in shown]
        return {"StackResourceSummaries": summaries, **more}


def owner(stack: Stack) -> dict[str, Any]:
    """Whose resource it is."""
    return {"StackName": stack.name, "StackId": stack.id}


def resource_shown(held: StackResource, time_key: str) -> dict[str, Any]:
    """A resource; its time has another name in each answer."""
    drift = drift_shown(held.drift, held.drift_checked_at, "StackResourceDriftStatus")
    shown = {
        "LogicalResourceId": held.logical_id,
        "PhysicalResourceId": held.physical_id,
        "ResourceType": held.type,
        time_key: held.updated_at,
        "ResourceStatus": held.status,
        "DriftInformation": drift,
    }
    return {**shown, "ResourceStatusReason": held.reason} if held.reason else shown


def list_exports(engine: Engine, request: Request) -> dict[str, Any]:
    """Every export of the region."""
    with engine.lock:
        exports = [
            {"ExportingStackId": stack.id, "Name": name, "Value": output.value}
            for name, stack in exported(engine.cloud).items()
            for output in stack.outputs
            if output.export == name
        ]
    shown, more = page(exports, lambda export: str(export["Name"]), dict(request))
    return {"Exports": shown, **more}


def list_imports(engine: Engine, request: Request) -> dict[str, Any]:
    """The stacks that use an export."""
    name = request["ExportName"]
    with engine.lock:
        users = importers(engine.cloud, name)
        if name not in exported(engine.cloud):
            raise ValidationError(f"Export '{name}' does not exist.")
    if not users:
        raise ValidationError(f"Export '{name}' is not imported by any stack.")
    shown, more = page(users, str, dict(request))
    return {"Imports": shown, **more}
