"""The resource types that the rehearsal carries out, by the names that templates give them."""

from ec2.rehearsal.stacks.resources.access_lists import (
    NetworkAcl,
    NetworkAclEntry,
    SubnetNetworkAclAssociation,
)
from ec2.rehearsal.stacks.resources.addresses import Eip, EipAssociation
from ec2.rehearsal.stacks.resources.contract import ResourceType
from ec2.rehearsal.stacks.resources.instances import Instance
from ec2.rehearsal.stacks.resources.key_pairs import KeyPair
from ec2.rehearsal.stacks.resources.network import InternetGateway, Subnet, Vpc, VpcGatewayAttachment
from ec2.rehearsal.stacks.resources.routing import NatGateway, Route, RouteTable, SubnetRouteTableAssociation
from ec2.rehearsal.stacks.resources.security_groups import (
    SecurityGroup,
    SecurityGroupEgress,
    SecurityGroupIngress,
)

ALL: tuple[ResourceType, ...] = (
    Vpc(),
    Subnet(),
    InternetGateway(),
    VpcGatewayAttachment(),
    RouteTable(),
    Route(),
    SubnetRouteTableAssociation(),
    NatGateway(),
    NetworkAcl(),
    NetworkAclEntry(),
    SubnetNetworkAclAssociation(),
    SecurityGroup(),
    SecurityGroupIngress(),
    SecurityGroupEgress(),
    KeyPair(),
    Instance(),
    Eip(),
    EipAssociation(),
)

RESOURCE_TYPES: dict[str, ResourceType] = {resource_type.name: resource_type for resource_type in ALL}
