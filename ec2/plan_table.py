"""A plan as a person reads it before agreeing."""

from collections.abc import Callable

from rich.console import Console
from rich.markup import escape

from ec2.outlook import CREATE, KEEP, REMOVE, REPLACE, START
from ec2.plan import Plan, grouped
from ec2.stack import ENLARGING, Change, summary

WORDS = {
    CREATE: "new: {}",
    REPLACE: "replaced: {}",
    START: "started again: {}",
    REMOVE: "removed: {}",
}


def print_plan(page: Console, plan: Plan, as_said: Callable[[str], str] = str) -> None:
    """What changes at AWS, what on each host, what is sent there, and what people notice of it."""
    for line in lines(plan):
        page.print(escape(as_said(line)), soft_wrap=True)


def lines(plan: Plan) -> list[str]:
    """The plan, line by line."""
    if plan.nothing_to_do:
        return [f"nothing to do: every host runs {plan.tag}, healthy, on a stack as it should be"]
    return [*stack_lines(plan), *host_lines(plan), *interruption_lines(plan), *secret_lines(plan)]


def stack_lines(plan: Plan) -> list[str]:
    """The change set; what is added is only counted."""
    change = plan.stack
    if not change.change_set:
        return ["the stack at AWS stays as it is"]
    verb = "create" if change.creates else "update"
    details = [f"  {told(one)}" for one in change.changes if one.action != "Add"]
    return [f"to {verb} the stack '{change.stack_name}': {summary(change.changes)}", *details]


def told(change: Change) -> str:
    """A change, and what it takes where that is much."""
    line = f"{change.word} {change.logical_id} ({change.type})"
    return f"{line}: {ENLARGING}" if change.enlarges else line


def host_lines(plan: Plan) -> list[str]:
    """A line for each host that stands, with what differs."""
    width = max((len(host.name) for host in (*plan.outlooks, *plan.unseen)), default=0)
    shown = []
    for host, outlook in plan.outlooks.items():
        if host in plan.leaving:
            shown.append(f"{host.name:{width}}  goes, with all that runs there")
            continue
        kept = sum(change == KEEP for change in outlook.changes.values())
        parts = [WORDS[change].format(", ".join(names)) for change, names in grouped(outlook.changes).items()]
        if kept:
            parts.append(f"{kept} unchanged")
        sending = plan.sending[host]
        if sending.layers:
            parts.append(f"{sending.layers} layers to send, {sending.bytes / 1e6:.1f} MB unpacked")
        shown.append(f"{host.name:{width}}  {'; '.join(parts) or 'everything is new'}")
    if plan.unfinished:
        shown.append("a deployment was broken off on these hosts; this one brings them together")
    return shown + [f"{host.name:{width}}  not looked at: {why}" for host, why in plan.unseen.items()]


def interruption_lines(plan: Plan) -> list[str]:
    """What people notice."""
    noticed = [f"interruption by {cause}: {what}" for cause, what in plan.interruptions().items()]
    return noticed or (["interruption: none"] if plan.outlooks else [])


def secret_lines(plan: Plan) -> list[str]:
    """What stands in the way until somebody gives it."""
    return [
        f"missing secret {name}: nothing can be deployed before 'python -m ec2 secret {name}'"
        for name in plan.missing_secrets
    ]
