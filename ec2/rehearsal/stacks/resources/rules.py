"""One rule of a security group, as the template, the API's requests and its answers write it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

PROTOCOLS = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", "all": "-1"}
ALL_PROTOCOLS = "-1"

# What names the other side: in a template, per direction.
PEERS = {
    False: {
        "CidrIp": "cidr",
        "CidrIpv6": "cidr6",
        "SourceSecurityGroupId": "group",
        "SourcePrefixListId": "list",
    },
    True: {
        "CidrIp": "cidr",
        "CidrIpv6": "cidr6",
        "DestinationSecurityGroupId": "group",
        "DestinationPrefixListId": "list",
    },
}
# In IpPermissions: the list it stands in, and its name there.
PERMISSIONS = {
    "cidr": ("IpRanges", "CidrIp"),
    "cidr6": ("Ipv6Ranges", "CidrIpv6"),
    "group": ("UserIdGroupPairs", "GroupId"),
    "list": ("PrefixListIds", "PrefixListId"),
}
# In ModifySecurityGroupRules.
REQUESTS = {"cidr": "CidrIpv4", "cidr6": "CidrIpv6", "group": "ReferencedGroupId", "list": "PrefixListId"}


@dataclass(frozen=True)
class Rule:
    """What is let through: `peer` is a kind of PERMISSIONS, `value` its CIDR block or id."""

    egress: bool
    protocol: str
    ports: tuple[int, int] | None
    peer: str
    value: str
    owner: str = ""
    description: str = ""

    @property
    def identity(self) -> "Rule":
        """The rule without what may change while it stays the same rule."""
        return replace(self, owner="", description="")

    @property
    def permission(self) -> dict[str, Any]:
        """As an entry of IpPermissions."""
        place, name = PERMISSIONS[self.peer]
        entry = {name: self.value}
        if self.owner:
            entry["UserId"] = self.owner
        if self.description:
            entry["Description"] = self.description
        return {"IpProtocol": self.protocol, **self.port_range, place: [entry]}

    @property
    def request(self) -> dict[str, Any]:
        """As ModifySecurityGroupRules wants it."""
        peer = {REQUESTS[self.peer]: self.value}
        return {"IpProtocol": self.protocol, **self.port_range, **peer, "Description": self.description}

    @property
    def template(self) -> dict[str, Any]:
        """As a template writes it, with all that one may say of it."""
        peer = {name: self.value for name, kind in PEERS[self.egress].items() if kind == self.peer}
        owner = {"SourceSecurityGroupOwnerId": self.owner} if self.owner and not self.egress else {}
        described = {"Description": self.description} if self.description else {}
        ports = self.port_range or {"FromPort": -1, "ToPort": -1}
        return {"IpProtocol": self.protocol, **ports, **peer, **owner, **described}

    @property
    def port_range(self) -> dict[str, int]:
        """Its ports, or ICMP's type and code, if the protocol has any."""
        return {} if self.ports is None else {"FromPort": self.ports[0], "ToPort": self.ports[1]}


# What AWS puts into every new group.
EVERYTHING_OUT = Rule(True, ALL_PROTOCOLS, None, "cidr", "0.0.0.0/0")


def from_template(given: Mapping[str, Any], egress: bool) -> Rule:
    """A rule of a template; groups that it names by name are ids by now."""
    peer, value = next((kind, given[name]) for name, kind in PEERS[egress].items() if name in given)
    owner = given.get("SourceSecurityGroupOwnerId", "")
    protocol = canonical_protocol(given["IpProtocol"])
    return Rule(egress, protocol, ports(protocol, given), peer, value, owner, given.get("Description", ""))


def from_live(live: Mapping[str, Any]) -> Rule:
    """A rule as DescribeSecurityGroupRules tells it."""
    referenced = live.get("ReferencedGroupInfo")
    said = {**live, "ReferencedGroupId": referenced["GroupId"]} if referenced else live
    peer, value = next((kind, said[name]) for kind, name in REQUESTS.items() if name in said)
    owner, description = (referenced or {}).get("UserId", ""), live.get("Description", "")
    protocol = canonical_protocol(live["IpProtocol"])
    return Rule(live["IsEgress"], protocol, ports(protocol, live), peer, value, owner, description)


def canonical_protocol(given: Any) -> str:
    """A protocol by its name, as AWS answers, whether the template has its name or its number."""
    protocol = str(given).lower()
    return PROTOCOLS.get(protocol, protocol)


def ports(protocol: str, said: Mapping[str, Any]) -> tuple[int, int] | None:
    """The ports, which AWS ignores where all protocols are meant."""
    if protocol == ALL_PROTOCOLS or "FromPort" not in said:
        return None
    return int(said["FromPort"]), int(said.get("ToPort", said["FromPort"]))
