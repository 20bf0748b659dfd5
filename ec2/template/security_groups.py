"""A security group per role, with the ports of the table of roles and nothing else, both ways.

Rules between groups are resources of their own: groups that name each other could not be made otherwise. What
every role opens to every other is one group that all hosts are in: a rule per pair of roles would be most of
the template, whose size AWS limits.
"""

from collections.abc import Iterator

from troposphere import GetAtt, Ref, Select, Template, ec2

from ec2.roles import (
    ADMIN,
    EVERY_HOST,
    EVERY_ROLE,
    EXITS,
    ROLES,
    WORLD,
    Exit,
    Opening,
    Role,
    openings,
    targets,
)
from ec2.settings import Settings
from ec2.template.exits import exits
from ec2.template.names import logical_id, tags
from ec2.template.network import EVERYWHERE, Network
from ec2.template.parameters import ADMIN_CIDRS

# checkov's exceptions stand in the template beside what they are for.
OPEN_TO_THE_WORLD = {
    "checkov": {"skip": [{"id": "CKV_AWS_260", "comment": "people reach the microblog at port 80"}]}
}
Groups = dict[str, ec2.SecurityGroup]
# The group of every host, whatever its roles.
HOSTS = "hosts"


def add_security_groups(template: Template, settings: Settings, network: Network) -> Groups:
    """Add a group for each role, then the rules between them."""
    groups = {
        role.name: template.add_resource(security_group(role, settings, network)) for role in ROLES.values()
    }
    for source in ROLES:
        for target, opening in targets(source):
            template.add_resource(rule_in(groups, source, target, opening))
            template.add_resource(rule_out(groups, source, target, opening))
    groups[HOSTS] = template.add_resource(hosts_group(network))
    for opening in EVERY_HOST:
        if opening.to == EVERY_ROLE:
            template.add_resource(rule_in(groups, HOSTS, HOSTS, opening))
            template.add_resource(rule_out(groups, HOSTS, HOSTS, opening))
    return groups


def security_group(role: Role, settings: Settings, network: Network) -> ec2.SecurityGroup:
    """A role's group with its rules for addresses; those for the way out take the place of AWS's own."""
    public = any(opening.to == WORLD for opening in role.openings)
    return ec2.SecurityGroup(
        logical_id(role.name, "SecurityGroup"),
        **({"Metadata": OPEN_TO_THE_WORLD} if public else {}),
        GroupDescription=f"What hosts of the role {role.name} open and reach",
        VpcId=Ref(network.vpc),
        SecurityGroupIngress=[
            rule for opening in openings(role) for rule in rules_from_addresses(opening, settings)
        ],
        SecurityGroupEgress=[rule_to_world(way_out) for way_out in exits(role.name, settings)],
        Tags=tags(role.name, Role=role.name),
    )


def hosts_group(network: Network) -> ec2.SecurityGroup:
    """The group that all hosts are in; without a rule for the way out AWS would give it one to everywhere."""
    return ec2.SecurityGroup(
        logical_id(HOSTS, "SecurityGroup"),
        GroupDescription="What hosts open to each other, whatever their roles",
        VpcId=Ref(network.vpc),
        SecurityGroupEgress=[rule_to_world(way_out) for way_out in EXITS],
        Tags=tags(HOSTS),
    )


def rules_from_addresses(opening: Opening, settings: Settings) -> Iterator[ec2.SecurityGroupRule]:
    """None for a port that is opened to a role."""
    if opening.to == WORLD:
        yield rule_from_address(opening, EVERYWHERE)
    if opening.to == ADMIN:
        for index in range(len(settings.admin)):
            yield rule_from_address(opening, Select(index, Ref(ADMIN_CIDRS)))


def rule_from_address(opening: Opening, cidr: object) -> ec2.SecurityGroupRule:
    """A port for a range."""
    return ec2.SecurityGroupRule(**said(opening), CidrIp=cidr)


def rule_to_world(way_out: Exit) -> ec2.SecurityGroupRule:
    """A port anywhere."""
    return ec2.SecurityGroupRule(
        IpProtocol=way_out.protocol,
        FromPort=way_out.port,
        ToPort=way_out.port,
        CidrIp=EVERYWHERE,
        Description=f"to the world: {way_out.purpose}",
    )


def rule_in(groups: Groups, source: str, target: str, opening: Opening) -> ec2.SecurityGroupIngress:
    """The target lets the source in."""
    return ec2.SecurityGroupIngress(
        logical_id(target, "From", source.capitalize(), opening.port),
        GroupId=GetAtt(groups[target], "GroupId"),
        SourceSecurityGroupId=GetAtt(groups[source], "GroupId"),
        **said(opening),
    )


def rule_out(groups: Groups, source: str, target: str, opening: Opening) -> ec2.SecurityGroupEgress:
    """The source may leave for the target."""
    return ec2.SecurityGroupEgress(
        logical_id(source, "To", target.capitalize(), opening.port),
        GroupId=GetAtt(groups[source], "GroupId"),
        DestinationSecurityGroupId=GetAtt(groups[target], "GroupId"),
        **said(opening),
    )


def said(opening: Opening) -> dict[str, object]:
    """The port, and why it is open."""
    return {
        "IpProtocol": "tcp",
        "FromPort": opening.port,
        "ToPort": opening.port,
        "Description": f"{opening.service}, for {opening.to}",
    }
