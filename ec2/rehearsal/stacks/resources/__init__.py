"""The resource types that the rehearsal carries out, by the names that templates give them."""

from ec2.rehearsal.stacks.resources.access_lists import (
    NetworkAcl,
    NetworkAclEntry,
    SubnetNetworkAclAssociation,
)
from ec2.rehearsal.stacks.resources.addresses import Eip, EipAssociation
from ec2.rehearsal.stacks.resources.alarms import Alarm
from ec2.rehearsal.stacks.resources.buckets import Bucket, BucketPolicy
from ec2.rehearsal.stacks.resources.contract import ResourceType
from ec2.rehearsal.stacks.resources.endpoints import FlowLog, VpcEndpoint
from ec2.rehearsal.stacks.resources.instances import Instance
from ec2.rehearsal.stacks.resources.key_pairs import KeyPair
from ec2.rehearsal.stacks.resources.keys import Alias, Key
from ec2.rehearsal.stacks.resources.launch_templates import LaunchTemplate
from ec2.rehearsal.stacks.resources.lifecycle_policies import LifecyclePolicy
from ec2.rehearsal.stacks.resources.log_groups import LogGroup
from ec2.rehearsal.stacks.resources.network import InternetGateway, Subnet, Vpc, VpcGatewayAttachment
from ec2.rehearsal.stacks.resources.parameters import Parameter
from ec2.rehearsal.stacks.resources.policies import ManagedPolicy, Policy
from ec2.rehearsal.stacks.resources.roles import InstanceProfile, Role
from ec2.rehearsal.stacks.resources.routing import NatGateway, Route, RouteTable, SubnetRouteTableAssociation
from ec2.rehearsal.stacks.resources.security_groups import (
    SecurityGroup,
    SecurityGroupEgress,
    SecurityGroupIngress,
)
from ec2.rehearsal.stacks.resources.topics import Subscription, Topic, TopicPolicy
from ec2.rehearsal.stacks.resources.volumes import Volume, VolumeAttachment

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
    LaunchTemplate(),
    Volume(),
    VolumeAttachment(),
    FlowLog(),
    VpcEndpoint(),
    Role(),
    InstanceProfile(),
    Policy(),
    ManagedPolicy(),
    Bucket(),
    BucketPolicy(),
    Parameter(),
    Key(),
    Alias(),
    Topic(),
    Subscription(),
    TopicPolicy(),
    LogGroup(),
    Alarm(),
    LifecyclePolicy(),
)

RESOURCE_TYPES: dict[str, ResourceType] = {resource_type.name: resource_type for resource_type in ALL}
