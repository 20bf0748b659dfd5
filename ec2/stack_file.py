"""The door: what `stack.toml` may say, and each way in which it does not, in words."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic_core import ErrorDetails

from ec2 import aws_names
from ec2.roles import ROLES, VOLUMES
from ec2.service_tables import (
    MAIL_SERVER_WORDS,
    AlertsTable,
    MicroblogTable,
    Table,
    lonely_mistakes,
    mail_server,
    refused,
    user,
)

# What `admin` may say instead of a range.
MY_ADDRESS = "my address"
# CloudFormation shortens a longer name inside the names that it makes.
NAME = r"^[a-z]([a-z0-9-]{0,22}[a-z0-9])?$"
# https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html
RESERVED = ("aws", "ssm")
# Logical ids hold letters and digits only.
HOST_NAME = r"^[a-z][a-z0-9]{0,19}$"
PRIVATE = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
SHORTEST_ADMIN_PREFIX = 8
MOST_ADMIN_RANGES = 10
# A gp3 volume, in GiB; the image of Debian needs 8, Docker and five releases need room.
SMALLEST_ROOT, LARGEST_VOLUME = 12, 16384


def one_of(known: frozenset[str] | tuple[str, ...]) -> Any:
    """A validator that takes the known words only."""

    def taken(value: str) -> str:
        return value if value in known else refused()

    return AfterValidator(taken)


def free_name(value: str) -> str:
    """A name below which the Parameter Store lets anybody keep something."""
    return refused() if value.startswith(RESERVED) else value


def known_type(value: str) -> str:
    """A type that AWS has, the image runs on and the launcher knows its way about."""
    return value if value in aws_names.instance_types() else refused()


def known_region(value: str) -> str:
    """A region that AWS has."""
    return value if value in aws_names.regions() else refused()


def admin_range(value: str) -> str:
    """A range of addresses in its one spelling, or the words for this machine's own."""
    if value == MY_ADDRESS:
        return value
    network = IPv4Network(value)
    return str(network) if network.prefixlen >= SHORTEST_ADMIN_PREFIX else refused()


def network_range(value: Any) -> IPv4Network:
    """A private range that holds two subnets."""
    network = IPv4Network(value) if isinstance(value, str) else refused()
    private = any(network.subnet_of(block) for block in PRIVATE)
    return network if private and 16 <= network.prefixlen <= 24 else refused()


def repository(value: str) -> str:
    """An address with a host, and with a port where it names one."""
    # To ask for the port raises ValueError where it is none.
    where = urlsplit(value)
    return value if where.hostname and where.port != 0 else refused()


def plain_user(value: str) -> str:
    """A mail server whose user has no character that a variable on a host could not have."""
    return value if re.fullmatch(r"[\w.%+@-]*", user(value)) else refused()


def as_list(value: Any) -> Any:
    """One range may stand without brackets."""
    return [value] if isinstance(value, str) else value


def distinct(values: tuple[str, ...]) -> tuple[str, ...]:
    """No value stands twice."""
    return values if len(set(values)) == len(values) else refused()


RoleName = Annotated[str, one_of(tuple(ROLES))]
KeepingRole = Annotated[str, one_of(tuple(VOLUMES))]
VolumeGib = Annotated[int, Field(strict=True, ge=1, le=LARGEST_VOLUME)]


class HostTable(Table):
    """[hosts.NAME]"""

    roles: Annotated[tuple[RoleName, ...], Field(min_length=1), AfterValidator(distinct)] = Field(
        description=f"a list of {', '.join(ROLES)}, each once"
    )
    instance_type: Annotated[str, AfterValidator(known_type)] = Field(
        description="an instance type of AWS for x86-64, such as t3.small or m6i.large, and none from before "
        "Nitro, such as t2 or m4: there the console is told too late for a host's keys, and disks have no "
        "names to find them by"
    )
    zone: Annotated[int, Field(strict=True, ge=1, le=2)] = Field(default=1, description="1 or 2")
    root_volume_gib: Annotated[int, Field(strict=True, ge=SMALLEST_ROOT, le=LARGEST_VOLUME)] = Field(
        default=20, description=f"a whole number of GiB from {SMALLEST_ROOT} to {LARGEST_VOLUME}"
    )
    data_volumes_gib: dict[KeepingRole, VolumeGib] = Field(
        default={},
        description=f"a table of roles that keep data and whole numbers of GiB from 1 to {LARGEST_VOLUME}",
    )


class PipelineTable(Table):
    """[pipeline]"""

    repository_url: Annotated[str, Field(pattern=r"^(https|ssh)://[^\s']+$"), AfterValidator(repository)] = (
        Field(description="where git finds the repository: https://… or ssh://…, without spaces and quotes")
    )
    branch: Annotated[str, Field(pattern=r"^[\w./-]+$")] = Field(default="main", description="a branch")
    deployment: Annotated[str, one_of(("none", "approved", "automatic"))] = Field(
        default="none", description="none, approved or automatic"
    )
    notify: Annotated[str, Field(pattern=r"^[^\s'@]+@[^\s'@]+$")] = Field(
        default="admin@example.org", description="an address of mail"
    )
    git_known_hosts: Annotated[str, Field(pattern=r"^[^']*$")] = Field(
        default="", description="the git server's keys as lines of known_hosts"
    )
    smtp_url: Annotated[str, AfterValidator(mail_server), AfterValidator(plain_user)] | None = Field(
        default=None, description=MAIL_SERVER_WORDS
    )


HostName = Annotated[str, Field(pattern=HOST_NAME)]


class StackTable(Table):
    """The whole file."""

    name: Annotated[str, Field(pattern=NAME), AfterValidator(free_name)] = Field(
        description="at most 24 small letters, digits and hyphens, a letter first and no hyphen last, "
        "and not aws or ssm first: AWS lets nobody else keep parameters below such names"
    )
    region: Annotated[str, AfterValidator(known_region)] = Field(
        description="a region of AWS, such as us-east-1"
    )
    admin: Annotated[
        tuple[Annotated[str, AfterValidator(admin_range)], ...],
        BeforeValidator(as_list),
        Field(min_length=1, max_length=MOST_ADMIN_RANGES),
        AfterValidator(distinct),
    ] = Field(
        description=f'"my address", or up to {MOST_ADMIN_RANGES} ranges such as "203.0.113.0/24", none '
        f"shorter than /{SHORTEST_ADMIN_PREFIX}: administration is never open to the world"
    )
    network: Annotated[IPv4Network, BeforeValidator(network_range)] = Field(
        default=IPv4Network("10.20.0.0/16"),
        description="a private range from /16 to /24, such as 10.20.0.0/16",
    )
    pipeline: PipelineTable | None = Field(default=None, description="a table")
    alerts: AlertsTable = Field(default=AlertsTable(), description="a table of who is told of alerts")
    microblog: MicroblogTable = Field(
        default=MicroblogTable(),
        description="a table of where the microblog is found and how its mail leaves",
    )
    hosts: Annotated[dict[HostName, HostTable], Field(min_length=1)] = Field(
        description="a table [hosts.NAME] per host, NAME at most 20 small letters and digits, a letter first"
    )


def checked(given: Mapping[str, Any]) -> tuple[StackTable | None, list[str]]:
    """The file's table if it can be read, and every mistake in it as a line."""
    beyond = [*role_mistakes(given.get("hosts")), *lonely_mistakes(given)]
    try:
        return StackTable.model_validate(given), beyond
    except ValidationError as error:
        found = dict.fromkeys(mistake(one) for one in error.errors(include_url=False))
        return None, [*found, *beyond]


def mistake(error: ErrorDetails) -> str:
    """One mistake: where, what stands there, what was expected."""
    place = [part for part in error["loc"] if part != "[key]"]
    table, names = table_of(place)
    key = ".".join(str(part) for part in place if isinstance(part, str))
    field = table.model_fields.get(str(names[0]))
    if field is None:
        return f"{key} is unknown: the keys here are {', '.join(table.model_fields)}"
    if error["type"] == "missing":
        return f"{key} is missing: expected {field.description}"
    return f"{key} = {as_toml(error['input'])}: expected {field.description}"


def table_of(place: list[int | str]) -> tuple[type[Table], list[int | str]]:
    """The table in which a mistake is, and the way to it from there."""
    inner: dict[int | str, type[Table]] = {
        "alerts": AlertsTable,
        "microblog": MicroblogTable,
        "pipeline": PipelineTable,
    }
    if place[0] == "hosts" and len(place) > 2:
        return HostTable, place[2:]
    if place[0] in inner and len(place) > 1:
        return inner[place[0]], place[1:]
    return StackTable, place


def as_toml(value: Any) -> str:
    """A value about as the file has it."""
    if isinstance(value, dict):
        return "{…}" if value else "{}"
    return json.dumps(value, ensure_ascii=False, default=str)


def role_mistakes(hosts: Any) -> Iterator[str]:
    """What is wrong between hosts; whatever is wrong within one is told elsewhere."""
    if not isinstance(hosts, dict) or not hosts:
        return
    held = Counter(role for host in hosts.values() for role in given_roles(host))
    for role in ROLES.values():
        if held[role.name] == 0:
            yield f"hosts: none has the role {role.name}: expected one at least"
        if held[role.name] > 1 and role.only_one_host:
            yield f"hosts: {held[role.name]} have the role {role.name}: expected one: data is in one place"
    for name, host in hosts.items():
        for role_name in sorted(set(given_volumes(host)) & set(VOLUMES) - given_roles(host)):
            yield f"hosts.{name}.data_volumes_gib.{role_name}: expected the role {role_name} on this host"


def given_roles(host: Any) -> frozenset[str]:
    """The known roles of a host that may be anything."""
    roles = host.get("roles") if isinstance(host, dict) else None
    listed = roles if isinstance(roles, list) else []
    return frozenset(role for role in listed if isinstance(role, str) and role in ROLES)


def given_volumes(host: Any) -> tuple[str, ...]:
    """The names of the data volumes of a host that may be anything."""
    volumes = host.get("data_volumes_gib") if isinstance(host, dict) else None
    return tuple(volumes) if isinstance(volumes, dict) else ()
