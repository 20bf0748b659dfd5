"""The hosts: each an instance with its data volumes and an address that stays.

AWS replaces an instance by making the new one first, which cannot have a volume that the old one holds. So
nothing here makes an instance another one by accident: its image and key are kept (parameters.py), its user
data stays as it is, and the stack's policy (stack_policy.py) refuses the rest before anything is touched. On
purpose it takes two launches: one without the host, `NO_HOST`, and one with it; its volumes and its address
wait for the new one.

Volumes are in the instance's own list. As attachments of their own CloudFormation would detach them before it
ends the host, mounted as they are; this way the host has shut down when it lets go of them.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-volumeattachment.html
"""

from troposphere import Base64, GetAtt, Ref, Template, ec2

from ec2.roles import ROLES, VOLUMES
from ec2.settings import DataVolumeSettings, HostSettings
from ec2.template.names import logical_id, of_stack, tags
from ec2.template.network import Network
from ec2.template.parameters import PUBLIC_KEY, chosen_image, exists
from ec2.template.permissions import add_instance_profile
from ec2.template.security_groups import HOSTS, Groups

# Where Debian's image has its root.
ROOT_DEVICE = "/dev/xvda"
# Only what must be so before the first session; another text would stop and start every host.
USER_DATA = """\
#cloud-config
ssh_genkeytypes: [ed25519]
ssh_pwauth: false
disable_root: true
"""


def add_key_pair(template: Template) -> ec2.KeyPair:
    """The deployer's public key, with which hosts are made."""
    return template.add_resource(
        ec2.KeyPair(
            "KeyPair",
            KeyName=of_stack("${AWS::StackName}"),
            PublicKeyMaterial=Ref(PUBLIC_KEY),
            Tags=tags(),
        )
    )


def add_host(
    template: Template, host: HostSettings, network: Network, groups: Groups, key_pair: ec2.KeyPair
) -> ec2.Instance:
    """Add a host with all that is its own."""
    subnet = network.subnets[host.zone]
    profile = add_instance_profile(template, host)
    volumes = {
        volume.role: template.add_resource(data_volume(host, volume, subnet)) for volume in host.data_volumes
    }
    instance = template.add_resource(
        ec2.Instance(
            logical_id(host.name, "Host"),
            Condition=exists(host),
            DependsOn=[network.way_out, logical_id("subnet", host.zone, "Routes")],
            ImageId=chosen_image(host),
            InstanceType=host.instance_type,
            KeyName=Ref(key_pair),
            SubnetId=Ref(subnet),
            SecurityGroupIds=[GetAtt(groups[name], "GroupId") for name in (*host.roles, HOSTS)],
            IamInstanceProfile=Ref(profile),
            MetadataOptions=metadata_options(host),
            BlockDeviceMappings=[root_volume(host)],
            Volumes=[
                ec2.MountPoint(VolumeId=Ref(volume), Device=VOLUMES[role].device)
                for role, volume in volumes.items()
            ],
            PropagateTagsToVolumeOnCreation=True,
            UserData=Base64(USER_DATA),
            Tags=host_tags(host),
        )
    )
    add_address(template, host, instance, network)
    return instance


def host_tags(host: HostSettings) -> object:
    """Prometheus finds hosts and their roles by them; several roles are joined: app+database."""
    return tags(host.name, Host=host.name, Role="+".join(host.roles))


def metadata_options(host: HostSettings) -> ec2.MetadataOptions:
    """Only with a session token, and out of reach of containers unless one needs the host's role."""
    return ec2.MetadataOptions(
        HttpEndpoint="enabled",
        HttpTokens="required",
        HttpPutResponseHopLimit=max(ROLES[role].metadata_hops for role in host.roles),
    )


def root_volume(host: HostSettings) -> ec2.BlockDeviceMapping:
    """System, Docker and images; nothing on it is missed."""
    return ec2.BlockDeviceMapping(
        DeviceName=ROOT_DEVICE,
        Ebs=ec2.EbsBlockDevice(
            VolumeType="gp3", VolumeSize=host.root_volume_gib, Encrypted=True, DeleteOnTermination=True
        ),
    )


def data_volume(host: HostSettings, volume: DataVolumeSettings, subnet: ec2.Subnet) -> ec2.Volume:
    """What must not be lost: of a volume that leaves the stack a snapshot stays."""
    return ec2.Volume(
        volume_of(host, volume.role),
        DeletionPolicy="Snapshot",
        UpdateReplacePolicy="Snapshot",
        AvailabilityZone=GetAtt(subnet, "AvailabilityZone"),
        VolumeType="gp3",
        Size=volume.size_gib,
        Encrypted=True,
        Tags=tags(f"{host.name}-{volume.role}", Host=host.name, Role=volume.role),
    )


def add_address(template: Template, host: HostSettings, instance: ec2.Instance, network: Network) -> None:
    """An address that stop and start do not change."""
    address = template.add_resource(
        ec2.EIP(
            address_of(host),
            DependsOn=network.way_in,
            Domain="vpc",
            Tags=tags(host.name, Host=host.name),
        )
    )
    template.add_resource(
        ec2.EIPAssociation(
            logical_id(host.name, "AddressAssociation"),
            Condition=exists(host),
            AllocationId=GetAtt(address, "AllocationId"),
            InstanceId=Ref(instance),
        )
    )


def address_of(host: HostSettings) -> str:
    """The Elastic IP of a host."""
    return logical_id(host.name, "Address")


def volume_of(host: HostSettings, role: str) -> str:
    """The volume that a host keeps for a role."""
    return logical_id(host.name, role.capitalize(), "Volume")
