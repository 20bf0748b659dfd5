"""What can be said of a template before there is a stack, and the template of a stack that there is."""

from typing import Any

from ec2.rehearsal.stacks.actions.change_sets import found_change_set
from ec2.rehearsal.stacks.engine import Engine
from ec2.rehearsal.stacks.errors import ValidationError
from ec2.rehearsal.stacks.lookups import template_of
from ec2.rehearsal.stacks.parameters import declarations
from ec2.rehearsal.stacks.requested import Request
from ec2.rehearsal.stacks.template import Template, parse
from ec2.rehearsal.stacks.validation import needed_capabilities, validate


def validate_template(engine: Engine, request: Request) -> dict[str, Any]:
    """Refuse what could not be made, else tell what it takes."""
    template = template_of(engine.site.aws, request)
    validate(template, engine.site.types)
    shown = [
        {key: entry[key] for key in ("ParameterKey", "DefaultValue", "NoEcho", "Description") if key in entry}
        for entry in declarations(template.parameters)
    ]
    return {"Parameters": shown, "Description": template.description, **capabilities(template)}


def capabilities(template: Template) -> dict[str, Any]:
    """The capabilities that must be acknowledged, and why."""
    needed, reason = needed_capabilities(template)
    return {"Capabilities": needed, "CapabilitiesReason": reason} if needed else {}


def get_template_summary(engine: Engine, request: Request) -> dict[str, Any]:
    """Parameters, types and capabilities of a template or of a stack."""
    if request.get("StackName"):
        template = parse(template_text(engine, request))
    else:
        template = template_of(engine.site.aws, request)
        validate(template, engine.site.types)
    return {
        "Parameters": declarations(template.parameters),
        "Description": template.description,
        "ResourceTypes": sorted({resource.type for resource in template.resources.values()}),
        "Version": template.version or "2010-09-09",
        **capabilities(template),
    }


def get_template(engine: Engine, request: Request) -> dict[str, Any]:
    """A stack's template as it was given; without transforms the processed one is the same."""
    return {"TemplateBody": template_text(engine, request), "StagesAvailable": ["Original", "Processed"]}


def template_text(engine: Engine, request: Request) -> str:
    """The template of a stack or of one of its change sets."""
    with engine.lock:
        if request.get("ChangeSetName"):
            return found_change_set(engine, request)[1].definition.template
        stack = engine.find(request["StackName"])
        if not stack.definition.template:
            raise ValidationError(f"Stack with id {request['StackName']} does not exist")
        return stack.definition.template
