"""The two of AWS's zones that a stack's network is in: chosen once, for the types of its hosts, and kept.

Another zone would be another subnet, and other hosts in it. The list that AWS gives, and CloudFormation's
Fn::GetAZs with it, may be another one at every launch.
"""

from collections.abc import Mapping, Sequence, Set
from itertools import permutations
from typing import Any

from ec2.errors import NoZone
from ec2.settings import HostSettings, Settings
from ec2.template.parameters import ZONES

# Neither one that is out of order nor a local zone, which has few types and no Elastic IP of the region's.
USABLE = (
    {"Name": "state", "Values": ["available"]},
    {"Name": "zone-type", "Values": ["availability-zone"]},
)


def zones_of(ec2: Any, settings: Settings, outputs: Mapping[str, str]) -> tuple[str, ...]:
    """What zones 1 and 2 of stack.toml are; `outputs` are those of the stack as it is, none if there is none.

    `ec2` is a boto3 client. Raises NoZone where no two zones of the region offer what the hosts are.
    """
    if not outputs:
        return choose(settings, offers(ec2, {host.instance_type for host in settings.hosts}))
    if all(name in outputs for name in ZONES.values()):
        return tuple(outputs[name] for name in ZONES.values())
    return zones_of_subnets(ec2, settings.name)


def offers(ec2: Any, types: Set[str]) -> dict[str, set[str]]:
    """Which of these types each zone offers."""
    zones = ec2.describe_availability_zones(Filters=[*USABLE])["AvailabilityZones"]
    found: dict[str, set[str]] = {zone["ZoneName"]: set() for zone in zones}
    pages = ec2.get_paginator("describe_instance_type_offerings").paginate(
        LocationType="availability-zone", Filters=[{"Name": "instance-type", "Values": sorted(types)}]
    )
    for page in pages:
        for offer in page["InstanceTypeOfferings"]:
            if offer["Location"] in found:
                found[offer["Location"]].add(offer["InstanceType"])
    return found


def choose(settings: Settings, offered: Mapping[str, Set[str]]) -> tuple[str, ...]:
    """The first zones that offer what their hosts are, rather those that offer all that any host is."""
    everything = {host.instance_type for host in settings.hosts}
    needed = [types_in(settings.hosts, number) for number in ZONES]
    ranked = sorted(offered, key=lambda zone: (not everything <= offered[zone], zone))
    for chosen in permutations(ranked, len(ZONES)):
        if all(types <= offered[zone] for types, zone in zip(needed, chosen, strict=True)):
            return chosen
    lacking = "".join(
        f"\n    {zone}: no {', '.join(sorted(everything - offered[zone]))}"
        for zone in sorted(offered)
        if everything - offered[zone]
    )
    raise NoZone(
        f"no two zones of {settings.region} offer what the hosts in stack.toml are:{lacking}",
        "choose another instance_type for them, or put hosts of one type into one zone",
    )


def types_in(hosts: Sequence[HostSettings], number: int) -> set[str]:
    """What the hosts in zone 1 or 2 are."""
    return {host.instance_type for host in hosts if host.zone == number}


def zones_of_subnets(ec2: Any, stack: str) -> tuple[str, ...]:
    """Where the network is of a stack that was launched before its outputs said it."""
    own = [
        {"Name": "tag:Stack", "Values": [stack]},
        {"Name": "tag:Name", "Values": [f"{stack}-subnet-{number}" for number in ZONES]},
    ]
    subnets = ec2.describe_subnets(Filters=own)["Subnets"]
    return tuple(subnet["AvailabilityZone"] for subnet in sorted(subnets, key=name))


def name(subnet: Mapping[str, Any]) -> str:
    """What a subnet is called."""
    return next(str(tag["Value"]) for tag in subnet["Tags"] if tag["Key"] == "Name")
