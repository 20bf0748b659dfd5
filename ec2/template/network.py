"""The network: a VPC with a public subnet in each of two zones, and one way to the internet."""

from dataclasses import dataclass
from ipaddress import IPv4Network

from troposphere import GetAtt, Output, Ref, Template, ec2

from ec2.settings import Settings
from ec2.template.names import logical_id, tags
from ec2.template.parameters import ZONES

EVERYWHERE = "0.0.0.0/0"


@dataclass(frozen=True)
class Network:
    """What other resources stand in; a host is worth nothing before its subnet has a `way_out`."""

    vpc: ec2.VPC
    subnets: dict[int, ec2.Subnet]
    way_out: ec2.Route
    way_in: ec2.VPCGatewayAttachment


def add_network(template: Template, settings: Settings) -> Network:
    """Add it, in the order of dependency."""
    vpc = template.add_resource(
        ec2.VPC(
            "Network",
            CidrBlock=str(settings.network),
            EnableDnsSupport=True,
            EnableDnsHostnames=True,
            Tags=tags(),
        )
    )
    gateway = template.add_resource(ec2.InternetGateway("InternetGateway", Tags=tags()))
    attachment = template.add_resource(
        ec2.VPCGatewayAttachment("InternetAttachment", VpcId=Ref(vpc), InternetGatewayId=Ref(gateway))
    )
    table = template.add_resource(ec2.RouteTable("RouteTable", VpcId=Ref(vpc), Tags=tags()))
    way_out = template.add_resource(
        ec2.Route(
            "DefaultRoute",
            DependsOn=attachment,
            RouteTableId=Ref(table),
            DestinationCidrBlock=EVERYWHERE,
            GatewayId=Ref(gateway),
        )
    )
    blocks = dict(zip(ZONES, subnet_blocks(settings.network), strict=True))
    subnets = {zone: add_subnet(template, vpc, table, zone, block) for zone, block in blocks.items()}
    return Network(vpc, subnets, way_out, attachment)


def add_subnet(
    template: Template, vpc: ec2.VPC, table: ec2.RouteTable, zone: int, block: IPv4Network
) -> ec2.Subnet:
    """A subnet with its routes; addresses come from Elastic IPs, so it gives none itself.

    Where it is an output says, for the next launch.
    """
    subnet = template.add_resource(
        ec2.Subnet(
            logical_id("subnet", zone),
            VpcId=Ref(vpc),
            CidrBlock=str(block),
            AvailabilityZone=Ref(ZONES[zone]),
            MapPublicIpOnLaunch=False,
            Tags=tags(f"subnet-{zone}"),
        )
    )
    template.add_resource(
        ec2.SubnetRouteTableAssociation(
            logical_id("subnet", zone, "Routes"), SubnetId=Ref(subnet), RouteTableId=Ref(table)
        )
    )
    template.add_output(Output(ZONES[zone], Value=GetAtt(subnet, "AvailabilityZone")))
    return subnet


def subnet_blocks(network: IPv4Network) -> tuple[IPv4Network, IPv4Network]:
    """The first two networks of 256 addresses, or the halves of one of 256."""
    first, second, *_ = network.subnets(new_prefix=max(24, network.prefixlen + 1))
    return first, second
