"""What happens to a whole stack: create, update, delete, and the way back from each failure."""

from collections.abc import Mapping

from ec2.rehearsal.stacks import steps
from ec2.rehearsal.stacks.errors import Refused
from ec2.rehearsal.stacks.order import turned
from ec2.rehearsal.stacks.outputs import check_exports, outputs
from ec2.rehearsal.stacks.state import Leftover, Stack, StackResource
from ec2.rehearsal.stacks.walk import walk
from ec2.rehearsal.stacks.work import Work


def create(work: Work) -> None:
    """Make every resource, then the outputs; a failure leads to a rollback or to what was asked for."""
    failed = walk(work.graph, lambda name: steps.create(work, name), lambda: halted(work))
    reason = failure(work, failed, "create") or finish_outputs(work)
    if reason:
        create_failed(work, reason)
        return
    end(work, "CREATE_COMPLETE")


def halted(work: Work) -> bool:
    """Whether nothing more may be begun: cancelled, or out of time."""
    with work.site.journal.held() as cloud:
        operation = work.stack.operation
        if operation is None:
            return False
        late = operation.deadline is not None and cloud.now() > operation.deadline
        return operation.cancelled or late


def failure(work: Work, failed: list[str], verb: str) -> str:
    """Why the operation cannot end well, or ""."""
    if failed:
        return f"The following resource(s) failed to {verb}: [{', '.join(sorted(failed))}]. "
    operation = work.stack.operation
    if operation and operation.cancelled:
        return "User Initiated"
    if halted(work):
        return "Stack creation time exceeded the specified timeout. "
    return ""


def finish_outputs(work: Work) -> str:
    """Tell the outputs and take on the definition; why that failed, or ""."""
    try:
        found = outputs(work.template, work.scope)
        with work.site.journal.held() as cloud:
            check_exports(cloud, work.stack, found)
            work.stack.outputs = found
            work.stack.imports = frozenset(work.imports)
            work.stack.definition = work.definition
    except Refused as error:
        return f"{error} "
    except Exception as error:  # a type's defect in an attribute fails the operation and not the thread
        return f"{steps.reason_of(error)} "
    return ""


def end(work: Work, status: str, reason: str = "") -> None:
    """The operation is over."""
    with work.site.journal.lock:
        work.site.journal.stack(work.stack, status, reason)
        work.stack.operation = None


def create_failed(work: Work, reason: str) -> None:
    """Roll back, delete, or leave everything as it is."""
    operation = work.stack.operation
    on_failure = operation.on_failure if operation else "ROLLBACK"
    if on_failure == "DO_NOTHING":
        end(work, "CREATE_FAILED", reason.strip())
    elif on_failure == "DELETE":
        work.site.journal.stack(work.stack, "DELETE_IN_PROGRESS", f"{reason}Delete requested by user.")
        delete(work)
    else:
        work.site.journal.stack(work.stack, "ROLLBACK_IN_PROGRESS", f"{reason}Rollback requested by user.")
        roll_back_create(work)


def roll_back_create(work: Work) -> None:
    """Delete what was made; what remains is a stack that can only be deleted."""
    failed = remove_all(work, undoing=True)
    work.stack.outputs, work.stack.imports = (), frozenset()
    if failed:
        end(work, "ROLLBACK_FAILED", not_deleted(failed))
    else:
        end(work, "ROLLBACK_COMPLETE")


def remove_all(work: Work, undoing: bool = False) -> list[str]:
    """Take down every resource that is there, those first that others do not lean on."""
    stack, operation = work.stack, work.stack.operation
    there = dict(stack.present)
    retained = operation.retained if operation else frozenset()

    def remove(name: str) -> bool:
        return steps.remove(work, there[name], leaving_policy(there[name], retained, undoing))

    graph = turned({name: held.depends_on & set(there) for name, held in there.items()})
    return walk(graph, remove, go_on=True)


def leaving_policy(held: StackResource, retained: frozenset[str], undoing: bool) -> str:
    """What becomes of a resource whose stack goes; RetainExceptOnCreate does not outlive its own creation."""
    if held.logical_id in retained:
        return "Retain"
    if undoing and held.deletion_policy == "RetainExceptOnCreate":
        return "Delete"
    return held.deletion_policy


def not_deleted(failed: list[str]) -> str:
    """AWS's sentence for resources that stayed."""
    return f"The following resource(s) failed to delete: [{', '.join(sorted(failed))}]. "


def delete(work: Work) -> None:
    """Take the stack down; it stays visible by its id."""
    failed = remove_all(work)
    if failed:
        end(work, "DELETE_FAILED", not_deleted(failed))
        return
    with work.site.journal.held() as cloud:
        work.stack.deleted_at = cloud.now()
        work.stack.outputs, work.stack.imports = (), frozenset()
        work.stack.change_sets.clear()
        end(work, "DELETE_COMPLETE")


def update(work: Work) -> None:
    """Bring every resource to the new definition, then clear away what it no longer needs."""
    reason = refused_removals(work)
    if not reason:
        failed = walk(work.graph, lambda name: steps.change(work, name), lambda: halted(work))
        reason = failure(work, failed, "update") or finish_outputs(work)
    if reason:
        update_failed(work, reason)
        return
    with work.site.journal.lock:
        gone = [held for name, held in work.stack.present.items() if name not in work.resources]
        work.stack.leftovers += tuple(Leftover(held, held.deletion_policy) for held in gone)
        for held in gone:
            del work.stack.resources[held.logical_id]
        work.site.journal.stack(work.stack, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
    clean_up(work, "UPDATE_COMPLETE", "Update successful. ")


def refused_removals(work: Work) -> str:
    """Why the stack's policy keeps a resource that the new template drops, or ""."""
    for name, held in work.stack.present.items():
        if name not in work.resources:
            try:
                steps.refuse_denied(work, held, "Update:Delete")
            except steps.Denied as denied:
                work.site.journal.resource(work.stack, held, "UPDATE_FAILED", str(denied))
                return failure(work, [name], "update")
    return ""


def update_failed(work: Work, reason: str) -> None:
    """Roll back, unless the caller wants to look at it first."""
    operation = work.stack.operation
    if operation and operation.on_failure == "DO_NOTHING":
        work.site.journal.stack(work.stack, "UPDATE_FAILED", reason.strip())
        return
    work.site.journal.stack(work.stack, "UPDATE_ROLLBACK_IN_PROGRESS", reason.strip())
    roll_back_update(work)


def roll_back_update(work: Work) -> None:
    """Give every resource back what it had, then clear away what the update had made."""
    stack = work.stack
    before = stack.operation.before if stack.operation else None
    if before is None:
        raise ValueError(f"stack {stack.name} has nothing to go back to")
    skipped = stack.operation.skipped if stack.operation else frozenset()
    kept = {name: held for name, held in before.resources.items() if held.present}
    graph = {name: held.depends_on & set(kept) for name, held in kept.items()}
    made = made_since(stack, kept)
    failed = walk(graph, lambda name: name in skipped or steps.put_back(work, kept[name]))
    if failed:
        work.site.journal.stack(
            stack,
            "UPDATE_ROLLBACK_FAILED",
            f"The following resource(s) failed to update: [{', '.join(failed)}]. ",
        )
        return
    with work.site.journal.lock:
        stack.leftovers = made
        for name in set(stack.resources) - set(kept):
            del stack.resources[name]
        work.site.journal.stack(stack, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
    clean_up(work, "UPDATE_ROLLBACK_COMPLETE")


def made_since(stack: Stack, kept: Mapping[str, StackResource]) -> tuple[Leftover, ...]:
    """What the update made: new resources, and new ones in the stead of old ones."""
    originals = {held.physical_id for held in kept.values()}
    replaced = [left for left in stack.leftovers if left.resource.physical_id not in originals]
    made = [
        Leftover(held, "Delete" if name in kept else leaving_policy(held, frozenset(), undoing=True))
        for name, held in stack.present.items()
        if held.physical_id and (name not in kept or held.physical_id != kept[name].physical_id)
    ]
    return (*replaced, *made)


def clean_up(work: Work, status: str, reason: str = "") -> None:
    """Delete the leftovers, last made first; one that cannot be deleted does not fail the update."""
    left = {str(index): leftover for index, leftover in enumerate(work.stack.leftovers)}

    def remove(key: str) -> bool:
        return steps.remove(work, left[key].resource, left[key].policy, owned=False)

    failed = walk(turned(between(left)), remove, go_on=True)
    with work.site.journal.lock:
        work.stack.leftovers = ()
        end(work, status, f"{reason}One or more resources could not be deleted." if failed else "")


def between(left: Mapping[str, Leftover]) -> dict[str, frozenset[str]]:
    """What the leftovers lean on among themselves; one logical id may have left several behind."""
    return {
        key: frozenset(
            other for other, held in left.items() if held.resource.logical_id in leftover.resource.depends_on
        )
        for key, leftover in left.items()
    }
