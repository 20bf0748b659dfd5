"""What a launch tells CloudFormation beside the template, and what an update must leave as it was.

AWS looks an SSM parameter up anew at every update, and another image or key pair means another instance in
the place of a host, as another zone does. So each host keeps the image that it was launched with and the
network its zones, which outputs say, and the stack the key that it was launched with; who else may log in is
a matter of the hosts' own files.
"""

from collections.abc import Mapping, Sequence

from troposphere import Equals, If, Not, Parameter, Ref, Template

from ec2.settings import HostSettings, Settings
from ec2.template.names import logical_id

DEBIAN = "/aws/service/debian/release/13/latest/amd64"
PUBLIC_KEY, ADMIN_CIDRS, IMAGE = "PublicKey", "AdminCidrs", "Image"
# Of each zone in stack.toml, the parameter and the output with AWS's name of it.
ZONES = {1: "Zone1", 2: "Zone2"}
# In the place of a host's image: the host ends, its volumes and its address stay.
NO_HOST = "none"
# From /8 to /32; AWS holds every entry of the list against it.
CIDR = r"^(\d{1,3}\.){3}\d{1,3}/(3[0-2]|[12]\d|[89])$"


def launch_parameters(
    settings: Settings,
    public_key: str,
    admin_cidrs: Sequence[str],
    zones: Sequence[str],
    outputs: Mapping[str, str],
) -> dict[str, str]:
    """The parameters of a launch; `outputs` are those of the stack as it is, none if there is no stack.

    A parameter of the template that is not among them keeps its previous value.
    """
    images = {image_of(host): outputs.get(image_of(host), "") for host in settings.hosts}
    places = dict(zip(ZONES.values(), zones, strict=True))
    parameters = {ADMIN_CIDRS: ",".join(admin_cidrs), **places, IMAGE: DEBIAN, **images}
    return parameters if outputs else {PUBLIC_KEY: public_key, **parameters}


def add_parameters(template: Template, settings: Settings) -> None:
    """Declare them."""
    template.add_parameter(
        Parameter(
            PUBLIC_KEY,
            Type="String",
            Description="Who may log in first, a line of OpenSSH's",
            AllowedPattern=r"^ssh-(ed25519|rsa) [A-Za-z0-9+/=]+( .*)?$",
            ConstraintDescription="a public key of OpenSSH's, ssh-ed25519 or ssh-rsa",
        )
    )
    template.add_parameter(
        Parameter(
            ADMIN_CIDRS,
            Type="CommaDelimitedList",
            Description=f"From where; {len(settings.admin)} in number",
            AllowedPattern=CIDR,
            ConstraintDescription="ranges such as 203.0.113.7/32, none shorter than /8",
        )
    )
    for number, name in ZONES.items():
        template.add_parameter(
            Parameter(
                name,
                Type="AWS::EC2::AvailabilityZone::Name",
                Description=f"What zone {number} is at AWS; another one in an update is refused",
            )
        )
    template.add_parameter(
        Parameter(
            IMAGE,
            Type="AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>",
            Description="The public parameter that names the image of new hosts",
            Default=DEBIAN,
        )
    )
    for host in settings.hosts:
        add_image_of(template, host)


def add_image_of(template: Template, host: HostSettings) -> None:
    """The image that a host has already, or nothing for a new one."""
    kept = template.add_parameter(
        Parameter(
            image_of(host),
            Type="String",
            Description=f"The image that the host {host.name} has; empty: the newest; {NO_HOST}: no host",
            Default="",
            AllowedPattern=f"^(ami-[a-z0-9]+|{NO_HOST})?$",
        )
    )
    template.add_condition(keeps_image(host), Not(Equals(Ref(kept), "")))
    template.add_condition(exists(host), Not(Equals(Ref(kept), NO_HOST)))


def image_of(host: HostSettings) -> str:
    """The parameter, and the output, with the image of a host."""
    return logical_id(host.name, "Image")


def keeps_image(host: HostSettings) -> str:
    """The condition that a host was launched before."""
    return logical_id(host.name, "KeepsImage")


def exists(host: HostSettings) -> str:
    """The condition that a host is not left out for a while."""
    return logical_id(host.name, "Exists")


def chosen_image(host: HostSettings) -> If:
    """The image of a host."""
    return If(keeps_image(host), Ref(image_of(host)), Ref(IMAGE))
