"""Security groups: what a VPC's default group admits, which rules are the same, what describes them."""

from collections.abc import Mapping
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError, InvalidSecurityGroupRuleIdNotFoundError
from moto.ec2.models.security_groups import SecurityGroupBackend, SecurityGroupRule
from moto.ec2.responses.security_groups import SecurityGroups

from ec2.rehearsal.control.originals import original, replace

WITH_PORTS = ("tcp", "6", "udp", "17")


def mend_security_groups() -> None:
    """Groups first, then their rules one by one."""
    mend_default_group()
    mend_protocols()
    mend_sameness()
    mend_descriptions()


def mend_default_group() -> None:
    """A VPC's default group admits its own members."""
    moto_create = original(SecurityGroupBackend, "create_security_group")

    def create_security_group(self: Any, *arguments: Any, **choices: Any) -> Any:
        group = moto_create(self, *arguments, **choices)
        if group.is_default:
            itself = {"GroupId": group.id, "UserId": self.account_id}
            rule = SecurityGroupRule(self, "-1", group.id, None, None, None, itself, is_egress=False)
            group.ingress_rules.append(rule)
        return group

    replace(SecurityGroupBackend, "create_security_group", create_security_group)


def mend_protocols() -> None:
    """A protocol that has no ports needs none; moto wants a number for each."""
    moto_make = original(SecurityGroupRule, "__init__")

    def make(
        self: Any, backend: Any, protocol: Any, group: str, first: Any, last: Any, *more: Any, **all_: Any
    ) -> None:
        portless = first is None or last is None
        if portless and str(protocol).lower() in WITH_PORTS:
            raise EC2ClientError(
                "InvalidParameterValue",
                "Invalid value for portRange. Must specify both from and to ports with TCP/UDP.",
            )
        moto_make(self, backend, protocol, group, *((-1, -1) if portless else (first, last)), *more, **all_)
        if portless:
            self.from_port = self.to_port = None

    replace(SecurityGroupRule, "__init__", make)


def mend_sameness() -> None:
    """Two rules are the same whatever their descriptions say."""

    def same(self: Any, other: Any) -> bool:
        return identity(self) == identity(other)

    replace(SecurityGroupRule, "__eq__", same)


def identity(rule: Any) -> tuple[Any, ...]:
    """What no two rules of a group in one direction have alike."""
    ports = () if rule.ip_protocol == "-1" else (rule.from_port, rule.to_port)
    ranges = rule.ip_range.get("CidrIp"), rule.ip_range.get("CidrIpv6")
    return rule.ip_protocol, *ports, *ranges, rule.source_group.get("GroupId"), rule.prefix_list_id


def mend_descriptions() -> None:
    """Told and changed of every kind of source, by the rule's id too."""
    moto_modify = original(SecurityGroupBackend, "modify_security_group_rules")

    def description(self: Any) -> str | None:
        return self.ip_range.get("Description") or self.source_group.get("Description") or None

    def modify_security_group_rules(self: Any, group_id: str, rules: Mapping[str, dict[str, Any]]) -> None:
        ported = {rule_id: {"FromPort": -1, "ToPort": -1, **asked} for rule_id, asked in rules.items()}
        moto_modify(self, group_id, ported)
        for rule_id, asked in rules.items():
            settle(rule_of(self, rule_id), asked)

    replace(SecurityGroupRule, "description", property(description))
    replace(SecurityGroupBackend, "modify_security_group_rules", modify_security_group_rules)
    for direction in ("ingress", "egress"):
        mend_update(f"update_security_group_rule_descriptions_{direction}")


def settle(rule: Any, asked: Mapping[str, Any]) -> None:
    """A changed rule as the API tells it: ports only where it has some, the description at its source."""
    if "FromPort" not in asked:
        rule.from_port = rule.to_port = None
    if rule.source_group and "Description" in asked:
        rule.ip_range.pop("Description", None)
        describe(rule, asked["Description"])


def mend_update(name: str) -> None:
    """By the rule's id, too; moto takes the ids and does nothing."""
    moto_update = original(SecurityGroups, name)

    def update(self: Any) -> ActionResult:
        asked = self._get_param("SecurityGroupRuleDescriptions", [])
        for one in asked:
            rule = rule_of(self.ec2_backend, one["SecurityGroupRuleId"])
            describe(rule, one.get("Description", ""))
        return ActionResult({"Return": True}) if asked else moto_update(self)

    replace(SecurityGroups, name, update)


def describe(rule: Any, text: str) -> None:
    """Write the description where the rule's source stands."""
    (rule.source_group or rule.ip_range)["Description"] = text


def rule_of(backend: Any, rule_id: str) -> Any:
    """The rule of this id. Raises EC2's error for none."""
    groups = backend.describe_security_groups()
    found = next((rule for group in groups if (rule := group.get_rule(rule_id))), None)
    if found is None:
        raise InvalidSecurityGroupRuleIdNotFoundError(rule_id)
    return found
