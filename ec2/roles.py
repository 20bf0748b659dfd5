"""What each role is for: the ports it opens and to whom, the volume it keeps, what its host may ask of AWS.

One row per role; security groups, volumes and instance roles are made of these rows and of nothing else.
Ports are those that a host publishes. Grafana, Prometheus, Alertmanager and Jenkins open none to people:
they are reached through an SSH tunnel.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

ADMIN = "admin"
WORLD = "world"
EVERY_ROLE = "every role"


@dataclass(frozen=True)
class Opening:
    """A TCP port, and who may connect to it: ADMIN, WORLD, EVERY_ROLE or the hosts of one."""

    port: int
    to: str
    service: str


@dataclass(frozen=True)
class Exit:
    """A port in the world that hosts may connect to."""

    protocol: str
    port: int
    purpose: str


@dataclass(frozen=True)
class DataVolume:
    """A volume that outlives its host; `device` is its name at AWS, one per role, so it never moves."""

    mount_point: str
    device: str
    default_gib: int


@dataclass(frozen=True)
class Permission:
    """What a role's hosts may ask of AWS; `reason` says why the resource is no narrower."""

    actions: tuple[str, ...]
    resource: str
    reason: str
    # Only what has the stack's tag, where the resource cannot say that.
    of_own_stack: bool = False


@dataclass(frozen=True)
class Role:
    """One row of the table."""

    name: str
    openings: tuple[Opening, ...]
    volume: DataVolume | None = None
    permissions: tuple[Permission, ...] = ()
    only_one_host: bool = False
    # How far an answer of the metadata service may travel: 2 reaches a container.
    metadata_hops: int = 1


APP = Role(
    name="app",
    openings=(
        Opening(80, WORLD, "nginx"),
        Opening(8000, "monitoring", "microblog"),
        Opening(9113, "monitoring", "nginx_exporter"),
    ),
)
DATABASE = Role(
    name="database",
    openings=(
        Opening(3306, "app", "mariadb"),
        Opening(9104, "monitoring", "mysqld_exporter"),
    ),
    volume=DataVolume("/srv/database", "/dev/sdf", default_gib=20),
    only_one_host=True,
)
# What `deploy --inside` asks for. The stack itself it cannot change, nor give anybody a permission.
ARN = "arn:${AWS::Partition}:%s:${AWS::Region}:${AWS::AccountId}:%s"
JENKINS = Role(
    name="jenkins",
    openings=(Opening(8080, "monitoring", "jenkins"),),
    volume=DataVolume("/srv/jenkins", "/dev/sdg", default_gib=30),
    permissions=(
        Permission(
            ("cloudformation:DescribeStacks",),
            ARN % ("cloudformation", "stack/${AWS::StackName}/*"),
            "which hosts there are",
        ),
        Permission(
            ("ec2:DescribeInstances",), "*", "whether they run; AWS narrows no Describe to single instances"
        ),
        Permission(
            ("ec2:GetConsoleOutput",),
            ARN % ("ec2", "instance/*"),
            "their SSH keys; the tag narrows it to the stack's",
            of_own_stack=True,
        ),
        Permission(
            ("ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath", "ssm:PutParameter"),
            ARN % ("ssm", "parameter/${AWS::StackName}/*"),
            "a release carries every service's secrets; the key that logs in, the lease and new secrets",
        ),
        Permission(
            ("ssm:GetParametersByPath",),
            ARN % ("ssm", "parameter/${AWS::StackName}"),
            "AWS asks about the path itself where all below it is listed",
        ),
        Permission(
            ("ssm:DeleteParameters",),
            ARN % ("ssm", "parameter/${AWS::StackName}/lease/*"),
            "leases that ended",
        ),
    ),
)
MONITORING = Role(
    name="monitoring",
    openings=(),
    volume=DataVolume("/srv/monitoring", "/dev/sdh", default_gib=20),
    permissions=(
        Permission(
            ("ec2:DescribeInstances",),
            "*",
            "Prometheus finds its targets; AWS narrows no Describe to single instances",
        ),
    ),
    metadata_hops=2,
)

ROLES: Mapping[str, Role] = MappingProxyType(
    {role.name: role for role in (APP, DATABASE, JENKINS, MONITORING)}
)

# The roles that keep data, and where.
VOLUMES: Mapping[str, DataVolume] = MappingProxyType(
    {role.name: role.volume for role in ROLES.values() if role.volume is not None}
)

# Listens only while images are shipped: the host that has them gives them to the others.
RELAY = Opening(5000, EVERY_ROLE, "relay")

# Open on every host, whatever its roles.
EVERY_HOST = (
    Opening(22, ADMIN, "sshd"),
    Opening(22, "jenkins", "sshd"),
    Opening(9100, "monitoring", "node_exporter"),
    RELAY,
)

# For every host. AWS's own resolver and clock are reached whatever the groups say; these are for all others.
EXITS = (
    Exit("tcp", 80, "packages"),
    Exit("tcp", 443, "packages, AWS"),
    Exit("tcp", 53, "names"),
    Exit("udp", 53, "names"),
    Exit("udp", 123, "the time"),
    Exit("tcp", 465, "mail"),
    Exit("tcp", 587, "mail"),
)


def openings(role: Role) -> tuple[Opening, ...]:
    """All that a host of this role opens."""
    return (*EVERY_HOST, *role.openings)


def targets(role: str) -> tuple[tuple[str, Opening], ...]:
    """Whom the hosts of a role may connect to inside the stack: another role, and one of its openings."""
    return tuple(
        (other.name, opening) for other in ROLES.values() for opening in openings(other) if opening.to == role
    )
