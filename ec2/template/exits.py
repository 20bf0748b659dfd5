"""Where hosts may connect to in the world: what every host needs, and Jenkins where its repository is."""

from ec2.roles import EXITS, JENKINS, Exit
from ec2.settings import Settings


def exits(role: str, settings: Settings) -> tuple[Exit, ...]:
    """The ways out of the hosts of a role."""
    return (*EXITS, *(exits_of_jenkins(settings) if role == JENKINS.name else ()))


def exits_of_jenkins(settings: Settings) -> tuple[Exit, ...]:
    """To a repository by SSH, unless every host reaches that port."""
    port = settings.pipeline.ssh_port if settings.pipeline else None
    if port is None or any((way_out.protocol, way_out.port) == ("tcp", port) for way_out in EXITS):
        return ()
    return (Exit("tcp", port, "the repository"),)
