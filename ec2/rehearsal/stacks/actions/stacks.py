"""CreateStack, UpdateStack, DeleteStack and their like: what begins, stops or guards an operation."""

from dataclasses import replace
from typing import Any

from ec2.rehearsal.stacks import operations
from ec2.rehearsal.stacks.changes import changes, changes_outputs
from ec2.rehearsal.stacks.engine import Engine
from ec2.rehearsal.stacks.errors import AlreadyExists, ValidationError
from ec2.rehearsal.stacks.outputs import check_unused
from ec2.rehearsal.stacks.requested import (
    Request,
    deadline_of,
    definition_of,
    named,
    new_stack,
    on_failure_of,
    refuse_busy,
)
from ec2.rehearsal.stacks.stack_policy import check_policy
from ec2.rehearsal.stacks.state import Before, Definition, Operation, Stack
from ec2.rehearsal.stacks.work import Work


def create_stack(engine: Engine, request: Request) -> dict[str, Any]:
    """Begin a new stack."""
    definition = definition_of(engine, request)
    policy = request.get("StackPolicyBody")
    if policy:
        check_policy(policy)
    on_failure = on_failure_of(request)
    with engine.lock:
        if named(engine, request["StackName"]):
            raise AlreadyExists(f"Stack [{request['StackName']}] already exists")
        stack = new_stack(engine, request["StackName"], "")
        stack.policy = policy
        stack.protected = bool(request.get("EnableTerminationProtection"))
        stack.disable_rollback = on_failure == "DO_NOTHING"
        stack.timeout_minutes = request.get("TimeoutInMinutes")
        engine.cloud.stacks[stack.id] = stack
        begin_create(engine, stack, definition, request.get("ClientRequestToken"), on_failure)
    return {"StackId": stack.id}


def begin_create(
    engine: Engine, stack: Stack, definition: Definition, token: str | None, on_failure: str
) -> None:
    """Start making a stack that is there in name."""
    deadline = deadline_of(engine, stack.timeout_minutes)
    make_obsolete(stack)
    stack.operation = Operation(definition, token, on_failure=on_failure, deadline=deadline)
    stack.definition = definition
    engine.journal.stack(stack, "CREATE_IN_PROGRESS", "User Initiated")
    engine.start(stack, operations.create)


def make_obsolete(stack: Stack) -> None:
    """What was proposed for a stack as it was no longer fits the stack as it will be."""
    stack.change_sets = {
        name: replace(proposed, execution_status="OBSOLETE")
        if proposed.execution_status == "AVAILABLE"
        else proposed
        for name, proposed in stack.change_sets.items()
    }


def update_stack(engine: Engine, request: Request) -> dict[str, Any]:
    """Begin to change a stack; ValidationError when nothing would change."""
    stack = living(engine, request["StackName"])
    refuse_busy(stack, "updated")
    definition = definition_of(engine, request, stack.definition)
    work = Work(engine.site, stack, definition)
    if not changes_outputs(work, changes(work)):
        raise ValidationError("No updates are to be performed.")
    during = request.get("StackPolicyDuringUpdateBody")
    for policy in filter(None, (during, request.get("StackPolicyBody"))):
        check_policy(policy)
    on_failure = "DO_NOTHING" if request.get("DisableRollback") else "ROLLBACK"
    with engine.lock:
        refuse_busy(stack, "updated")
        begin_update(engine, stack, definition, request.get("ClientRequestToken"), on_failure, during)
        if request.get("StackPolicyBody"):
            stack.policy = request["StackPolicyBody"]
    return {"StackId": stack.id}


def begin_update(
    engine: Engine,
    stack: Stack,
    definition: Definition,
    token: str | None,
    on_failure: str,
    policy: str | None = None,
) -> None:
    """Start changing a stack; what it is now is kept until the change has succeeded."""
    make_obsolete(stack)
    kept = stack.operation.before if stack.operation else None
    before = kept or Before(dict(stack.resources), stack.updated_at)
    stack.operation = Operation(definition, token, before, on_failure, policy)
    stack.updated_at = engine.cloud.now()
    engine.journal.stack(stack, "UPDATE_IN_PROGRESS", "User Initiated")
    engine.start(stack, operations.update)


def delete_stack(engine: Engine, request: Request) -> None:
    """Begin to take a stack down; one that is not there is fine."""
    with engine.lock:
        stack = named(engine, request["StackName"])
        if stack is None or stack.status == "DELETE_IN_PROGRESS":
            return
        refuse_deletion(stack)
        retained = frozenset(request.get("RetainResources") or ())
        if retained and stack.status != "DELETE_FAILED":
            raise ValidationError(
                f"Invalid operation on stack [{stack.id}]. Resources can only be retained when the stack is "
                f"in the DELETE_FAILED state."
            )
        in_use = check_unused(engine.cloud, stack)
        if in_use:
            # AWS begins nothing then: the stack keeps its status and says why.
            engine.journal.stack(stack, stack.status, in_use)
            return
        token = request.get("ClientRequestToken")
        stack.operation = Operation(stack.definition, token, retained=retained)
        engine.journal.stack(stack, "DELETE_IN_PROGRESS", "User Initiated")
        engine.start(stack, operations.delete)


def refuse_deletion(stack: Stack) -> None:
    """Protected and busy stacks stay."""
    if stack.protected:
        raise ValidationError(
            f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled"
        )
    if stack.in_progress:
        raise ValidationError(f"Stack [{stack.name}] cannot be deleted while in status {stack.status}")


def cancel_update_stack(engine: Engine, request: Request) -> None:
    """Stop an update at the next resource and roll it back."""
    with engine.lock:
        stack = living(engine, request["StackName"])
        if stack.status != "UPDATE_IN_PROGRESS" or stack.operation is None:
            raise ValidationError("CancelUpdateStack cannot be called from current stack status")
        stack.operation = replace(stack.operation, cancelled=True)


def continue_update_rollback(engine: Engine, request: Request) -> dict[str, Any]:
    """Try a failed rollback once more, perhaps without some resources."""
    with engine.lock:
        stack = living(engine, request["StackName"])
        if stack.status != "UPDATE_ROLLBACK_FAILED":
            raise ValidationError(
                f"Stack:{stack.id} is in {stack.status} state and can not continue its rollback."
            )
        roll_back(engine, stack, request, frozenset(request.get("ResourcesToSkip") or ()))
    return {}


def rollback_stack(engine: Engine, request: Request) -> dict[str, Any]:
    """Go back from a failure at which the stack was left as it was."""
    with engine.lock:
        stack = living(engine, request["StackName"])
        if stack.status == "CREATE_FAILED":
            stack.operation = Operation(stack.definition, request.get("ClientRequestToken"))
            engine.journal.stack(stack, "ROLLBACK_IN_PROGRESS", "User Initiated")
            engine.start(stack, operations.roll_back_create)
        elif stack.status == "UPDATE_FAILED":
            roll_back(engine, stack, request, frozenset())
        else:
            raise ValidationError(f"Stack:{stack.id} is in {stack.status} state and can not be rolled back.")
    return {"StackId": stack.id}


def roll_back(engine: Engine, stack: Stack, request: Request, skipped: frozenset[str]) -> None:
    """Start the way back of an update."""
    if stack.operation is not None:
        token = request.get("ClientRequestToken")
        stack.operation = replace(stack.operation, token=token, skipped=skipped)
    engine.journal.stack(stack, "UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated")
    engine.start(stack, operations.roll_back_update)


def update_termination_protection(engine: Engine, request: Request) -> dict[str, Any]:
    """Guard a stack against deletion, or no longer."""
    with engine.lock:
        stack = living(engine, request["StackName"])
        stack.protected = bool(request["EnableTerminationProtection"])
    return {"StackId": stack.id}


def set_stack_policy(engine: Engine, request: Request) -> None:
    """Say what updates may touch."""
    text = request.get("StackPolicyBody")
    if not text:
        raise ValidationError(
            "StackPolicyBody must be specified; the rehearsal does not fetch StackPolicyURL."
        )
    check_policy(text)
    with engine.lock:
        living(engine, request["StackName"]).policy = text


def get_stack_policy(engine: Engine, request: Request) -> dict[str, Any]:
    """The policy, if one was set."""
    with engine.lock:
        policy = engine.find(request["StackName"]).policy
    return {"StackPolicyBody": policy} if policy else {}


def living(engine: Engine, name: str) -> Stack:
    """The stack of that name or id that is not deleted."""
    stack = named(engine, name)
    if stack is None:
        raise ValidationError(f"Stack [{name}] does not exist")
    return stack
