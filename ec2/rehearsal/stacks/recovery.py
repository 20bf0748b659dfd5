"""What a call has made that the end of the process cut short, found again so that a rollback removes it."""

import logging
from dataclasses import replace

from botocore.exceptions import ClientError

from ec2.rehearsal.stacks.errors import Refused
from ec2.rehearsal.stacks.resources.contract import Findable
from ec2.rehearsal.stacks.state import Leftover, StackResource
from ec2.rehearsal.stacks.work import Work

LOG = logging.getLogger(__name__)
# Why a resource failed that was being worked on then. What AWS refused was not made, whoever has the like.
STOPPED = "the rehearsal was stopped during this operation"


def take_in_unknown(work: Work) -> None:
    """Have every resource in the stack's books that was made for it."""
    for held in list(work.stack.resources.values()):
        for found in unknown(work, held):
            with work.site.journal.held():
                take_in(work, held, found)


def unknown(work: Work, held: StackResource) -> list[StackResource]:
    """What was made for a resource that was being worked on at that very moment, and is in no book."""
    resource_type = work.site.types[held.type]
    cut_short = held.status.endswith("_FAILED") and held.reason == STOPPED
    if not cut_short or held.logical_id not in work.resources or not isinstance(resource_type, Findable):
        return []
    place = work.place(held.logical_id, held.tags)
    try:
        properties = work.checked_properties(work.resources[held.logical_id])
        made = resource_type.made_for(work.site.aws, properties, place)
    except (Refused, ClientError):  # what it would lean on is not there, so nothing was made
        return []
    except Exception:
        LOG.exception("what was made for %s of stack %s is not known", held.logical_id, work.stack.name)
        return []
    stack = work.stack
    books = [*stack.resources.values(), *(left.resource for left in stack.leftovers)]
    booked = {one.physical_id for one in books if one.type == held.type}
    # What the stack has let go of is somebody's, and bears its tags for good.
    booked |= {
        event.physical_id
        for event in stack.events
        if event.status == "DELETE_SKIPPED" and event.type == held.type
    }
    return [replace(held, physical_id=one, properties=properties) for one in sorted(made - booked)]


def take_in(work: Work, held: StackResource, found: StackResource) -> None:
    """As the resource itself where nothing is known of it, or as one that is to go."""
    if held.physical_id:
        work.stack.leftovers += (Leftover(found, "Delete"),)
    else:
        work.stack.resources[held.logical_id] = found
