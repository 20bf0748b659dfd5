"""Refuses a template before anything is made: unknown types and properties, names that lead nowhere."""

from collections.abc import Iterator, Mapping
from typing import Any

from ec2.rehearsal.stacks import intrinsics
from ec2.rehearsal.stacks.errors import InsufficientCapabilities, ValidationError
from ec2.rehearsal.stacks.functions import condition_mentions, mentions, unknown_functions
from ec2.rehearsal.stacks.order import Graph, ordered
from ec2.rehearsal.stacks.parameters import check_declaration
from ec2.rehearsal.stacks.properties import faults
from ec2.rehearsal.stacks.resources.contract import ResourceType, Snapshotted
from ec2.rehearsal.stacks.schemas import schema
from ec2.rehearsal.stacks.template import Resource, Template

STACK_NAMES = frozenset(("AWS::StackId", "AWS::StackName", "AWS::NotificationARNs", "AWS::NoValue"))
PSEUDO_PARAMETERS = STACK_NAMES | {"AWS::AccountId", "AWS::Partition", "AWS::Region", "AWS::URLSuffix"}
# Property that gives an IAM resource a name of the caller's choosing, and so asks for the stronger word.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-template.html
IAM_NAMES = {
    "AWS::IAM::AccessKey": None,
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Policy": None,
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
    "AWS::IAM::UserToGroupAddition": None,
}
Types = Mapping[str, ResourceType]


def validate(template: Template, types: Types) -> None:
    """Raise ValidationError for the first thing that CloudFormation, or the rehearsal, would not take."""
    for key, declaration in template.parameters.items():
        check_declaration(key, declaration)
    refuse_unknown_types(template, types)
    refuse_foreign_functions(template)
    refuse_open_names(template)
    for resource in template.resources.values():
        check_properties(resource, types[resource.type])
    ordered(dependencies(template))


def refuse_unknown_types(template: Template, types: Types) -> None:
    """Types that AWS does not have, and then types that the rehearsal does not have."""
    used = sorted({resource.type for resource in template.resources.values()})
    unknown = [name for name in used if name not in types and schema(name) is None]
    if unknown:
        raise ValidationError(f"Template format error: Unrecognized resource types: [{', '.join(unknown)}]")
    missing = [name for name in used if name not in types]
    if missing:
        raise ValidationError(f"Resource types [{', '.join(missing)}] are not carried out by the rehearsal")


def refuse_foreign_functions(template: Template) -> None:
    """Functions that the rehearsal cannot resolve, and secrets that it does not keep."""
    for section in sections(template):
        for name in unknown_functions(section):
            raise ValidationError(f"Template error: {name} is not supported by the rehearsal")
        for kind in ("ssm-secure", "secretsmanager"):
            if f"{{{{resolve:{kind}:" in str(section):
                raise ValidationError(f"Dynamic references to {kind} are not carried out by the rehearsal")


def sections(template: Template) -> Iterator[Any]:
    """All that may hold a function."""
    yield template.conditions
    yield template.outputs
    for resource in template.resources.values():
        yield resource.properties


def refuse_open_names(template: Template) -> None:
    """References, attributes, conditions and dependencies that the template does not explain."""
    open_names = sorted(set(unresolved(template)))
    if open_names:
        raise ValidationError(
            f"Template format error: Unresolved resource dependencies [{', '.join(open_names)}] in the "
            f"Resources block of the template"
        )
    outside = sorted(set(unresolved_outputs(template)))
    if outside:
        raise ValidationError(
            f"Unresolved resource dependencies [{', '.join(outside)}] in the Outputs block of the template"
        )
    refuse_open_conditions(template)
    for section in (resource.properties for resource in template.resources.values()):
        refuse_attributes(template, section)
    refuse_attributes(template, template.outputs)


def unresolved(template: Template) -> Iterator[str]:
    """Names under Resources that are neither a parameter nor a resource."""
    known = set(template.parameters) | set(template.resources) | PSEUDO_PARAMETERS
    for resource in template.resources.values():
        yield from (name for name in resource.depends_on if name not in template.resources)
        yield from unknown_names(resource.properties, known, set(template.resources))


def unresolved_outputs(template: Template) -> Iterator[str]:
    """The same under Outputs."""
    known = set(template.parameters) | set(template.resources) | PSEUDO_PARAMETERS
    yield from unknown_names(template.outputs, known, set(template.resources))


def unknown_names(value: Any, known: set[str] | frozenset[str], resources: set[str]) -> Iterator[str]:
    """What an expression refers to and nobody defines."""
    for mention in mentions(value):
        if mention.kind == "ref" and mention.name not in known:
            yield mention.name
        if mention.kind == "attribute" and mention.name not in resources:
            yield mention.name


def refuse_open_conditions(template: Template) -> None:
    """Conditions that are used and not defined, or that lean on resources or in a circle."""
    used = {resource.condition for resource in template.resources.values() if resource.condition}
    used |= {str(output["Condition"]) for output in template.outputs.values() if "Condition" in output}
    for section in (template.outputs, *(resource.properties for resource in template.resources.values())):
        used |= {mention.name for mention in mentions(section) if mention.kind == "condition"}
    graph: dict[str, frozenset[str]] = {}
    for name, expression in template.conditions.items():
        found = list(condition_mentions(expression))
        graph[name] = frozenset(mention.name for mention in found if mention.kind == "condition")
        used |= graph[name]
        plain = set(template.parameters) | PSEUDO_PARAMETERS
        if any(mention.kind != "condition" and mention.name not in plain for mention in found):
            raise ValidationError(
                "Template format error: Unresolved dependencies in the Conditions block of the template"
            )
    missing = sorted(used - set(template.conditions))
    if missing:
        raise ValidationError(
            f"Template format error: Unresolved condition dependency {missing[0]} in the Resources block of "
            f"the template"
        )
    refuse_circular_conditions(graph)


def refuse_circular_conditions(graph: Graph) -> None:
    """A condition that is true when it is true has no answer."""
    try:
        ordered(graph)
    except ValidationError as error:
        circle = error.message.partition("[")[2]
        raise ValidationError(
            f"Template format error: Circular dependency between conditions: [{circle}"
        ) from None


def refuse_attributes(template: Template, section: Any) -> None:
    """Attributes that the type of the resource does not give."""
    for mention in mentions(section):
        if mention.kind != "attribute" or not mention.attribute:
            continue
        described = schema(template.resources[mention.name].type)
        if described is not None and not described.gives(mention.attribute):
            raise ValidationError(
                f"Template error: resource {mention.name} does not support attribute type "
                f"{mention.attribute} in Fn::GetAtt"
            )


def check_properties(resource: Resource, resource_type: ResourceType) -> None:
    """Properties against AWS's schema, then against what the rehearsal really carries out."""
    described = schema(resource.type)
    found = faults(described, resource.properties) if described else []
    if found:
        raise ValidationError(
            f"Properties validation failed for resource {resource.logical_id} with message: "
            f"{'; '.join(found)}"
        )
    left_out = sorted(set(resource.properties) - resource_type.carried_out)
    if left_out:
        raise ValidationError(
            f"Properties [{', '.join(left_out)}] of resource {resource.logical_id} ({resource.type}) are not "
            f"carried out by the rehearsal"
        )
    policies = (resource.deletion_policy, resource.update_replace_policy)
    if "Snapshot" in policies and not isinstance(resource_type, Snapshotted):
        raise ValidationError(
            f"Template error: resource type {resource.type} does not support deletion policy Snapshot"
        )


def dependencies(template: Template) -> dict[str, frozenset[str]]:
    """For each resource those it leans on, said or by reference."""
    return {name: leans_on(resource, template) for name, resource in template.resources.items()}


def leans_on(resource: Resource, template: Template) -> frozenset[str]:
    """The resources that must be there before this one."""
    named = {mention.name for mention in mentions(resource.properties) if mention.kind != "condition"}
    return frozenset((named | set(resource.depends_on)) & set(template.resources))


def needed_capabilities(template: Template) -> tuple[list[str], str]:
    """The capability that the template asks for, if any, and AWS's sentence of why."""
    iam = [resource for resource in template.resources.values() if resource.type in IAM_NAMES]
    if not iam:
        return [], ""
    named = any(IAM_NAMES[resource.type] in resource.properties for resource in iam)
    kinds = ", ".join(sorted({resource.type for resource in iam}))
    capability = "CAPABILITY_NAMED_IAM" if named else "CAPABILITY_IAM"
    return [capability], f"The following resource(s) require capabilities: [{kinds}]"


def check_capabilities(template: Template, given: list[str]) -> None:
    """Raise InsufficientCapabilities unless the caller has said what the template asks for."""
    needed, _ = needed_capabilities(template)
    if needed and not {*needed, "CAPABILITY_NAMED_IAM"} & set(given):
        raise InsufficientCapabilities(f"Requires capabilities : [{needed[0]}]")


def active(template: Template, scope: intrinsics.Scope) -> dict[str, Resource]:
    """The resources whose condition holds."""
    return {
        name: resource
        for name, resource in template.resources.items()
        if resource.condition is None or intrinsics.holds(resource.condition, scope)
    }
