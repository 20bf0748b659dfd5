"""What a stack says of its hosts: the contract with the inventory, which reads these keys and nothing else.

Of the host app: AppInstanceId, AppPublicAddress, AppPrivateAddress, AppImage, AppRoles ("app+database"), and
for each role that keeps data AppDatabaseVolume and AppDatabaseVolumeGib, its size. What stands before the
second capital is the host's name. A host that is left out for a while (parameters.NO_HOST) has neither
instance, private address nor image.
"""

from troposphere import GetAtt, Output, Ref, Template

from ec2.settings import HostSettings
from ec2.template.hosts import address_of, volume_of
from ec2.template.names import logical_id
from ec2.template.parameters import chosen_image, exists, image_of


def add_outputs(template: Template, host: HostSettings) -> None:
    """Say where a host is and what it has."""
    instance = logical_id(host.name, "Host")
    volumes = {volume_of(host, volume.role): volume.size_gib for volume in host.data_volumes}
    of_host = {
        logical_id(host.name, "InstanceId"): Ref(instance),
        logical_id(host.name, "PrivateAddress"): GetAtt(instance, "PrivateIp"),
        image_of(host): chosen_image(host),
    }
    lasting = {
        logical_id(host.name, "PublicAddress"): Ref(address_of(host)),
        logical_id(host.name, "Roles"): "+".join(host.roles),
        **{volume: Ref(volume) for volume in volumes},
        **{f"{volume}Gib": str(size) for volume, size in volumes.items()},
    }
    for key, value in of_host.items():
        template.add_output(Output(key, Condition=exists(host), Value=value))
    for key, value in lasting.items():
        template.add_output(Output(key, Value=value))
