"""Network ACLs, their entries and their subnets."""

import pytest

from tests.functional.rehearsal.resources.moto_stack import Stack, tags

ACL, ENTRY = "AWS::EC2::NetworkAcl", "AWS::EC2::NetworkAclEntry"
ASSOCIATION = "AWS::EC2::SubnetNetworkAclAssociation"


@pytest.fixture
def acl(stack: Stack, vpc: str) -> str:
    return stack.create(ACL, VpcId=vpc, Tags=tags(Name="acl"))


def test_an_acl_is_tagged_and_goes(stack: Stack, vpc: str, acl: str) -> None:
    stack.update(ACL, acl, Tags=tags(Name="list"))
    assert stack.read(ACL, acl) == {"VpcId": vpc, "Tags": tags(Name="list", Owner="team")}
    assert stack.attribute(ACL, acl, "Id") == acl
    stack.delete(ACL, acl)
    assert stack.read(ACL, acl) is None


def test_an_entry_is_replaced_in_its_place(stack: Stack, acl: str) -> None:
    ssh = {"CidrBlock": "10.0.0.0/8", "Protocol": 6, "PortRange": {"From": 22, "To": 22}}
    entry = stack.create(ENTRY, NetworkAclId=acl, RuleNumber=100, RuleAction="allow", **ssh)
    stack.update(ENTRY, entry, RuleAction="deny", PortRange={"From": 22, "To": 23})
    assert stack.read(ENTRY, entry) == {
        "NetworkAclId": acl,
        "RuleNumber": 100,
        "RuleAction": "deny",
        "Egress": False,
        "Protocol": "6",
        "CidrBlock": "10.0.0.0/8",
        "PortRange": {"From": 22, "To": 23},
    }
    assert stack.attribute(ENTRY, entry, "Id") == entry


def test_entries_of_both_directions_have_one_number(stack: Stack, acl: str) -> None:
    anything = {"RuleNumber": 100, "RuleAction": "allow", "Protocol": -1, "CidrBlock": "0.0.0.0/0"}
    inward = stack.create(ENTRY, NetworkAclId=acl, Egress=False, **anything)
    outward = stack.create(ENTRY, NetworkAclId=acl, Egress=True, **anything)
    stack.delete(ENTRY, outward)
    assert stack.read(ENTRY, outward) is None
    assert (stack.read(ENTRY, inward) or {})["RuleNumber"] == 100


def test_an_icmp_entry_has_its_type(stack: Stack, acl: str) -> None:
    ping = {"Protocol": 1, "Icmp": {"Type": 8, "Code": -1}, "CidrBlock": "0.0.0.0/0"}
    entry = stack.create(ENTRY, NetworkAclId=acl, RuleNumber=7, RuleAction="allow", **ping)
    assert (stack.read(ENTRY, entry) or {}).get("Icmp") == {"Type": 8, "Code": -1}


def test_a_subnet_swaps_its_acl_and_gets_the_default_one_back(
    stack: Stack, vpc: str, subnet: str, acl: str
) -> None:
    association = stack.create(ASSOCIATION, NetworkAclId=acl, SubnetId=subnet)
    assert stack.read(ASSOCIATION, association) == {"NetworkAclId": acl, "SubnetId": subnet}
    assert stack.attribute(ASSOCIATION, association, "AssociationId") == association
    stack.delete(ASSOCIATION, association)
    assert stack.read(ASSOCIATION, association) is None
    stack.delete(ACL, acl)
    assert stack.attribute("AWS::EC2::Subnet", subnet, "NetworkAclAssociationId").startswith("aclassoc-")
