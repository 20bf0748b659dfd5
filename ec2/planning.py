"""What a deployment would do, found out before anything is changed."""

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress

from botocore.exceptions import BotoCoreError, ClientError

from compose.build import Say
from ec2 import aws, inventory
from ec2.deployer_key import DeployerKey
from ec2.errors import LauncherError
from ec2.everywhere import side_by_side
from ec2.facts import to_send
from ec2.given_secrets import missing_secrets
from ec2.images import Built, Image
from ec2.inventory import Host
from ec2.outlook import Outlook, look_ahead
from ec2.plan import Plan
from ec2.reach import Met, met
from ec2.release import Release
from ec2.secrets import stored_secrets
from ec2.settings import Settings
from ec2.stack import Plan as StackPlan
from ec2.stack import Stack
from ec2.template.build import as_json, build_template
from ec2.template.parameters import launch_parameters
from ec2.zones import zones_of


def make_plan(
    settings: Settings, cloud: aws.Clients, built: Built, key: DeployerKey, say: Say, inside: bool = False
) -> Plan:
    """The plan that leads from what there is to these images on this stack; from `inside` the stack stays.

    Raises NoZone, and StackFailed where CloudFormation refuses; a host that does not answer is in the plan.
    """
    stack = Stack(settings.name, cloud("cloudformation"), say)
    if not inside:
        stack.settled()
    outputs = stack.outputs() if stack.exists() else {}
    hosts = inventory.hosts(outputs)
    if inside:
        hosts = inventory.from_inside(hosts)
    zones = () if inside else zones_of(cloud("ec2"), settings, outputs)
    missing = missing_secrets(cloud("ssm"), settings.name, settings.secrets_needed)
    with ThreadPoolExecutor(1) as meanwhile:
        proposal = meanwhile.submit(
            lambda: as_it_is(settings) if inside else propose(settings, stack, key, zones, outputs)
        )
        with nothing_left(stack, proposal):
            if not hosts:
                return Plan(proposal.result(), built.tag, missing_secrets=missing)
            release = describe_release(settings, cloud, built, hosts, keep_secrets=False)
            with met(settings, cloud, hosts) as found:
                seen = dict(side_by_side(found, lambda one: (one.host, look(release, one))))
            change = proposal.result()
    outlooks = {host: one for host, one in seen.items() if isinstance(one, Outlook)}
    return Plan(
        change,
        built.tag,
        outlooks,
        {host: to_send(images(release, host), outlook.facts) for host, outlook in outlooks.items()},
        {host: one for host, one in seen.items() if isinstance(one, str)},
        missing,
    )


@contextmanager
def nothing_left(stack: Stack, proposal: Future[StackPlan]) -> Iterator[None]:
    """Leave no proposal at AWS when an error or Ctrl-C ends the work: nobody gets to see the plan."""
    try:
        yield
    except BaseException:
        if not proposal.exception():
            with suppress(BotoCoreError, ClientError):
                stack.discard(proposal.result())
        raise


def propose(
    settings: Settings, stack: Stack, key: DeployerKey, zones: Sequence[str], outputs: Mapping[str, str]
) -> StackPlan:
    """The change set that leads to the template."""
    admin = settings.admin_cidrs(aws.my_address() if settings.needs_my_address else None)
    return stack.plan(
        as_json(build_template(settings)),
        launch_parameters(settings, key.public, admin, zones, outputs),
        {"Stack": settings.name},
    )


def as_it_is(settings: Settings) -> StackPlan:
    """No change of the stack. Seen from inside the administrator's address is another one, to begin with."""
    return StackPlan(settings.name, change_set="", creates=False, changes=())


def look(release: Release, found: Met) -> Outlook | str:
    """What would change on one host, or why it cannot be told."""
    try:
        return look_ahead(release, found.reached)
    except LauncherError as error:
        return error.message


def images(release: Release, host: Host) -> tuple[Image, ...]:
    """The images that the host needs."""
    return release.built.of(release.services_on(host))


def describe_release(
    settings: Settings, cloud: aws.Clients, built: Built, hosts: Sequence[Host], keep_secrets: bool = True
) -> Release:
    """The release of these images with the stack's secrets; its id begins with when it was made."""
    return Release(
        id=f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{built.tag}",
        stack=settings.name,
        region=settings.region,
        endpoint=aws.endpoint(),
        built=built,
        secrets=stored_secrets(cloud("ssm"), settings.name, built.services, keep_secrets),
        pipeline=settings.pipeline.variables() if settings.pipeline else {},
        database_address=next((host.private_address for host in hosts if "database" in host.roles), ""),
        told=settings.told_services,
    )
