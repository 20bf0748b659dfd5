"""Reads from the EC2 API what the model holds: the instances that run, and all that decides about them."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from ec2.rehearsal.network import names
from ec2.rehearsal.network.model import Interface, NatGateway, Network, Route, Subnet, Target, Vpc
from ec2.rehearsal.network.permissions import network_acl, security_group

RUNNING = {"Name": "instance-state-name", "Values": ["pending", "running"]}


def observe(ec2: Any, cloud: str) -> Network:
    """The network of one cloud as its API tells it; `ec2` is a boto3 client.

    VPCs without an instance, and subnets with neither an instance nor a NAT gateway, are left out.
    """
    reservations = pages(ec2, "describe_instances", "Reservations", RUNNING)
    interfaces = [found for r in reservations for i in r["Instances"] for found in interface(i)]
    here = {"Name": "vpc-id", "Values": sorted({found.vpc for found in interfaces})}
    if not interfaces:
        return Network()
    acls = list(pages(ec2, "describe_network_acls", "NetworkAcls", here))
    gateways = [nat_gateway(found) for found in pages(ec2, "describe_nat_gateways", "NatGateways", here)]
    return Network(
        vpcs=in_order(vpc(found, cloud) for found in pages(ec2, "describe_vpcs", "Vpcs", here)),
        subnets=in_order(
            subnet(found, associated_acl(found["SubnetId"], acls), routes)
            for found, routes in routed(ec2, here)
            if found["SubnetId"] in {i.subnet for i in interfaces} | {g.subnet for g in gateways}
        ),
        acls=in_order(network_acl(found) for found in acls),
        groups=in_order(map(security_group, pages(ec2, "describe_security_groups", "SecurityGroups", here))),
        nat_gateways=in_order(gateways),
        interfaces=tuple(sorted(interfaces, key=lambda found: found.private)),
    )


def pages(ec2: Any, call: str, key: str, *filters: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for page in ec2.get_paginator(call).paginate(Filters=list(filters)):
        yield from page[key]


def in_order(found: Any) -> tuple[Any, ...]:
    """By id, so that the same network always compiles to the same text."""
    return tuple(sorted(found, key=lambda one: one.id))


def interface(instance: dict[str, Any]) -> Iterator[Interface]:
    """The first one; further interfaces have no counterpart here."""
    for found in instance.get("NetworkInterfaces", []):
        if found["Attachment"]["DeviceIndex"] == 0:
            public = found.get("Association", {}).get("PublicIp")
            yield Interface(
                instance=instance["InstanceId"],
                name=next((t["Value"] for t in instance.get("Tags", []) if t["Key"] == "Name"), ""),
                vpc=found["VpcId"],
                subnet=found["SubnetId"],
                private=IPv4Address(found["PrivateIpAddress"]),
                mac=found["MacAddress"],
                public=IPv4Address(public) if public else None,
                groups=tuple(sorted(group["GroupId"] for group in found["Groups"])),
            )


def vpc(found: dict[str, Any], cloud: str) -> Vpc:
    return Vpc(found["VpcId"], IPv4Network(found["CidrBlock"]), names.bridge(cloud, found["VpcId"]))


def nat_gateway(found: dict[str, Any]) -> NatGateway:
    """One that is deleted or not yet there has no public address, so it leads nowhere."""
    address = found["NatGatewayAddresses"][0] if found["State"] == "available" else {}
    public = address.get("PublicIp")
    return NatGateway(found["NatGatewayId"], found["SubnetId"], IPv4Address(public) if public else None)


def associated_acl(subnet_id: str, acls: list[dict[str, Any]]) -> str:
    found = (
        acl["NetworkAclId"]
        for acl in acls
        for association in acl["Associations"]
        if association["SubnetId"] == subnet_id
    )
    return next(found, "")


def routed(ec2: Any, here: dict[str, Any]) -> Iterator[tuple[dict[str, Any], tuple[Route, ...]]]:
    """Every subnet with the routes of its own table, or else of its VPC's main one."""
    attached = {
        (attachment["VpcId"], gateway["InternetGatewayId"])
        for gateway in pages(ec2, "describe_internet_gateways", "InternetGateways")
        for attachment in gateway.get("Attachments", [])
    }
    tables: dict[str, dict[str, Any]] = {}
    for table in pages(ec2, "describe_route_tables", "RouteTables", here):
        for association in table["Associations"]:
            tables[table["VpcId"] if association.get("Main") else association.get("SubnetId", "")] = table
    for found in pages(ec2, "describe_subnets", "Subnets", here):
        table = tables.get(found["SubnetId"]) or tables.get(found["VpcId"]) or {"Routes": []}
        of_this_vpc = {gateway for vpc_id, gateway in attached if vpc_id == found["VpcId"]}
        yield found, tuple(r for one in table["Routes"] for r in route(one, of_this_vpc))


def subnet(found: dict[str, Any], acl: str, routes: tuple[Route, ...]) -> Subnet:
    return Subnet(found["SubnetId"], found["VpcId"], IPv4Network(found["CidrBlock"]), acl, routes)


def route(found: dict[str, Any], internet_gateways: set[str]) -> Iterator[Route]:
    """Routes to IPv6 ranges and prefix lists are left out."""
    if "DestinationCidrBlock" in found:
        target, target_id = led_to(found, internet_gateways)
        yield Route(IPv4Network(found["DestinationCidrBlock"]), target, target_id)


def led_to(found: dict[str, Any], internet_gateways: set[str]) -> tuple[Target, str]:
    """The target by its id; an internet gateway that is not attached (any more) is a black hole."""
    gateway = found.get("GatewayId", "")
    if gateway == "local":
        return Target.LOCAL, ""
    if found.get("State") == "blackhole":
        return Target.BLACKHOLE, gateway or found.get("NatGatewayId", "")
    if gateway.startswith("igw-"):
        known = gateway in internet_gateways
        return (Target.INTERNET_GATEWAY if known else Target.BLACKHOLE), gateway
    if "NatGatewayId" in found:
        return Target.NAT_GATEWAY, found["NatGatewayId"]
    ids = [str(value) for key, value in sorted(found.items()) if key.endswith("Id") and value]
    return Target.UNSUPPORTED, " ".join(ids)
