"""What is done to one resource: made, changed, put back or removed, each with its events."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from botocore.exceptions import ClientError

from ec2.rehearsal.stacks.errors import Refused
from ec2.rehearsal.stacks.recreation import needs_new
from ec2.rehearsal.stacks.resources.contract import Snapshotted
from ec2.rehearsal.stacks.schemas import schema
from ec2.rehearsal.stacks.stack_policy import denial
from ec2.rehearsal.stacks.state import Leftover, StackResource
from ec2.rehearsal.stacks.work import Work

LOG = logging.getLogger(__name__)
INITIATED = "Resource creation Initiated"
REPLACING = "Requested update requires the creation of a new physical resource; hence creating one."


class Denied(Exception):
    """The stack's policy forbids a change."""


class Stopped(BaseException):
    """The process ends. No failure of the resource: the next process goes on."""


def create(work: Work, logical_id: str) -> bool:
    """Make a resource of the template; False when it failed."""
    started = work.site.journal.resource(work.stack, blank(work, logical_id), "CREATE_IN_PROGRESS")
    return tried(work, started, "CREATE_FAILED", lambda: made(work, started, "CREATE"))


def blank(work: Work, logical_id: str) -> StackResource:
    """A resource of which nothing is there yet."""
    resource = work.resources[logical_id]
    return StackResource(
        logical_id=logical_id,
        type=resource.type,
        physical_id="",
        properties={},
        tags=work.definition.tags,
        depends_on=work.graph[logical_id],
        deletion_policy=resource.deletion_policy,
        update_replace_policy=resource.update_replace_policy,
        metadata=resource.metadata,
        status="",
        reason="",
        updated_at=work.stack.created_at,
    )


def made(work: Work, started: StackResource, verb: str) -> None:
    """Ask the type for the resource and write down what it is."""
    journal, resource_type = work.site.journal, work.site.types[started.type]
    properties = work.checked_properties(work.resources[started.logical_id])
    place = work.place(started.logical_id)
    physical_id = resource_type.create(work.site.aws, dict(properties), place)
    held = replace(started, physical_id=physical_id, properties=properties)
    journal.resource(work.stack, held, f"{verb}_IN_PROGRESS", INITIATED)
    journal.resource(work.stack, held, f"{verb}_COMPLETE", resource_type.note)


def change(work: Work, logical_id: str) -> bool:
    """Bring a resource to the new template: made, updated, replaced, or left as it is."""
    held = work.stack.resources.get(logical_id)
    if held is None or not held.present:
        return create(work, logical_id)
    return tried(work, held, "UPDATE_FAILED", lambda: changed(work, recovered(work, held)))


def recovered(work: Work, held: StackResource) -> StackResource:
    """A resource as it was before an update that failed and was left so: nobody knows how far that came."""
    operation = work.stack.operation
    before = operation.before.resources.get(held.logical_id) if operation and operation.before else None
    if held.status != "UPDATE_FAILED" or before is None or before.physical_id != held.physical_id:
        return held
    updated_back(work, held, before)
    return work.stack.resources[held.logical_id]


def changed(work: Work, held: StackResource) -> None:
    """Update or replace a resource if anything about it differs."""
    journal, resource_type = work.site.journal, work.site.types[held.type]
    properties = work.checked_properties(work.resources[held.logical_id])
    same_tags = held.tags == work.definition.tags or not taggable(held.type)
    wanted = replace(
        blank(work, held.logical_id),
        physical_id=held.physical_id,
        properties=properties,
        status=held.status,
        updated_at=held.updated_at,
    )
    if properties == held.properties and same_tags:
        with journal.lock:
            work.stack.resources[held.logical_id] = wanted
        return
    new = needs_new(resource_type, held.properties, properties)
    refuse_denied(work, held, "Update:Replace" if new else "Update:Modify")
    if new:
        replaced(work, held, wanted)
        return
    journal.resource(work.stack, wanted, "UPDATE_IN_PROGRESS")
    place = work.place(held.logical_id)
    old = with_dropped_tags(held, place.tags)
    resource_type.update(work.site.aws, held.physical_id, old, dict(properties), place)
    journal.resource(work.stack, wanted, "UPDATE_COMPLETE", resource_type.note)


def with_dropped_tags(held: StackResource, kept: Mapping[str, str]) -> dict[str, Any]:
    """A resource's properties with the stack's tags that are no more, as if they had been its own.

    So a type that drops what only the old tags had drops these too.
    """
    dropped = {key: value for key, value in held.tags.items() if key not in kept}
    old = dict(held.properties)
    own = old.get("Tags", [])
    if dropped and isinstance(own, dict):
        old["Tags"] = {**dropped, **own}
    elif dropped:
        mine = {tag["Key"] for tag in own}
        old["Tags"] = [*own, *({"Key": key, "Value": dropped[key]} for key in dropped if key not in mine)]
    return old


def taggable(type_name: str) -> bool:
    """Whether the stack's tags go onto resources of the type."""
    described = schema(type_name)
    return described is None or described.taggable


def replaced(work: Work, held: StackResource, wanted: StackResource) -> None:
    """Make a new resource in the old one's stead; the old one stays until the update has succeeded."""
    journal, resource_type = work.site.journal, work.site.types[held.type]
    journal.resource(work.stack, held, "UPDATE_IN_PROGRESS", REPLACING)
    place = work.place(held.logical_id)
    physical_id = resource_type.create(work.site.aws, dict(wanted.properties), place)
    new = replace(wanted, physical_id=physical_id)
    with journal.lock:
        work.stack.leftovers += (Leftover(held, held.update_replace_policy),)
        journal.resource(work.stack, new, "UPDATE_IN_PROGRESS", INITIATED)
    journal.resource(work.stack, new, "UPDATE_COMPLETE", resource_type.note)


def refuse_denied(work: Work, held: StackResource, action: str) -> None:
    """Raise Denied when the stack's policy does not allow the action."""
    operation = work.stack.operation
    policy = operation.policy if operation and operation.policy else work.stack.policy
    reason = denial(policy, action, held.logical_id, held.type)
    if reason:
        raise Denied(reason)


def put_back(work: Work, before: StackResource) -> bool:
    """Undo an update of one resource; the original of a replaced one is still there."""
    journal, stack = work.site.journal, work.stack
    now = stack.resources.get(before.logical_id)
    if now is None or now.physical_id != before.physical_id:
        journal.resource(stack, before, "UPDATE_COMPLETE")
        return True
    if now.properties == before.properties and now.tags == before.tags:
        with journal.lock:
            stack.resources[before.logical_id] = before
        return True
    return tried(work, now, "UPDATE_FAILED", lambda: updated_back(work, now, before))


def updated_back(work: Work, now: StackResource, before: StackResource) -> None:
    """Give a resource the properties again that it had."""
    journal, resource_type = work.site.journal, work.site.types[before.type]
    journal.resource(work.stack, now, "UPDATE_IN_PROGRESS")
    place = work.place(before.logical_id, before.tags)
    old = with_dropped_tags(now, place.tags)
    resource_type.update(work.site.aws, before.physical_id, old, dict(before.properties), place)
    journal.resource(work.stack, before, "UPDATE_COMPLETE")


def remove(work: Work, held: StackResource, policy: str, owned: bool = True) -> bool:
    """Delete a resource as its policy says; `owned` is whether the stack still counts it as its own."""
    journal = work.site.journal
    tell = journal.resource if owned else journal.told
    if held.physical_id and policy in ("Retain", "RetainExceptOnCreate"):
        tell(work.stack, held, "DELETE_SKIPPED")
        return True
    tell(work.stack, held, "DELETE_IN_PROGRESS")

    def removed() -> None:
        resource_type = work.site.types[held.type]
        place = work.place(held.logical_id, held.tags)
        if not held.physical_id:
            tell(work.stack, held, "DELETE_COMPLETE")
            return
        if policy == "Snapshot" and isinstance(resource_type, Snapshotted):
            resource_type.snapshot(work.site.aws, held.physical_id, place)
        resource_type.delete(work.site.aws, held.physical_id, dict(held.properties), place)
        tell(work.stack, held, "DELETE_COMPLETE")

    return tried(work, held, "DELETE_FAILED", removed, owned)


def tried(work: Work, held: StackResource, failed: str, act: Callable[[], None], owned: bool = True) -> bool:
    """Do it; whatever goes wrong becomes the resource's status and never ends the thread.

    Raises Stopped when the process ends.
    """
    if work.site.stopping.is_set():
        raise Stopped
    try:
        act()
    except Exception as error:  # the border to all types: their defects are failures of the resource
        journal = work.site.journal
        if not isinstance(error, (Refused, Denied, ClientError)):
            LOG.exception("%s of stack %s", held.logical_id, work.stack.name)
        with journal.lock:
            now = work.stack.resources.get(held.logical_id, held) if owned else held
            tell = journal.resource if owned else journal.told
            tell(work.stack, now, failed, reason_of(error))
        return False
    return True


def reason_of(error: Exception) -> str:
    """What went wrong, in the way CloudFormation says it."""
    if isinstance(error, ClientError):
        said = error.response.get("Error", {})
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", "")
        return (
            f'Resource handler returned message: "{said.get("Message", error)}" '
            f"({error.operation_name}, Status Code: {status}, Error Code: {said.get('Code', '')})"
        )
    if isinstance(error, (Refused, Denied)):
        return str(error)
    return f"Internal Failure: {type(error).__name__}: {error}"
