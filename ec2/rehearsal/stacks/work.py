"""What one operation works with: its stack, its template, and the values that its expressions take."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from threading import Event
from typing import Any

from ec2.rehearsal.stacks import scopes
from ec2.rehearsal.stacks.errors import ValidationError
from ec2.rehearsal.stacks.intrinsics import Scope, resolve
from ec2.rehearsal.stacks.journal import Journal
from ec2.rehearsal.stacks.properties import coerced, faults
from ec2.rehearsal.stacks.resources.contract import Clients, Place, ResourceType
from ec2.rehearsal.stacks.schemas import schema
from ec2.rehearsal.stacks.state import Definition, Stack
from ec2.rehearsal.stacks.template import Resource, Template, parse
from ec2.rehearsal.stacks.validation import active, dependencies


@dataclass(frozen=True)
class Site:
    """What every operation shares: the account, its clients, the resource types and the records.

    Once `stopping` is set, nothing more is begun.
    """

    types: Mapping[str, ResourceType]
    aws: Clients
    region: str
    account: str
    journal: Journal
    stopping: Event = field(default_factory=Event)


@dataclass(frozen=True)
class Work:
    """One operation on one stack, towards one definition."""

    site: Site
    stack: Stack
    definition: Definition
    imports: set[str] = field(default_factory=set)

    @cached_property
    def template(self) -> Template:
        """The template that is worked towards."""
        return parse(self.definition.template)

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """Parameters and pseudo parameters by name."""
        given = {key: parameter.value for key, parameter in self.definition.parameters.items()}
        site = self.site
        return given | scopes.pseudo_parameters(self.stack, self.definition, site.region, site.account)

    @cached_property
    def scope(self) -> Scope:
        """Where references lead while resources are made: to what is there by now."""
        return scopes.scope(
            self.template, self.parameters, self.site.aws, self.imported, self.physical_id, self.attribute
        )

    @cached_property
    def resources(self) -> dict[str, Resource]:
        """The template's resources whose conditions hold."""
        return active(self.template, self.scope)

    @cached_property
    def graph(self) -> dict[str, frozenset[str]]:
        """What each of those leans on."""
        leaning = dependencies(self.template)
        return {name: leaning[name] & set(self.resources) for name in self.resources}

    def imported(self, name: str) -> str:
        """Another stack's export; that it is used here is remembered."""
        with self.site.journal.held() as cloud:
            self.imports.add(name)
            return scopes.export_value(cloud, name)

    def physical_id(self, name: str) -> str:
        """What Ref gives for a resource that is there."""
        held = self.stack.resources.get(name)
        if name not in self.resources or held is None or not held.present:
            raise scopes.unresolved(name)
        return held.physical_id

    def attribute(self, name: str, attribute: str) -> Any:
        """What GetAtt gives for a resource that is there."""
        physical_id = self.physical_id(name)
        return self.type_of(name).attribute(self.site.aws, physical_id, attribute)

    def type_of(self, name: str) -> ResourceType:
        """The type of one of the stack's resources."""
        return self.site.types[self.stack.resources[name].type]

    def properties(self, resource: Resource, scope: Scope | None = None) -> dict[str, Any]:
        """A resource's properties resolved and in the schema's types."""
        values = resolve(resource.properties, scope or self.scope)
        described = schema(resource.type)
        return coerced(described, values) if described else dict(values)

    def checked_properties(self, resource: Resource) -> dict[str, Any]:
        """The same, held against the schema once more now that parameters have their values."""
        values = self.properties(resource)
        described = schema(resource.type)
        found = faults(described, values) if described else []
        if found:
            raise ValidationError(
                f"Properties validation failed for resource {resource.logical_id} with message: "
                f"{'; '.join(found)}"
            )
        return values

    def place(self, logical_id: str, tags: Mapping[str, str] | None = None) -> Place:
        """Where the resource stands; with the definition's tags unless others are meant."""
        stack, site = self.stack, self.site
        own = {
            "aws:cloudformation:stack-name": stack.name,
            "aws:cloudformation:stack-id": stack.id,
            "aws:cloudformation:logical-id": logical_id,
        }
        given = self.definition.tags if tags is None else tags
        return Place(stack.name, stack.id, logical_id, {**own, **given}, site.region, site.account)
