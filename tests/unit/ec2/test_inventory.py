"""Outputs of a stack become hosts."""

import pytest

from ec2.errors import StackFailed
from ec2.inventory import Host, Volume, from_inside, hosts

OUTPUTS = {
    "MonitoringInstanceId": "i-2",
    "MonitoringPublicAddress": "198.18.0.8",
    "MonitoringPrivateAddress": "10.20.1.6",
    "MonitoringImage": "ami-1",
    "MonitoringRoles": "monitoring",
    "MonitoringMonitoringVolume": "vol-0c",
    "AppInstanceId": "i-1",
    "AppPublicAddress": "198.18.0.7",
    "AppPrivateAddress": "10.20.1.5",
    "AppImage": "ami-1",
    "AppRoles": "app+database",
    "AppDatabaseVolume": "vol-0a",
    "AppDatabaseVolumeGib": "20",
    "App2PublicAddress": "198.18.0.9",
    "App2Roles": "app",
}


def test_hosts_come_by_name_with_their_roles_addresses_and_volumes() -> None:
    assert hosts(OUTPUTS) == (
        Host(
            name="app",
            roles=("app", "database"),
            instance_id="i-1",
            address="198.18.0.7",
            private_address="10.20.1.5",
            volumes=(Volume("vol-0a", "/srv/database", 20),),
        ),
        Host(
            name="monitoring",
            roles=("monitoring",),
            instance_id="i-2",
            address="198.18.0.8",
            private_address="10.20.1.6",
            # A stack that was launched before its outputs said how large.
            volumes=(Volume("vol-0c", "/srv/monitoring"),),
        ),
    )


def test_a_stack_without_outputs_has_no_hosts() -> None:
    assert hosts({}) == ()


def test_from_inside_the_others_are_at_their_private_addresses() -> None:
    app = Host("app", ("app", "database"), "i-1", "198.18.0.10", "10.20.1.4")
    jenkins = Host("jenkins", ("jenkins",), "i-2", "198.18.0.11", "10.20.1.5")
    [seen] = from_inside((app, jenkins))
    assert (seen.name, seen.address) == ("app", "10.20.1.4")
    with pytest.raises(StackFailed, match="every host has the role jenkins"):
        from_inside((jenkins,))
