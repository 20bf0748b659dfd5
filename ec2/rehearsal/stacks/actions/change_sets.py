"""Change sets: proposed, looked at, executed or thrown away."""

from dataclasses import replace
from typing import Any

from ec2.rehearsal.stacks.actions.stacks import begin_create, begin_update
from ec2.rehearsal.stacks.changes import changes, changes_outputs
from ec2.rehearsal.stacks.engine import Engine
from ec2.rehearsal.stacks.errors import (
    AlreadyExists,
    ChangeSetNotFound,
    InvalidChangeSetStatus,
    ValidationError,
)
from ec2.rehearsal.stacks.pages import page
from ec2.rehearsal.stacks.requested import (
    Request,
    arn,
    definition_of,
    named,
    new_stack,
    refuse_busy,
)
from ec2.rehearsal.stacks.state import ChangeSet, Definition, Stack
from ec2.rehearsal.stacks.work import Work

NO_CHANGES = (
    "The submitted information didn't contain changes. Submit different information to create a change set."
)


def create_change_set(engine: Engine, request: Request) -> dict[str, Any]:
    """Say what a definition would change; of a new stack it makes the name and nothing else."""
    kind = request.get("ChangeSetType") or "UPDATE"
    with engine.lock:
        stack = named(engine, request["StackName"])
    refuse_kind(stack, kind, request)
    definition = definition_of(engine, request, stack.definition if stack else None)
    with engine.lock:
        if stack is None:
            stack = reviewed_stack(engine, request["StackName"])
        if request["ChangeSetName"] in stack.change_sets:
            raise AlreadyExists(f"ChangeSet {request['ChangeSetName']} already exists")
    change_set = proposed(engine, stack, definition, request, kind)
    with engine.lock:
        stack.change_sets[change_set.name] = change_set
    return {"Id": change_set.id, "StackId": stack.id}


def refuse_kind(stack: Stack | None, kind: str, request: Request) -> None:
    """CREATE is for stacks that are not there, UPDATE for those that are."""
    if kind == "IMPORT":
        raise ValidationError("ChangeSetType IMPORT is not carried out by the rehearsal")
    if kind == "CREATE" and stack is not None and stack.status != "REVIEW_IN_PROGRESS":
        raise ValidationError(
            f"Stack [{stack.name}] already exists and cannot be created again with the changeSet "
            f"[{request['ChangeSetName']}]."
        )
    if kind == "UPDATE":
        if stack is None or stack.status == "REVIEW_IN_PROGRESS":
            raise ValidationError(f"Stack [{request['StackName']}] does not exist")
        refuse_busy(stack, "updated")


def reviewed_stack(engine: Engine, name: str) -> Stack:
    """A stack that is only a name until its first change set is executed."""
    raced = named(engine, name)
    if raced is not None:
        return raced
    stack = new_stack(engine, name, "REVIEW_IN_PROGRESS")
    engine.cloud.stacks[stack.id] = stack
    engine.journal.stack(stack, "REVIEW_IN_PROGRESS", "User Initiated")
    return stack


def proposed(engine: Engine, stack: Stack, definition: Definition, request: Request, kind: str) -> ChangeSet:
    """The change set with its changes, or with the reason why it cannot be executed."""
    found, fault = foreseen(Work(engine.site, stack, definition), kind)
    with engine.lock:
        return ChangeSet(
            name=request["ChangeSetName"],
            id=arn(engine, "changeSet", request["ChangeSetName"]),
            kind=kind,
            status="FAILED" if fault else "CREATE_COMPLETE",
            reason=fault,
            execution_status="UNAVAILABLE" if fault else "AVAILABLE",
            definition=definition,
            changes=found,
            created_at=engine.cloud.now(),
            description=request.get("Description"),
            on_failure=request.get("OnStackFailure"),
        )


def foreseen(work: Work, kind: str) -> tuple[tuple[dict[str, Any], ...], str]:
    """The changes, and why they cannot be made, if so."""
    try:
        found = changes(work)
        empty = kind == "UPDATE" and not changes_outputs(work, found)
    except ValidationError as error:
        return (), error.message
    return found, NO_CHANGES if empty else ""


def execute_change_set(engine: Engine, request: Request) -> dict[str, Any]:
    """Make the changes; every other change set of the stack is out of date then."""
    with engine.lock:
        stack, change_set = found_change_set(engine, request)
        if change_set.execution_status != "AVAILABLE":
            raise InvalidChangeSetStatus(
                f"ChangeSet [{change_set.id}] cannot be executed in its current execution status of "
                f"[{change_set.execution_status}]"
            )
        creating = stack.status == "REVIEW_IN_PROGRESS"
        if not creating:
            refuse_busy(stack, "updated")
        stack.change_sets[change_set.name] = replace(change_set, execution_status="EXECUTE_COMPLETE")
        stack.change_set_id = change_set.id
        begin(engine, stack, change_set, request, creating)
    return {}


def begin(engine: Engine, stack: Stack, change_set: ChangeSet, request: Request, creating: bool) -> None:
    """Start what the change set proposes."""
    chosen = change_set.on_failure or "ROLLBACK"
    on_failure = "DO_NOTHING" if request.get("DisableRollback") else chosen
    stack.disable_rollback = on_failure == "DO_NOTHING"
    token = request.get("ClientRequestToken")
    if creating:
        begin_create(engine, stack, change_set.definition, token, on_failure)
    else:
        begin_update(engine, stack, change_set.definition, token, on_failure)


def found_change_set(engine: Engine, request: Request) -> tuple[Stack, ChangeSet]:
    """The change set that a request names, by id alone or by its name and its stack's."""
    name = request["ChangeSetName"]
    if request.get("StackName"):
        stack = named(engine, request["StackName"])
        if stack is None:
            raise ValidationError(f"Stack [{request['StackName']}] does not exist")
        stacks = [stack]
    elif name.startswith("arn:"):
        stacks = list(engine.cloud.stacks.values())
    else:
        raise ValidationError("StackName must be specified if ChangeSetName is not specified as an ARN.")
    for stack in stacks:
        for change_set in stack.change_sets.values():
            if name in (change_set.name, change_set.id):
                return stack, change_set
    raise ChangeSetNotFound(f"ChangeSet [{name}] does not exist")


def describe_change_set(engine: Engine, request: Request) -> dict[str, Any]:
    """A change set with its changes."""
    with engine.lock:
        stack, change_set = found_change_set(engine, request)
        entries = list(enumerate(change_set.changes))
    shown, more = page(entries, lambda entry: str(entry[0]), dict(request))
    definition = change_set.definition
    return {
        **summary(stack, change_set),
        "Parameters": [parameter.shown for parameter in definition.parameters.values()],
        "Tags": [{"Key": key, "Value": value} for key, value in definition.tags.items()],
        "Capabilities": list(definition.capabilities),
        "NotificationARNs": list(definition.notification_arns),
        "RollbackConfiguration": {},
        "Changes": [change for _, change in shown],
        "OnStackFailure": change_set.on_failure,
        **more,
    }


def summary(stack: Stack, change_set: ChangeSet) -> dict[str, Any]:
    """What ListChangeSets says of one."""
    told = {
        "ChangeSetId": change_set.id,
        "ChangeSetName": change_set.name,
        "StackId": stack.id,
        "StackName": stack.name,
        "Status": change_set.status,
        "ExecutionStatus": change_set.execution_status,
        "CreationTime": change_set.created_at,
        "Description": change_set.description,
        "IncludeNestedStacks": False,
    }
    return {**told, "StatusReason": change_set.reason} if change_set.reason else told


def list_change_sets(engine: Engine, request: Request) -> dict[str, Any]:
    """The change sets of a stack."""
    with engine.lock:
        stack = engine.find(request["StackName"])
        entries = list(stack.change_sets.values())
    shown, more = page(entries, lambda entry: entry.id, dict(request))
    return {"Summaries": [summary(stack, entry) for entry in shown], **more}


def delete_change_set(engine: Engine, request: Request) -> dict[str, Any]:
    """Throw a change set away; one that is not there is fine."""
    with engine.lock:
        try:
            stack, change_set = found_change_set(engine, request)
        except ChangeSetNotFound:
            return {}
        if change_set.execution_status == "EXECUTE_IN_PROGRESS":
            raise InvalidChangeSetStatus(f"ChangeSet [{change_set.id}] is being executed")
        del stack.change_sets[change_set.name]
    return {}
