"""What a VPC holds together as in AWS, where moto's own would not be so."""

from typing import Any

import pytest

from ec2.rehearsal.control import states
from tests.functional.rehearsal.control.sites import HELD, Site, closed_site, open_up, refused


@pytest.fixture
def closed(ec2: Any) -> Site:
    return closed_site(ec2)


@pytest.fixture
def site(closed: Site) -> Site:
    return open_up(closed)


def test_a_group_with_members_or_named_by_another_group_is_not_deleted(ec2: Any, site: Site) -> None:
    used, named, naming = (
        ec2.create_security_group(GroupName=name, Description=name, VpcId=site.vpc)["GroupId"]
        for name in ("used", "named", "naming")
    )
    interface = site.interface(Groups=[used])
    pairs = [{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": named}]}]
    ec2.authorize_security_group_ingress(GroupId=naming, IpPermissions=pairs)
    for group in (used, named):
        with refused(HELD):
            ec2.delete_security_group(GroupId=group)
    ec2.delete_network_interface(NetworkInterfaceId=interface)
    for group in (used, naming, named):
        ec2.delete_security_group(GroupId=group)


def test_a_default_group_is_not_deleted(ec2: Any, site: Site) -> None:
    here = [{"Name": "vpc-id", "Values": [site.vpc]}]
    (default,) = ec2.describe_security_groups(Filters=here)["SecurityGroups"]
    with refused("CannotDelete"):
        ec2.delete_security_group(GroupId=default["GroupId"])


def test_a_subnet_is_deleted_once_its_last_host_is_down(ec2: Any, site: Site) -> None:
    one = site.instance()
    ec2.terminate_instances(InstanceIds=[one])
    with refused(HELD):
        ec2.delete_subnet(SubnetId=site.subnet)
    states.arrived(one, "terminated")
    ec2.delete_subnet(SubnetId=site.subnet)


def test_a_deleted_subnet_leaves_its_table_and_its_acl(ec2: Any, site: Site) -> None:
    table = site.table()
    ec2.associate_route_table(RouteTableId=table, SubnetId=site.subnet)
    ec2.delete_subnet(SubnetId=site.subnet)
    ec2.delete_route_table(RouteTableId=table)
    here = [{"Name": "vpc-id", "Values": [site.vpc]}]
    (acl,) = ec2.describe_network_acls(Filters=here)["NetworkAcls"]
    assert acl["Associations"] == []


def test_a_vpc_is_deleted_when_nothing_is_in_it_and_takes_along_what_aws_made(ec2: Any, site: Site) -> None:
    group = ec2.create_security_group(GroupName="g", Description="g", VpcId=site.vpc)["GroupId"]
    acl = ec2.create_network_acl(VpcId=site.vpc)["NetworkAcl"]["NetworkAclId"]
    for let_go in (
        lambda: ec2.delete_subnet(SubnetId=site.subnet),
        lambda: ec2.delete_security_group(GroupId=group),
        lambda: ec2.delete_network_acl(NetworkAclId=acl),
        lambda: ec2.detach_internet_gateway(InternetGatewayId=site.gateway, VpcId=site.vpc),
    ):
        with refused(HELD):
            ec2.delete_vpc(VpcId=site.vpc)
        let_go()
    ec2.delete_vpc(VpcId=site.vpc)
    here = [{"Name": "vpc-id", "Values": [site.vpc]}]
    assert ec2.describe_network_acls(Filters=here)["NetworkAcls"] == []
    assert ec2.describe_security_groups(Filters=here)["SecurityGroups"] == []


def test_a_vpc_has_one_gateway_and_keeps_it_while_somebody_has_a_public_address(ec2: Any, site: Site) -> None:
    second = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    with refused("InvalidParameterValue"):
        ec2.attach_internet_gateway(InternetGatewayId=second, VpcId=site.vpc)
    address, interface = site.address(), site.interface()
    ec2.associate_address(AllocationId=address["AllocationId"], NetworkInterfaceId=interface)
    with refused(HELD):
        ec2.detach_internet_gateway(InternetGatewayId=site.gateway, VpcId=site.vpc)
    ec2.disassociate_address(PublicIp=address["PublicIp"])
    ec2.detach_internet_gateway(InternetGatewayId=site.gateway, VpcId=site.vpc)
    ec2.release_address(AllocationId=address["AllocationId"])


def test_an_address_is_not_associated_where_there_is_no_way_out(ec2: Any, closed: Site) -> None:
    address = closed.address()
    with refused(r"Gateway\.NotAttached"):
        ec2.associate_address(AllocationId=address["AllocationId"], InstanceId=closed.instance())
    ec2.release_address(AllocationId=address["AllocationId"])


def test_a_taken_address_is_not_released_and_moves_unless_that_is_forbidden(ec2: Any, site: Site) -> None:
    address, first, second = site.address(), site.instance(), site.instance()
    allocation = address["AllocationId"]
    ec2.associate_address(AllocationId=allocation, InstanceId=first)
    with refused(r"InvalidIPAddress\.InUse"):
        ec2.release_address(AllocationId=allocation)
    with refused(r"Resource\.AlreadyAssociated"):
        ec2.associate_address(AllocationId=allocation, InstanceId=second, AllowReassociation=False)
    ec2.associate_address(AllocationId=allocation, InstanceId=second)
    assert (site.public(first), site.public(second)) == (None, address["PublicIp"])
    ec2.terminate_instances(InstanceIds=[second])
    ec2.release_address(AllocationId=allocation)


def test_a_second_address_sets_the_first_one_free(ec2: Any, site: Site) -> None:
    one, addresses = site.instance(), [site.address(), site.address()]
    for address in addresses:
        ec2.associate_address(AllocationId=address["AllocationId"], InstanceId=one)
    assert site.public(one) == addresses[1]["PublicIp"]
    (free,) = ec2.describe_addresses(AllocationIds=[addresses[0]["AllocationId"]])["Addresses"]
    assert not free.get("AssociationId")
    ec2.release_address(AllocationId=addresses[0]["AllocationId"])
    ec2.disassociate_address(PublicIp=addresses[1]["PublicIp"])
    ec2.release_address(AllocationId=addresses[1]["AllocationId"])


def test_an_elastic_address_stays_through_stop_and_start(ec2: Any, site: Site) -> None:
    ec2.modify_subnet_attribute(SubnetId=site.subnet, MapPublicIpOnLaunch={"Value": True})
    address, one = site.address(), site.instance()
    ec2.associate_address(AllocationId=address["AllocationId"], InstanceId=one)
    states.arrived(one, "running")
    ec2.stop_instances(InstanceIds=[one])
    states.arrived(one, "stopped")
    assert site.public(one) == address["PublicIp"]
    ec2.start_instances(InstanceIds=[one])
    assert site.public(one) == address["PublicIp"]
    ec2.disassociate_address(PublicIp=address["PublicIp"])
    ec2.release_address(AllocationId=address["AllocationId"])


def test_a_route_leads_to_a_gateway_of_its_own_vpc(ec2: Any, closed: Site) -> None:
    table, gateway = closed.table(), ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    route = {"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": gateway}
    with refused("InvalidParameterValue"):
        ec2.create_route(**route)
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=closed.vpc)
    ec2.create_route(**route)


def test_a_subnet_with_a_table_is_not_given_another_without_saying_so(ec2: Any, closed: Site) -> None:
    first, second = closed.table(), closed.table()
    held = ec2.associate_route_table(RouteTableId=first, SubnetId=closed.subnet)["AssociationId"]
    with refused(r"Resource\.AlreadyAssociated"):
        ec2.associate_route_table(RouteTableId=second, SubnetId=closed.subnet)
    ec2.replace_route_table_association(AssociationId=held, RouteTableId=second)


def test_an_endpoint_comes_to_a_table_and_leaves_it(ec2: Any, closed: Site) -> None:
    first, second = closed.table(), closed.table()
    service = {"ServiceName": "com.amazonaws.us-east-1.s3", "VpcEndpointType": "Gateway"}
    made = ec2.create_vpc_endpoint(VpcId=closed.vpc, RouteTableIds=[first], **service)
    endpoint = made["VpcEndpoint"]["VpcEndpointId"]
    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, AddRouteTableIds=[second], RemoveRouteTableIds=[first])
    tables = ec2.describe_route_tables(RouteTableIds=[first, second])["RouteTables"]
    through = {
        table["RouteTableId"]: [route.get("GatewayId") for route in table["Routes"]] for table in tables
    }
    assert through == {first: ["local"], second: ["local", endpoint]}
    ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
