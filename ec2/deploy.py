"""The launcher, in the order in which it happens: each line takes what a line above gives."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from compose.project import Project, Service
from ec2 import aws, inventory
from ec2.deployer_key import DeployerKey, deployer_key
from ec2.images import Built, build_images, choose_tag
from ec2.inventory import Host
from ec2.lease import lease
from ec2.ledger import Entry
from ec2.preflight import Load, check_fit, survey
from ec2.provision import provision
from ec2.reach import reached
from ec2.release import Release
from ec2.report import Report
from ec2.rollout import Arrival, finish, roll_out
from ec2.secrets import forget_all, stored_secrets
from ec2.settings import Settings
from ec2.ship import ship_images
from ec2.ssh import Session
from ec2.stack import Launched, Plan, Stack
from ec2.template.build import as_json, build_template
from ec2.template.parameters import launch_parameters
from ec2.template.stack_policy import build_stack_policy

Say = Callable[[str], None]
Agree = Callable[[Plan], None]


@dataclass
class Stopwatch:
    """How long each stage took, in seconds."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count what happens meanwhile."""
        started = time.monotonic()
        try:
            yield
        finally:
            self.seconds[name] = time.monotonic() - started


def deploy(settings: Settings, uncommitted_too: bool, agree: Agree, say: Say) -> Report:
    """Have the stack serve this commit; `agree` is shown the plan and raises when it is not wanted.

    Raises a LauncherError that says what stood in the way; what ran before still runs then.
    """
    took, cloud = Stopwatch(), aws.connect(settings.region)
    with took.stage("images"):
        built = build_images(choose_tag(uncommitted_too), say)
    with lease(cloud("ssm"), settings.name, built.tag, say) as held:
        with took.stage("stack"):
            key = deployer_key(cloud("ssm"), settings.name)
            launched = launch(settings, cloud, key, agree, say)
        hosts = inventory.hosts(launched.outputs)
        release = describe_release(settings, cloud, built, hosts)
        with took.stage("connect"), reached(hosts, cloud, key) as sessions:
            with took.stage("provision"):
                held.check()
                provision(sessions, say)
            loads = {session: load(release, session) for session in sessions}
            with took.stage("preflight"):
                facts = survey(sessions)
                check_fit({session.host.name: load for session, load in loads.items()}, facts)
            with took.stage("ship"):
                held.check()
                shipped = ship_images({session: load.images for session, load in loads.items()}, facts, say)
            with took.stage("rollout"):
                begun = Entry.begin("deploy", release.id, built.tag, built.names)
                roll_out(Arrival(release.id, release), begun, sessions, held.check, say)
            with took.stage("finish"):
                finish(release.id, begun.done(took.seconds, 0), sessions)
    return Report(
        stack=settings.name,
        outcome=launched.outcome,
        release=release.id,
        hosts=hosts,
        services={host.name: release.services_on(host) for host in hosts},
        left_out=built.left_out,
        pulled=shipped.pulled,
        uplink_bytes=shipped.uplink_bytes,
        durations=took.seconds,
    )


def launch(settings: Settings, cloud: aws.Clients, key: DeployerKey, agree: Agree, say: Say) -> Launched:
    """Have CloudFormation make the hosts and all around them."""
    stack = Stack(settings.name, cloud("cloudformation"), say)
    before = stack.outputs() if stack.exists() else {}
    admin = settings.admin_cidrs(aws.my_address() if settings.needs_my_address else None)
    plan = stack.plan(
        as_json(build_template(settings)),
        launch_parameters(settings, key.public, admin, before),
        {"Stack": settings.name},
    )
    agree(plan)
    launched = stack.launch(plan)
    stack.protect(True)
    stack.set_policy(json.dumps(build_stack_policy()))
    return launched


def describe_release(settings: Settings, cloud: aws.Clients, built: Built, hosts: Sequence[Host]) -> Release:
    """The release of these images with the stack's secrets; its id begins with when it was made."""
    services: Mapping[str, Service] = Project("microblog", environment={"TAG": built.tag}).services
    return Release(
        id=f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{built.tag}",
        stack=settings.name,
        region=settings.region,
        endpoint=aws.endpoint(),
        built=built,
        services=services,
        secrets=stored_secrets(cloud("ssm"), settings.name, services),
        database_address=next((host.private_address for host in hosts if "database" in host.roles), ""),
    )


def load(release: Release, session: Session) -> Load:
    """What the session's host is to hold and to run."""
    names = release.services_on(session.host)
    return Load(release.built.of(names), [release.services[name] for name in names])


def destroy(settings: Settings, say: Say) -> None:
    """Delete the stack and its secrets. Raises StackFailed with what could not be deleted."""
    cloud = aws.connect(settings.region)
    with lease(cloud("ssm"), settings.name, "destroy", say) as held:
        stack = Stack(settings.name, cloud("cloudformation"), say)
        if stack.exists():
            stack.protect(False)
            unprotect_hosts(cloud, stack)
            stack.delete()
        held.end_with_stack()
        say(f"forgot {forget_all(cloud('ssm'), settings.name)} secrets")


def unprotect_hosts(cloud: aws.Clients, stack: Stack) -> None:
    """Let AWS terminate the hosts, which it refuses as long as they are protected."""
    for host in inventory.hosts(stack.outputs()):
        cloud("ec2").modify_instance_attribute(
            InstanceId=host.instance_id, DisableApiTermination={"Value": False}
        )
