"""What a call has made that the end of the process cut short, found again so that a rollback removes it."""

from dataclasses import replace

from ec2.rehearsal.stacks.resources.contract import Findable
from ec2.rehearsal.stacks.state import Leftover, StackResource
from ec2.rehearsal.stacks.work import Work


def take_in_unknown(work: Work) -> None:
    """Have every resource in the stack's books that bears its tags."""
    for held in list(work.stack.resources.values()):
        for physical_id in sorted(unknown(work, held)):
            with work.site.journal.held():
                take_in(work, held, physical_id)


def unknown(work: Work, held: StackResource) -> frozenset[str]:
    """What was made for a resource that failed at that very moment, and is in no book."""
    resource_type = work.site.types[held.type]
    if not held.status.endswith("_FAILED") or not isinstance(resource_type, Findable):
        return frozenset()
    booked = {left.resource.physical_id for left in work.stack.leftovers} | {held.physical_id}
    return resource_type.made_for(work.site.aws, work.place(held.logical_id, held.tags)) - booked


def take_in(work: Work, held: StackResource, physical_id: str) -> None:
    """As the resource itself where nothing is known of it, or as one that is to go."""
    found = replace(held, physical_id=physical_id)
    if held.physical_id:
        work.stack.leftovers += (Leftover(found, "Delete"),)
    else:
        work.stack.resources[held.logical_id] = found
