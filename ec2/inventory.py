"""The stack's outputs become the hosts that are reached, as frozen values; pure.

The keys of the outputs are those that ec2/template/outputs.py says.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from ec2.errors import StackFailed
from ec2.roles import JENKINS, VOLUMES

# Neither does a host's name hold a capital after its first letter, nor a role's.
ROLES_OF = re.compile(r"([A-Z][a-z0-9]*)Roles")
VOLUME_OF = r"{host}([A-Z][a-z0-9]*)Volume"


@dataclass(frozen=True)
class Volume:
    """A data volume of a host, where its content is found, and how large the stack has it."""

    id: str
    mount_point: str
    # 0 for a stack that was launched before its outputs said it.
    size_gib: int = 0


@dataclass(frozen=True)
class Host:
    """A machine of the stack: its name, what it is for, its addresses and its data volumes."""

    name: str
    roles: tuple[str, ...]
    instance_id: str
    # The Elastic IP: stop and start change nothing.
    address: str
    private_address: str
    volumes: tuple[Volume, ...] = ()

    def __str__(self) -> str:
        return self.name


def hosts(outputs: Mapping[str, str]) -> tuple[Host, ...]:
    """Every host that has an instance, by name; one that is left out for a while has none."""
    named = sorted(match[1] for key in outputs if (match := ROLES_OF.fullmatch(key)))
    return tuple(host(name, outputs) for name in named if f"{name}InstanceId" in outputs)


def from_inside(found: Iterable[Host]) -> tuple[Host, ...]:
    """The hosts as a Jenkins host has them: at their private addresses, and without those of its own role.

    Its own services would end the deployment that replaces them. Raises StackFailed where nothing remains.
    """
    others = tuple(
        replace(each, address=each.private_address) for each in found if JENKINS.name not in each.roles
    )
    if not others:
        raise StackFailed(
            "every host has the role jenkins, and none can be deployed to from inside",
            "give Jenkins a host of its own in stack.toml, or deploy from another machine",
        )
    return others


def host(named: str, outputs: Mapping[str, str]) -> Host:
    """The host whose outputs begin so."""
    return Host(
        name=named.lower(),
        roles=tuple(outputs[f"{named}Roles"].split("+")),
        instance_id=outputs[f"{named}InstanceId"],
        address=outputs[f"{named}PublicAddress"],
        private_address=outputs[f"{named}PrivateAddress"],
        volumes=tuple(volumes(named, outputs)),
    )


def volumes(named: str, outputs: Mapping[str, str]) -> Iterator[Volume]:
    """The data volumes of the host, by role."""
    for key in sorted(outputs):
        if match := re.fullmatch(VOLUME_OF.format(host=named), key):
            size = int(outputs.get(f"{key}Gib", 0))
            yield Volume(outputs[key], VOLUMES[match[1].lower()].mount_point, size)
