"""A host without a public address: reached through another, and on its way out behind a NAT gateway."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.rehearsal.conftest import Cloud, Host, opens
from tests.e2e.rehearsal.templates import SSH_IN, attribute, group, host, network, ref, resource, template
from tests.waiting import wait_until

# Rules follow the API within a pass of the loop or two.
EFFECTIVE_WITHIN_SECONDS = 10
PROBE = "timeout 2 bash -c 'exec 3<>/dev/tcp/{address}/{port}' 2>/dev/null && echo open || echo closed"


def private_side() -> dict[str, Any]:
    """A subnet whose way out is a NAT gateway in the public one."""
    ec2 = "AWS::EC2::"
    return {
        "Private": resource(
            ec2 + "Subnet", VpcId=ref("Vpc"), CidrBlock="10.214.2.0/24", AvailabilityZone="us-east-1a"
        ),
        "NatAddress": resource(ec2 + "EIP", "Attachment", Domain="vpc"),
        "Nat": resource(
            ec2 + "NatGateway",
            ["Outward", "SubnetRoutes"],
            SubnetId=ref("Subnet"),
            AllocationId=attribute("NatAddress", "AllocationId"),
        ),
        "PrivateRoutes": resource(ec2 + "RouteTable", VpcId=ref("Vpc")),
        "ByNat": resource(
            ec2 + "Route",
            RouteTableId=ref("PrivateRoutes"),
            DestinationCidrBlock="0.0.0.0/0",
            NatGatewayId=ref("Nat"),
        ),
        "PrivateAssociation": resource(
            ec2 + "SubnetRouteTableAssociation", SubnetId=ref("Private"), RouteTableId=ref("PrivateRoutes")
        ),
    }


@pytest.fixture(scope="module")
def outputs(cloud: Cloud) -> Iterator[dict[str, str]]:
    admin = {**SSH_IN, "CidrIp": f"{cloud.rehearsal.gateway}/32"}
    from_front = {**SSH_IN, "SourceSecurityGroupId": attribute("FrontGroup", "GroupId")}
    web = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "CidrIp": "0.0.0.0/0"}
    resources = (
        network(214)
        | private_side()
        | {"FrontGroup": group(admin, web), "BackGroup": group(from_front)}
        | host("Front", [ref("FrontGroup")])
    )
    back = host("Back", [ref("BackGroup")], SubnetId=ref("Private"))["Back"]
    resources["Back"] = {**back, "DependsOn": ["ByNat", "PrivateAssociation"]}
    whole = template(
        resources,
        "Front",
        Back=ref("Back"),
        BackAddress=attribute("Back", "PrivateIp"),
        Nat=ref("Nat"),
        NatAddress=ref("NatAddress"),
        FrontGroup=attribute("FrontGroup", "GroupId"),
        Routes=ref("PrivateRoutes"),
    )
    yield cloud.launch("private", whole, PublicKey=cloud.public_key)
    cloud.delete("private")


@pytest.fixture(scope="module")
def front(cloud: Cloud, outputs: dict[str, str]) -> Host:
    """In the public subnet; it writes down who asks it on port 80."""
    reached = cloud.reach(outputs["Front"], outputs["FrontAddress"])
    reached.run("sudo systemd-run --unit web sh -c 'python3 -u -m http.server 80 2> /tmp/asked'")
    reached.run("until curl -sf http://127.0.0.1/ >/dev/null; do sleep 0.1; done")
    return reached


@pytest.fixture(scope="module")
def back(cloud: Cloud, front: Host, outputs: dict[str, str]) -> Host:
    """In the private subnet, reached through the other."""
    return cloud.reach(outputs["Back"], outputs["BackAddress"], through=front)


def test_a_private_host_is_reached_only_through_the_other(front: Host, back: Host) -> None:
    assert back.run("hostname") == "ip-10-214-2-4"
    assert back.run("cloud-init status --wait") == "status: done"
    assert front.run(PROBE.format(address=back.address, port=22)) == "open"
    assert front.run(PROBE.format(address=back.address, port=80)) == "closed"


def test_its_connections_come_from_the_nat_gateways_address(
    front: Host, back: Host, outputs: dict[str, str]
) -> None:
    assert back.run(f"curl -s -m 5 -o /dev/null -w '%{{http_code}}' http://{front.address}/") == "200"
    assert outputs["NatAddress"] in front.run("cat /tmp/asked")


def test_in_the_vpc_it_is_seen_under_its_own_address(front: Host, back: Host) -> None:
    assert back.run("curl -s -m 5 -o /dev/null -w '%{http_code}' http://10.214.1.4/") == "200"
    assert back.address in front.run("cat /tmp/asked")


def test_it_installs_a_package_through_the_nat_gateway(back: Host) -> None:
    back.run("sudo apt-get update -qq && sudo apt-get install -yqq --no-install-recommends tree")
    assert back.run("tree --version").startswith("tree v")


def test_a_changed_rule_holds_at_once_for_new_connections(
    cloud: Cloud, front: Host, outputs: dict[str, str]
) -> None:
    ec2 = cloud.aws("ec2")
    web = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}

    assert opens(front.address, 80)
    ec2.revoke_security_group_ingress(GroupId=outputs["FrontGroup"], IpPermissions=[web])
    wait_until(lambda: not opens(front.address, 80), EFFECTIVE_WITHIN_SECONDS, "port 80 closed")
    ec2.authorize_security_group_ingress(GroupId=outputs["FrontGroup"], IpPermissions=[web])
    wait_until(lambda: opens(front.address, 80), EFFECTIVE_WITHIN_SECONDS, "port 80 open")


def test_without_a_route_out_nothing_leaves_but_names_and_metadata(
    cloud: Cloud, front: Host, back: Host, outputs: dict[str, str]
) -> None:
    ec2 = cloud.aws("ec2")
    ec2.delete_route(RouteTableId=outputs["Routes"], DestinationCidrBlock="0.0.0.0/0")
    out = PROBE.format(address=front.address, port=80)
    wait_until(lambda: back.run(out) == "closed", EFFECTIVE_WITHIN_SECONDS, "no way out")
    assert back.run(PROBE.format(address="10.214.1.4", port=80)) == "open", "the VPC itself"
    assert back.run(PROBE.format(address="169.254.169.254", port=80)) == "open"
    assert back.run("getent hosts ip-10-214-1-4.ec2.internal").startswith("10.214.1.4")
