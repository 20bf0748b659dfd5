"""Settings -> template: which resources a stack has, in the order in which they depend on each other."""

import json
from dataclasses import replace
from typing import Any

import cfn_flip
from troposphere import Template

from ec2.errors import SettingsError
from ec2.roles import APP
from ec2.settings import Settings
from ec2.template.access_lists import add_access_list
from ec2.template.hosts import add_host, add_key_pair
from ec2.template.network import add_network
from ec2.template.outputs import add_outputs
from ec2.template.parameters import add_parameters
from ec2.template.permissions import add_topic_permission
from ec2.template.security_groups import add_security_groups

# What AWS takes as TemplateBody.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
LIMIT_BYTES = 51_200
SECTIONS = ("AWSTemplateFormatVersion", "Description", "Parameters", "Conditions", "Resources", "Outputs")
RESOURCE_KEYS = (
    "Type",
    "Metadata",
    "Condition",
    "DependsOn",
    "DeletionPolicy",
    "UpdateReplacePolicy",
    "Properties",
)


def build_template(settings: Settings) -> dict[str, Any]:
    """The whole template; the same settings give the same template to the byte."""
    template = Template(Description="A social microblog with its CI/CD and its monitoring")
    template.set_version("2010-09-09")
    add_parameters(template, settings)
    network = add_network(template, settings)
    add_access_list(template, settings, network)
    groups = add_security_groups(template, settings, network)
    key_pair = add_key_pair(template)
    for host in settings.hosts:
        add_host(template, host, network, groups, key_pair)
        add_topic_permission(template, host, settings)
        add_outputs(template, host)
    return in_order(json.loads(json.dumps(template.to_dict())))


def in_order(template: dict[str, Any]) -> dict[str, Any]:
    """The same template as a person reads it: what it takes, what it makes, what it says; types first."""
    resources = {
        name: {key: resource[key] for key in RESOURCE_KEYS if key in resource}
        for name, resource in template["Resources"].items()
    }
    return {section: template[section] for section in SECTIONS} | {"Resources": resources}


def as_yaml(template: dict[str, Any]) -> str:
    """The template for people."""
    text: str = cfn_flip.to_yaml(json.dumps(template))
    return text


def as_json(template: dict[str, Any]) -> str:
    """The template for AWS, which takes so many bytes: none more than needed."""
    return json.dumps(template, separators=(",", ":"))


def refuse_too_many_hosts(settings: Settings) -> None:
    """Raise SettingsError where the template is longer than AWS takes."""
    if not fits(settings):
        raise SettingsError(
            f"these hosts make a template of more than the {LIMIT_BYTES:,} bytes that AWS takes: "
            f"{most_app_hosts(settings)} of the role {APP.name} have room beside the others",
            "leave hosts out of stack.toml, or give them shorter names",
        )


def most_app_hosts(settings: Settings) -> int:
    """How many hosts of the role app have room; those that have another role too are never left out."""
    spare = [host for host in settings.hosts if host.roles == (APP.name,)]
    others = tuple(host for host in settings.hosts if host not in spare)
    while spare and not fits(replace(settings, hosts=(*others, *spare))):
        spare.pop()
    return len(spare) + sum(APP.name in host.roles for host in others)


def fits(settings: Settings) -> bool:
    """Whether AWS takes the template."""
    return len(as_json(build_template(settings))) <= LIMIT_BYTES
