"""Which of AWS's zones a stack's network is in: those that offer its hosts' types, and then always these."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from ec2.errors import NoZone
from ec2.settings import Settings, read_settings
from ec2.zones import zones_of

DEFAULT = read_settings(Path(__file__).parents[3] / "stack.toml")
SMALL, MEDIUM = "t3.small", "t3.medium"


def in_two_zones() -> Settings:
    """The default stack with its Jenkins, of the larger type, in zone 2."""
    app, jenkins, monitoring = DEFAULT.hosts
    return replace(DEFAULT, hosts=(app, replace(jenkins, zone=2), monitoring))


@pytest.fixture
def ec2() -> Iterator[Any]:
    client = boto3.client(
        "ec2", region_name="us-east-1", aws_access_key_id="ada", aws_secret_access_key="ada"
    )
    yield client
    client.close()


def chosen(ec2: Any, settings: Settings, offers: dict[str, list[str]]) -> tuple[str, ...]:
    """The zones of a new stack where AWS's offer these types, and a local zone, which is none, offers one."""
    with Stubber(ec2) as stub:
        stub.add_response(
            "describe_availability_zones",
            {"AvailabilityZones": [{"ZoneName": zone} for zone in reversed(offers)]},
            {
                "Filters": [
                    {"Name": "state", "Values": ["available"]},
                    {"Name": "zone-type", "Values": ["availability-zone"]},
                ]
            },
        )
        told = [
            *((zone, kind) for zone, kinds in offers.items() for kind in kinds),
            ("us-east-1-atl-1a", SMALL),
        ]
        stub.add_response(
            "describe_instance_type_offerings",
            {"InstanceTypeOfferings": [{"InstanceType": kind, "Location": zone} for zone, kind in told]},
            {
                "LocationType": "availability-zone",
                "Filters": [{"Name": "instance-type", "Values": [MEDIUM, SMALL]}],
            },
        )
        return zones_of(ec2, settings, {})


def test_a_new_stack_is_in_the_first_zones_that_offer_all_of_its_types(ec2: Any) -> None:
    offers = {"a": [SMALL], "b": [SMALL, MEDIUM], "c": [SMALL, MEDIUM], "d": [SMALL, MEDIUM]}
    assert chosen(ec2, DEFAULT, offers) == ("b", "c")


def test_a_zone_need_offer_no_more_than_what_its_hosts_are(ec2: Any) -> None:
    assert chosen(ec2, DEFAULT, {"a": [], "b": [SMALL, MEDIUM]}) == ("b", "a")
    assert chosen(ec2, in_two_zones(), {"a": [SMALL], "b": [SMALL, MEDIUM]}) == ("a", "b")


def test_where_no_zone_offers_what_the_hosts_are_it_is_told_what_each_lacks(ec2: Any) -> None:
    with pytest.raises(NoZone) as refused:
        chosen(ec2, DEFAULT, {"a": [SMALL], "b": []})
    assert refused.value.message.splitlines() == [
        "no two zones of us-east-1 offer what the hosts in stack.toml are:",
        "    a: no t3.medium",
        "    b: no t3.medium, t3.small",
    ]
    assert refused.value.hint.startswith("choose another instance_type")


def test_a_stack_that_stands_stays_where_its_outputs_say_and_aws_is_not_asked(ec2: Any) -> None:
    with Stubber(ec2):
        assert zones_of(ec2, DEFAULT, {"Zone1": "c", "Zone2": "a", "AppRoles": "app"}) == ("c", "a")


def test_a_stack_whose_outputs_do_not_say_it_yet_stays_where_its_subnets_are(ec2: Any) -> None:
    subnets = [
        {"AvailabilityZone": zone, "Tags": [{"Key": "Name", "Value": f"microblog-subnet-{number}"}]}
        for number, zone in ((2, "a"), (1, "c"))
    ]
    asked = [
        {"Name": "tag:Stack", "Values": ["microblog"]},
        {"Name": "tag:Name", "Values": ["microblog-subnet-1", "microblog-subnet-2"]},
    ]
    with Stubber(ec2) as stub:
        stub.add_response("describe_subnets", {"Subnets": subnets}, {"Filters": asked})
        assert zones_of(ec2, DEFAULT, {"AppRoles": "app"}) == ("c", "a")
