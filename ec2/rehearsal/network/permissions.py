"""How the API writes the lines of security groups and network ACLs, and what they mean."""

from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Any

from ec2.rehearsal.network.model import (
    ICMP,
    TCP,
    UDP,
    AclEntry,
    NetworkAcl,
    Permission,
    SecurityGroup,
    Traffic,
)

NUMBERS = {"-1": None, "icmp": ICMP, "tcp": TCP, "udp": UDP, "icmpv6": 58}
ICMP_SIX = 58
# AWS shows the closing "*" line of every ACL as an entry with this number.
LAST_ACL_NUMBER = 32767


def security_group(found: dict[str, Any]) -> SecurityGroup:
    """From one of DescribeSecurityGroups."""
    return SecurityGroup(
        id=found["GroupId"],
        name=found["GroupName"],
        ingress=tuple(line for one in found["IpPermissions"] for line in permissions(one)),
        egress=tuple(line for one in found["IpPermissionsEgress"] for line in permissions(one)),
    )


def permissions(found: dict[str, Any]) -> Iterator[Permission]:
    """One per range and per group; IPv6 ranges and prefix lists are left out, so they permit nothing."""
    traffic = traffic_of(found["IpProtocol"], found.get("FromPort"), found.get("ToPort"))
    if traffic.protocol == ICMP_SIX:
        return
    for one in found.get("IpRanges", []):
        yield Permission(traffic, IPv4Network(one["CidrIp"], strict=False), one.get("Description", ""))
    for one in found.get("UserIdGroupPairs", []):
        yield Permission(traffic, one["GroupId"], one.get("Description", ""))


def network_acl(found: dict[str, Any]) -> NetworkAcl:
    """From one of DescribeNetworkAcls."""
    entries = [(one["Egress"], entry) for one in found["Entries"] for entry in acl_entry(one)]
    return NetworkAcl(
        id=found["NetworkAclId"],
        ingress=tuple(entry for egress, entry in entries if not egress),
        egress=tuple(entry for egress, entry in entries if egress),
    )


def acl_entry(found: dict[str, Any]) -> Iterator[AclEntry]:
    """Entries for IPv6 are left out."""
    if "CidrBlock" not in found or found["RuleNumber"] == LAST_ACL_NUMBER:
        return
    kind = found.get("IcmpTypeCode", {})
    ports = found.get("PortRange", {"From": kind.get("Type"), "To": kind.get("Code")})
    yield AclEntry(
        number=found["RuleNumber"],
        allow=found["RuleAction"] == "allow",
        traffic=traffic_of(found["Protocol"], ports.get("From"), ports.get("To")),
        peer=IPv4Network(found["CidrBlock"], strict=False),
    )


def traffic_of(protocol: str, first: int | None, last: int | None) -> Traffic:
    """-1 is all traffic, whatever ports stand beside it; no port is every port."""
    number = NUMBERS[protocol] if protocol in NUMBERS else int(protocol)
    if number is None:
        return Traffic()
    return Traffic(number, -1 if first is None else first, -1 if last is None else last)
