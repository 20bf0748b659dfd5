"""The network ACL of both subnets: the outer wall, which knows no connections.

So it names the answers, too: those to our hosts come to Linux's own ephemeral ports, those to the world go to
whatever port somebody asked from. Inside the network the security groups alone decide.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from troposphere import Ref, Select, Template, ec2

from ec2.roles import ADMIN, EXITS, ROLES, WORLD, openings
from ec2.settings import Settings
from ec2.template.exits import exits_of_jenkins
from ec2.template.names import logical_id, tags
from ec2.template.network import EVERYWHERE, Network
from ec2.template.parameters import ADMIN_CIDRS

NUMBERS = {"-1": -1, "icmp": 1, "tcp": 6, "udp": 17}
# net.ipv4.ip_local_port_range, 32768 to 60999, rounded up.
OUR_EPHEMERAL = (32768, 65535)
# Whatever a client's system, or the NAT before it, asks from.
THEIR_EPHEMERAL = (1024, 65535)


@dataclass(frozen=True)
class Entry:
    """One line of the list; it allows, as a list without a match refuses."""

    protocol: str
    ports: tuple[int, int] | None
    peer: object


def add_access_list(template: Template, settings: Settings, network: Network) -> None:
    """Add the list, its lines and its subnets."""
    listed = template.add_resource(ec2.NetworkAcl("AccessList", VpcId=Ref(network.vpc), Tags=tags()))
    for egress, entries in ((False, incoming(settings)), (True, outgoing(settings))):
        for number, entry in zip(count(100, 10), entries, strict=False):
            template.add_resource(line(listed, egress, number, entry))
    for zone, subnet in network.subnets.items():
        template.add_resource(
            ec2.SubnetNetworkAclAssociation(
                logical_id("subnet", zone, "AccessList"), SubnetId=Ref(subnet), NetworkAclId=Ref(listed)
            )
        )


def incoming(settings: Settings) -> Iterator[Entry]:
    """What comes in; people who administrate are last, so that one more of them renumbers nobody."""
    yield Entry("-1", None, str(settings.network))
    for port in open_ports(WORLD):
        yield Entry("tcp", (port, port), EVERYWHERE)
    for protocol in ("tcp", "udp"):
        yield Entry(protocol, OUR_EPHEMERAL, EVERYWHERE)
    yield Entry("icmp", None, EVERYWHERE)
    for port in open_ports(ADMIN):
        for index in range(len(settings.admin)):
            yield Entry("tcp", (port, port), Select(index, Ref(ADMIN_CIDRS)))


def outgoing(settings: Settings) -> Iterator[Entry]:
    """What goes out."""
    yield Entry("-1", None, str(settings.network))
    for way_out in EXITS:
        yield Entry(way_out.protocol, (way_out.port, way_out.port), EVERYWHERE)
    yield Entry("tcp", THEIR_EPHEMERAL, EVERYWHERE)
    yield Entry("icmp", None, EVERYWHERE)
    # Last, so that it renumbers nothing.
    for way_out in exits_of_jenkins(settings):
        yield Entry(way_out.protocol, (way_out.port, way_out.port), EVERYWHERE)


def open_ports(to: str) -> list[int]:
    """What any role opens to them."""
    return sorted({opening.port for role in ROLES.values() for opening in openings(role) if opening.to == to})


def line(listed: ec2.NetworkAcl, egress: bool, number: int, entry: Entry) -> ec2.NetworkAclEntry:
    """One line as a resource."""
    more = {"PortRange": ec2.PortRange(From=entry.ports[0], To=entry.ports[1])} if entry.ports else {}
    # "Fragmentation needed", without which a path with a smaller MTU swallows large packets.
    icmp = {"Icmp": ec2.ICMP(Type=3, Code=4)} if entry.protocol == "icmp" else {}
    return ec2.NetworkAclEntry(
        logical_id("access", "Out" if egress else "In", number),
        NetworkAclId=Ref(listed),
        Egress=egress,
        RuleNumber=number,
        Protocol=NUMBERS[entry.protocol],
        RuleAction="allow",
        CidrBlock=entry.peer,
        **more,
        **icmp,
    )
