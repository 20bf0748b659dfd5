"""Security groups: with rules of their own, and rules that are resources."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from ec2.rehearsal.stacks.resources.contract import Clients, Place
from ec2.rehearsal.stacks.resources.kind import MARKS, Ec2Kind, Kind
from ec2.rehearsal.stacks.resources.looking import answer, first, picked, wholly
from ec2.rehearsal.stacks.resources.names import generated_name
from ec2.rehearsal.stacks.resources.rules import EVERYTHING_OUT, Rule, from_live, from_template
from ec2.rehearsal.stacks.resources.tags import own_tags, specified
from ec2.rehearsal.stacks.resources.waiting import once_free


class SecurityGroup(Ec2Kind):
    """AWS::EC2::SecurityGroup."""

    name = "AWS::EC2::SecurityGroup"
    tagged_as = "security-group"
    carried_out = frozenset(
        {"GroupDescription", "GroupName", "VpcId", "SecurityGroupIngress", "SecurityGroupEgress", "Tags"}
    )
    attributes: ClassVar = {"GroupId": "GroupId", "Id": "GroupId", "VpcId": "VpcId", "GroupName": "GroupName"}

    def create(self, aws: Clients, properties: dict[str, Any], place: Place) -> str:
        """The group as AWS makes it, then its rules changed from AWS's to the template's."""
        made: str = aws("ec2").create_security_group(
            GroupName=properties.get("GroupName") or generated_name(place, 255),
            Description=properties["GroupDescription"],
            **picked(properties, "VpcId"),
            **self.tags(properties, place),
        )["GroupId"]
        with wholly(lambda: self.delete(aws, made, properties, place)):
            change_rules(aws, made, [EVERYTHING_OUT], wanted_rules(aws, properties))
        return made

    def update(
        self, aws: Clients, physical_id: str, old: dict[str, Any], new: dict[str, Any], place: Place
    ) -> None:
        """Only the rules that differ; whoever is in the group stays in it."""
        change_rules(aws, physical_id, wanted_rules(aws, old), wanted_rules(aws, new))
        super().update(aws, physical_id, old, new, place)

    def delete(self, aws: Clients, physical_id: str, properties: dict[str, Any], place: Place) -> None:
        """AWS refuses while an interface or another group's rule names it."""
        once_free(aws("ec2").delete_security_group, GroupId=physical_id)

    def look(self, aws: Clients, physical_id: str) -> dict[str, Any] | None:
        """The group."""
        return first(aws("ec2").describe_security_groups, "SecurityGroups", GroupIds=[physical_id])

    def shape(self, aws: Clients, live: dict[str, Any]) -> dict[str, Any]:
        """With its own rules, without those that are resources."""
        found = [from_live(rule) for rule in live_rules(aws, live["GroupId"]) if not is_resource(rule)]
        return {
            **picked(live, "GroupName", "VpcId"),
            "GroupDescription": live["Description"],
            "SecurityGroupIngress": [rule.template for rule in found if not rule.egress],
            "SecurityGroupEgress": [rule.template for rule in found if rule.egress],
            "Tags": own_tags(live["Tags"]),
        }


def wanted_rules(aws: Clients, properties: Mapping[str, Any]) -> list[Rule]:
    """The template's rules; without any for the way out, AWS's own stays."""
    ingress = properties.get("SecurityGroupIngress") or ()
    egress = properties.get("SecurityGroupEgress") or ()
    out = [from_template(given, True) for given in egress] or [EVERYTHING_OUT]
    return [from_template(by_id(aws, given), False) for given in ingress] + out


def by_id(aws: Clients, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """A rule with the source's id where the template has its name."""
    if "SourceSecurityGroupName" not in given:
        return given
    return {**given, "SourceSecurityGroupId": group_id(aws, given["SourceSecurityGroupName"])}


def group_id(aws: Clients, group_name: str) -> str:
    """The id of a group of the default VPC, the only one where a name is enough."""
    found: str = aws("ec2").describe_security_groups(GroupNames=[group_name])["SecurityGroups"][0]["GroupId"]
    return found


def change_rules(aws: Clients, group: str, before: Iterable[Rule], after: Iterable[Rule]) -> None:
    """Take away, add, describe anew: what both have alike is never touched, nor what is there already."""
    old, new = {rule.identity: rule for rule in before}, {rule.identity: rule for rule in after}
    live = {from_live(rule).identity: rule["SecurityGroupRuleId"] for rule in live_rules(aws, group)}
    for egress in (False, True):
        gone = [live[rule] for rule in old if rule.egress == egress and rule not in new and rule in live]
        fresh = [new[rule].permission for rule in new if rule.egress == egress and rule not in {*old, *live}]
        revoke(aws, group, egress, gone)
        authorize(aws, group, egress, fresh)
    for rule, given in new.items():
        if rule in live and (rule not in old or old[rule].description != given.description):
            describe_anew(aws, group, live[rule], given)


def revoke(aws: Clients, group: str, egress: bool, rule_ids: list[str]) -> None:
    """Take rules out of a group."""
    ec2 = aws("ec2")
    operation = ec2.revoke_security_group_egress if egress else ec2.revoke_security_group_ingress
    if rule_ids:
        operation(GroupId=group, SecurityGroupRuleIds=rule_ids)


def authorize(aws: Clients, group: str, egress: bool, permissions: list[dict[str, Any]], **tags: Any) -> str:
    """Add rules to a group; the id of the last one is given."""
    ec2 = aws("ec2")
    operation = ec2.authorize_security_group_egress if egress else ec2.authorize_security_group_ingress
    if not permissions:
        return ""
    rule_id: str = operation(GroupId=group, IpPermissions=permissions, **tags)["SecurityGroupRules"][-1][
        "SecurityGroupRuleId"
    ]
    return rule_id


def describe_anew(aws: Clients, group: str, rule_id: str, rule: Rule) -> None:
    """Another description, by the one call that takes it for every kind of source."""
    changed = {"SecurityGroupRuleId": rule_id, "SecurityGroupRule": rule.request}
    aws("ec2").modify_security_group_rules(GroupId=group, SecurityGroupRules=[changed])


def live_rules(aws: Clients, group: str) -> list[dict[str, Any]]:
    """A group's rules one by one, both ways."""
    pages = aws("ec2").get_paginator("describe_security_group_rules")
    here = [{"Name": "group-id", "Values": [group]}]
    return [rule for page in pages.paginate(Filters=here) for rule in page["SecurityGroupRules"]]


def is_resource(rule: Mapping[str, Any]) -> bool:
    """Whether the rule is a resource of its own, and not one of its group's."""
    return any(tag["Key"] in MARKS for tag in rule.get("Tags", ()))


def group_of(aws: Clients, properties: Mapping[str, Any]) -> str:
    """The id of the group that a rule is to be in."""
    return str(properties.get("GroupId") or group_id(aws, properties["GroupName"]))


class SecurityGroupRule(Kind):
    """What AWS::EC2::SecurityGroupIngress and …Egress share; the id is the rule's own, sgr-…."""

    egress = False
    attributes: ClassVar = {"Id": "SecurityGroupRuleId"}

    def create(self, aws: Clients, properties: dict[str, Any], place: Place) -> str:
        """Add the rule to its group."""
        rule = from_template(by_id(aws, properties), self.egress)
        tags = specified("security-group-rule", {mark: place.tags[mark] for mark in MARKS})
        return authorize(aws, group_of(aws, properties), self.egress, [rule.permission], **tags)

    def update(
        self, aws: Clients, physical_id: str, old: dict[str, Any], new: dict[str, Any], place: Place
    ) -> None:
        """Only its description changes in place."""
        live = self.look(aws, physical_id)
        if live is not None and old != new:
            describe_anew(aws, live["GroupId"], physical_id, from_template(by_id(aws, new), self.egress))

    def delete(self, aws: Clients, physical_id: str, properties: dict[str, Any], place: Place) -> None:
        """Take the rule out of its group."""
        live = self.look(aws, physical_id)
        if live is not None:
            revoke(aws, live["GroupId"], self.egress, [physical_id])

    def look(self, aws: Clients, physical_id: str) -> dict[str, Any] | None:
        """The rule."""
        rules = answer(aws("ec2").describe_security_group_rules, SecurityGroupRuleIds=[physical_id])
        return next(iter(rules.get("SecurityGroupRules", ())), None)

    def made_for(self, aws: Clients, properties: dict[str, Any], place: Place) -> frozenset[str]:
        """The rule of that group that bears the marks of this stack and logical id and says the same."""
        wanted = from_template(by_id(aws, properties), self.egress).identity
        marks = [{"Key": mark, "Value": place.tags[mark]} for mark in MARKS]
        return frozenset(
            rule["SecurityGroupRuleId"]
            for rule in live_rules(aws, group_of(aws, properties))
            if all(mark in rule.get("Tags", ()) for mark in marks) and from_live(rule).identity == wanted
        )

    def shape(self, aws: Clients, live: dict[str, Any]) -> dict[str, Any]:
        """The rule with its group."""
        return {"GroupId": live["GroupId"], **from_live(live).template}


COMMON = ("GroupId", "IpProtocol", "FromPort", "ToPort", "CidrIp", "CidrIpv6", "Description")


class SecurityGroupIngress(SecurityGroupRule):
    """AWS::EC2::SecurityGroupIngress."""

    name = "AWS::EC2::SecurityGroupIngress"
    carried_out = frozenset(
        {
            *COMMON,
            "GroupName",
            "SourcePrefixListId",
            "SourceSecurityGroupId",
            "SourceSecurityGroupName",
            "SourceSecurityGroupOwnerId",
        }
    )


class SecurityGroupEgress(SecurityGroupRule):
    """AWS::EC2::SecurityGroupEgress."""

    name = "AWS::EC2::SecurityGroupEgress"
    egress = True
    carried_out = frozenset({*COMMON, "DestinationPrefixListId", "DestinationSecurityGroupId"})
