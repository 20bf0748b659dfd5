"""Security groups and network ACLs as AWS has them, where moto's own would not be so."""

from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from tests.functional.rehearsal.control.conftest import Cloud


@pytest.fixture(scope="module")
def vpc(cloud: Cloud) -> str:
    return str(cloud.aws("ec2").create_vpc(CidrBlock="10.79.0.0/24")["Vpc"]["VpcId"])


@pytest.fixture
def group(ec2: Any, vpc: str) -> str:
    return make_group(ec2, vpc)


@pytest.fixture
def acl(ec2: Any, vpc: str) -> str:
    return str(ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"])


def make_group(ec2: Any, vpc: str) -> str:
    name = f"group-{uuid4().hex[:8]}"
    return str(ec2.create_security_group(GroupName=name, Description="a group", VpcId=vpc)["GroupId"])


def ingress(ec2: Any, group: str) -> list[dict[str, Any]]:
    (row,) = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    return list(row["IpPermissions"])


def entries(ec2: Any, acl: str) -> dict[tuple[int, bool], dict[str, Any]]:
    (row,) = ec2.describe_network_acls(NetworkAclIds=[acl])["NetworkAcls"]
    return {(entry["RuleNumber"], entry["Egress"]): entry for entry in row["Entries"]}


def from_group(group: str, **more: str) -> dict[str, Any]:
    pair = {"GroupId": group, **more}
    return {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "UserIdGroupPairs": [pair]}


def test_a_default_group_admits_its_own_members(ec2: Any, vpc: str) -> None:
    here = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}]
    (default,) = ec2.describe_security_groups(Filters=here)["SecurityGroups"]
    (permission,) = default["IpPermissions"]
    assert permission["IpProtocol"] == "-1"
    assert permission["IpRanges"] == []
    assert [pair["GroupId"] for pair in permission["UserIdGroupPairs"]] == [default["GroupId"]]


def test_a_protocol_without_ports_needs_none(ec2: Any, group: str) -> None:
    encrypted = {"IpProtocol": "50", "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[encrypted])
    (permission,) = ingress(ec2, group)
    assert permission["IpProtocol"] == "50"
    assert "FromPort" not in permission
    with pytest.raises(ClientError, match="InvalidParameterValue"):
        ec2.authorize_security_group_ingress(
            GroupId=group, IpPermissions=[{**encrypted, "IpProtocol": "tcp"}]
        )


def test_a_rule_is_the_same_whatever_describes_it(ec2: Any, vpc: str, group: str) -> None:
    source = make_group(ec2, vpc)
    ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[from_group(source, Description="balancer")]
    )
    with pytest.raises(ClientError, match=r"InvalidPermission\.Duplicate"):
        ec2.authorize_security_group_ingress(
            GroupId=group, IpPermissions=[from_group(source, Description="another")]
        )
    ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[from_group(source)])
    assert ingress(ec2, group) == []


def test_the_description_of_a_rule_whose_source_is_a_group_is_told_and_changed(
    ec2: Any, vpc: str, group: str
) -> None:
    asked = from_group(make_group(ec2, vpc), Description="balancer")
    made = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[asked])
    rule = made["SecurityGroupRules"][0]["SecurityGroupRuleId"]

    def told() -> tuple[str, str]:
        (row,) = ec2.describe_security_group_rules(SecurityGroupRuleIds=[rule])["SecurityGroupRules"]
        return row["Description"], ingress(ec2, group)[0]["UserIdGroupPairs"][0]["Description"]

    assert told() == ("balancer", "balancer")
    change = {"SecurityGroupRuleId": rule, "Description": "proxy"}
    ec2.update_security_group_rule_descriptions_ingress(GroupId=group, SecurityGroupRuleDescriptions=[change])
    assert told() == ("proxy", "proxy")
    (row,) = ec2.describe_security_group_rules(SecurityGroupRuleIds=[rule])["SecurityGroupRules"]
    request = {
        "IpProtocol": "tcp",
        "FromPort": 80,
        "ToPort": 80,
        "ReferencedGroupId": row["ReferencedGroupInfo"]["GroupId"],
        "Description": "web",
    }
    changed = {"SecurityGroupRuleId": rule, "SecurityGroupRule": request}
    ec2.modify_security_group_rules(GroupId=group, SecurityGroupRules=[changed])
    assert told() == ("web", "web")


def test_a_rule_for_everything_changes_its_description_without_ports(ec2: Any, group: str) -> None:
    here = [{"Name": "group-id", "Values": [group]}]
    (row,) = ec2.describe_security_group_rules(Filters=here)["SecurityGroupRules"]
    request = {"IpProtocol": "-1", "CidrIpv4": "0.0.0.0/0", "Description": "out"}
    changed = {"SecurityGroupRuleId": row["SecurityGroupRuleId"], "SecurityGroupRule": request}
    ec2.modify_security_group_rules(GroupId=group, SecurityGroupRules=[changed])
    (described,) = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    (permission,) = described["IpPermissionsEgress"]
    assert permission["IpRanges"] == [{"CidrIp": "0.0.0.0/0", "Description": "out"}]
    assert "FromPort" not in permission


def test_a_rule_that_is_not_there_is_not_described(ec2: Any, group: str) -> None:
    change = {"SecurityGroupRuleId": "sgr-00000000000000000", "Description": "x"}
    with pytest.raises(ClientError, match=r"InvalidSecurityGroupRuleId\.NotFound"):
        ec2.update_security_group_rule_descriptions_egress(
            GroupId=group, SecurityGroupRuleDescriptions=[change]
        )


def test_an_icmp_entry_keeps_its_type_and_code(ec2: Any, acl: str) -> None:
    ping = {"NetworkAclId": acl, "RuleNumber": 7, "Protocol": "1", "RuleAction": "allow", "Egress": False}
    ec2.create_network_acl_entry(**ping, CidrBlock="0.0.0.0/0", IcmpTypeCode={"Type": 8, "Code": -1})
    assert entries(ec2, acl)[7, False]["IcmpTypeCode"] == {"Type": 8, "Code": -1}
    ec2.replace_network_acl_entry(**ping, CidrBlock="0.0.0.0/0", IcmpTypeCode={"Type": 0, "Code": 0})
    assert entries(ec2, acl)[7, False]["IcmpTypeCode"] == {"Type": 0, "Code": 0}


def test_every_acl_ends_with_the_entry_that_denies_the_rest(ec2: Any, acl: str) -> None:
    found = entries(ec2, acl)
    assert {key: entry["RuleAction"] for key, entry in found.items()} == {
        (32767, False): "deny",
        (32767, True): "deny",
    }


def test_an_entry_that_is_not_there_is_a_refusal(ec2: Any, acl: str) -> None:
    with pytest.raises(ClientError, match=r"InvalidNetworkAclEntry\.NotFound"):
        ec2.delete_network_acl_entry(NetworkAclId=acl, RuleNumber=7, Egress=False)
