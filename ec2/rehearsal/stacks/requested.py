"""What a request asks a stack to be: its template, parameters and tags, checked before anything is made."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from ec2.rehearsal.stacks.engine import Engine
from ec2.rehearsal.stacks.errors import ValidationError
from ec2.rehearsal.stacks.lookups import stored_value, template_of
from ec2.rehearsal.stacks.parameters import settled
from ec2.rehearsal.stacks.state import NOTHING, Definition, Stack
from ec2.rehearsal.stacks.template import Template, parse
from ec2.rehearsal.stacks.validation import check_capabilities, validate

NAME = re.compile(r"[a-zA-Z][-a-zA-Z0-9]{0,127}")
Request = Mapping[str, Any]
READY_FOR_UPDATE = frozenset(
    ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_FAILED", "IMPORT_COMPLETE")
)


def definition_of(engine: Engine, request: Request, previous: Definition | None = None) -> Definition:
    """The definition that a request carries; what it leaves out stays as it was."""
    template = requested_template(engine, request, previous)
    validate(template, engine.site.types)
    capabilities = request.get("Capabilities") or []
    check_capabilities(template, capabilities)
    before = previous or NOTHING
    tags = tags_of(request["Tags"]) if "Tags" in request else before.tags
    arns = tuple(request["NotificationARNs"]) if "NotificationARNs" in request else before.notification_arns
    return Definition(
        template=template.text,
        parameters=settled(
            template.parameters,
            request.get("Parameters") or [],
            before.parameters,
            lambda name: stored_value(engine.site.aws, name),
        ),
        tags=tags,
        capabilities=tuple(capabilities),
        notification_arns=arns,
        role_arn=request.get("RoleARN") or before.role_arn,
    )


def requested_template(engine: Engine, request: Request, previous: Definition | None) -> Template:
    """The template given, or the one in use."""
    if request.get("UsePreviousTemplate"):
        if previous is None or not previous.template:
            raise ValidationError("UsePreviousTemplate was set, but there is no previous template.")
        return parse(previous.template)
    return template_of(engine.site.aws, request)


def tags_of(given: list[dict[str, str]]) -> dict[str, str]:
    """The stack's tags by key."""
    for tag in given:
        if tag["Key"].lower().startswith("aws:"):
            raise ValidationError("aws: prefixed tag key names are not allowed for external use.")
    return {tag["Key"]: tag["Value"] for tag in given}


def new_stack(engine: Engine, name: str, status: str) -> Stack:
    """A stack record under a fresh id, not yet among the engine's."""
    if not NAME.fullmatch(name):
        raise ValidationError(
            f"1 validation error detected: Value '{name}' at 'stackName' failed to satisfy constraint: "
            f"Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"
        )
    return Stack(
        name=name,
        id=arn(engine, "stack", name),
        created_at=engine.cloud.now(),
        definition=NOTHING,
        status=status,
    )


def arn(engine: Engine, kind: str, name: str) -> str:
    """The id of a new stack or change set."""
    site = engine.site
    return f"arn:aws:cloudformation:{site.region}:{site.account}:{kind}/{name}/{uuid4()}"


def named(engine: Engine, name: str) -> Stack | None:
    """The living stack of a name or id, if there is one."""
    for stack in engine.cloud.stacks.values():
        if not stack.deleted and name in (stack.name, stack.id):
            return stack
    return None


def refuse_busy(stack: Stack, verb: str) -> None:
    """A stack does one thing at a time, and from some states nothing but deletion leads on."""
    if stack.in_progress or stack.status not in READY_FOR_UPDATE:
        raise ValidationError(f"Stack:{stack.id} is in {stack.status} state and can not be {verb}.")


def on_failure_of(request: Request) -> str:
    """What is to happen when a creation fails."""
    if request.get("OnFailure") and request.get("DisableRollback"):
        raise ValidationError("Only one of DisableRollback or OnFailure can be specified.")
    if request.get("DisableRollback"):
        return "DO_NOTHING"
    return str(request.get("OnFailure") or "ROLLBACK")


def deadline_of(engine: Engine, minutes: int | None) -> datetime | None:
    """When a creation has taken too long."""
    return engine.cloud.now() + timedelta(minutes=minutes) if minutes else None
