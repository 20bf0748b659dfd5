"""Security groups and their rules, inline and as resources."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from ec2.rehearsal.stacks.resources.contract import Clients
from tests.functional.rehearsal.resources.moto_stack import Stack, tags

GROUP, INGRESS = "AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupIngress"
EGRESS = "AWS::EC2::SecurityGroupEgress"
OUT = [{"IpProtocol": "-1", "FromPort": -1, "ToPort": -1, "CidrIp": "0.0.0.0/0"}]


def tcp(port: int, **peer: str) -> dict[str, Any]:
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **peer}


def within(group: str) -> dict[str, str]:
    return {"SourceSecurityGroupId": group, "SourceSecurityGroupOwnerId": "123456789012"}


def live(stack: Stack, group: str) -> dict[str, Any]:
    return stack.read(GROUP, group) or {}


@pytest.fixture
def group(stack: Stack, vpc: str) -> str:
    return stack.create(GROUP, "Web", VpcId=vpc, GroupDescription="web")


def test_a_group_without_rules_lets_everything_out_and_nothing_in(stack: Stack, vpc: str, group: str) -> None:
    found = live(stack, group)
    assert found.pop("GroupName").startswith("demo-Web-")
    assert found == {
        "VpcId": vpc,
        "GroupDescription": "web",
        "SecurityGroupIngress": [],
        "SecurityGroupEgress": OUT,
        "Tags": tags(Owner="team"),
    }
    assert stack.attribute(GROUP, group, "GroupId") == group
    assert stack.attribute(GROUP, group, "VpcId") == vpc


def test_rules_for_the_way_out_take_the_place_of_aws_own(stack: Stack, vpc: str) -> None:
    group = stack.create(
        GROUP, VpcId=vpc, GroupDescription="x", SecurityGroupEgress=[tcp(443, CidrIp="0.0.0.0/0")]
    )
    assert live(stack, group)["SecurityGroupEgress"] == [tcp(443, CidrIp="0.0.0.0/0")]
    stack.update(GROUP, group, SecurityGroupEgress=None)
    assert live(stack, group)["SecurityGroupEgress"] == OUT


def test_an_update_touches_only_the_rules_that_differ(aws: Clients, stack: Stack, vpc: str) -> None:
    ssh, http = tcp(22, CidrIp="10.0.0.0/8", Description="admins"), tcp(80, CidrIp="0.0.0.0/0")
    group = stack.create(GROUP, VpcId=vpc, GroupDescription="x", SecurityGroupIngress=[ssh, http])
    before = rule_ids(aws, group)
    stack.update(GROUP, group, SecurityGroupIngress=[ssh, tcp(443, CidrIpv6="::/0", Description="web")])
    assert live(stack, group)["SecurityGroupIngress"] == [
        ssh,
        tcp(443, CidrIpv6="::/0", Description="web"),
    ]
    assert len(before & rule_ids(aws, group)) == 2, "the rule for ssh and the one for the way out"


def test_a_rule_changes_its_description_and_stays_the_same_rule(aws: Clients, stack: Stack, vpc: str) -> None:
    group = stack.create(
        GROUP, VpcId=vpc, GroupDescription="x", SecurityGroupIngress=[tcp(22, CidrIp="10.0.0.0/8")]
    )
    before = rule_ids(aws, group)
    described = [tcp(22, CidrIp="10.0.0.0/8", Description="admins")]
    stack.update(GROUP, group, SecurityGroupIngress=described)
    assert live(stack, group)["SecurityGroupIngress"] == described
    assert rule_ids(aws, group) == before


def test_a_rule_made_by_hand_is_seen(aws: Clients, stack: Stack, group: str) -> None:
    aws("ec2").authorize_security_group_ingress(
        GroupId=group, IpProtocol="tcp", FromPort=23, ToPort=23, CidrIp="0.0.0.0/0"
    )
    assert live(stack, group)["SecurityGroupIngress"] == [tcp(23, CidrIp="0.0.0.0/0")]


def test_an_update_that_failed_half_way_is_taken_back(stack: Stack, vpc: str) -> None:
    ssh, http = tcp(22, CidrIp="10.0.0.0/8"), tcp(80, CidrIp="0.0.0.0/0")
    group = stack.create(GROUP, VpcId=vpc, GroupDescription="x", SecurityGroupIngress=[ssh, http])
    wrong = [ssh, tcp(443, CidrIp="10.0.0.0/99")]
    with pytest.raises(ClientError, match="CIDR"):
        stack.update(GROUP, group, SecurityGroupIngress=wrong)
    stack.made[GROUP, group]["SecurityGroupIngress"] = wrong
    stack.update(GROUP, group, SecurityGroupIngress=[ssh, http])
    assert live(stack, group)["SecurityGroupIngress"] == [ssh, http]


def test_a_rule_that_is_there_already_becomes_the_templates(aws: Clients, stack: Stack, group: str) -> None:
    aws("ec2").authorize_security_group_ingress(
        GroupId=group, IpProtocol="tcp", FromPort=23, ToPort=23, CidrIp="0.0.0.0/0"
    )
    telnet = [tcp(23, CidrIp="0.0.0.0/0", Description="known")]
    stack.update(GROUP, group, SecurityGroupIngress=telnet)
    assert live(stack, group)["SecurityGroupIngress"] == telnet


def test_an_inline_rule_names_another_group(stack: Stack, vpc: str, group: str) -> None:
    rules = [tcp(3306, **within(group))]
    other = stack.create(GROUP, VpcId=vpc, GroupDescription="db", SecurityGroupIngress=rules)
    assert live(stack, other)["SecurityGroupIngress"] == rules


def test_members_keep_their_group_through_an_update(
    aws: Clients, stack: Stack, group: str, subnet: str, image_id: str
) -> None:
    instance = stack.create("AWS::EC2::Instance", ImageId=image_id, SubnetId=subnet, SecurityGroupIds=[group])
    stack.update(GROUP, group, SecurityGroupIngress=[tcp(22, CidrIp="10.0.0.0/8")])
    found = aws("ec2").describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    assert [entry["GroupId"] for entry in found["SecurityGroups"]] == [group]


def test_rules_that_are_resources_are_not_the_groups_own(stack: Stack, vpc: str, group: str) -> None:
    other = stack.create(GROUP, VpcId=vpc, GroupDescription="app")
    rule = stack.create(INGRESS, GroupId=group, SourceSecurityGroupId=other, **tcp(3306))
    assert stack.read(INGRESS, rule) == {"GroupId": group, **tcp(3306, **within(other))}
    assert stack.attribute(INGRESS, rule, "Id") == rule
    assert live(stack, group)["SecurityGroupIngress"] == []
    stack.update(GROUP, group, SecurityGroupIngress=[tcp(80, CidrIp="0.0.0.0/0")])
    assert stack.read(INGRESS, rule) is not None
    stack.delete(INGRESS, rule)
    assert stack.read(INGRESS, rule) is None


def test_a_rule_that_is_a_resource_changes_its_description(stack: Stack, group: str) -> None:
    rule = stack.create(INGRESS, GroupId=group, **tcp(22, CidrIp="10.0.0.0/8", Description="old"))
    stack.update(INGRESS, rule, Description="new")
    assert (stack.read(INGRESS, rule) or {})["Description"] == "new"


def test_a_rule_for_the_way_out_is_a_resource(stack: Stack, group: str) -> None:
    rule = stack.create(EGRESS, GroupId=group, IpProtocol="icmp", FromPort=-1, ToPort=-1, CidrIpv6="::/0")
    assert stack.read(EGRESS, rule) == {
        "GroupId": group,
        "IpProtocol": "icmp",
        "FromPort": -1,
        "ToPort": -1,
        "CidrIpv6": "::/0",
    }
    stack.delete(EGRESS, rule)
    assert stack.read(EGRESS, rule) is None


def test_a_rule_names_a_prefix_list(aws: Clients, stack: Stack, group: str) -> None:
    entries = [{"Cidr": "10.0.0.0/8"}]
    made = aws("ec2").create_managed_prefix_list(
        PrefixListName="offices", MaxEntries=2, AddressFamily="IPv4", Entries=entries
    )
    prefix_list = made["PrefixList"]["PrefixListId"]
    rule = stack.create(EGRESS, GroupId=group, DestinationPrefixListId=prefix_list, **tcp(443))
    assert (stack.read(EGRESS, rule) or {})["DestinationPrefixListId"] == prefix_list


def test_a_group_of_the_default_vpc_is_named_by_name(stack: Stack) -> None:
    group = stack.create(GROUP, GroupName="by-name", GroupDescription="x")
    rule = stack.create(INGRESS, GroupName="by-name", SourceSecurityGroupName="by-name", **tcp(80))
    assert stack.read(INGRESS, rule) == {"GroupId": group, **tcp(80, **within(group))}


def test_a_deleted_group_is_gone(stack: Stack, group: str) -> None:
    stack.delete(GROUP, group)
    assert stack.read(GROUP, group) is None


def test_a_rule_with_a_group_as_source_tells_its_description(stack: Stack, group: str) -> None:
    described = tcp(80, **within(group), Description="each other")
    rule = stack.create(INGRESS, GroupId=group, **described)
    assert stack.read(INGRESS, rule) == {"GroupId": group, **described}


def rule_ids(aws: Clients, group: str) -> set[str]:
    found = aws("ec2").describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])
    return {rule["SecurityGroupRuleId"] for rule in found["SecurityGroupRules"]}
