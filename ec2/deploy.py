"""The launcher, in the order in which it happens: each line takes what a line above gives."""

import json
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from ec2 import aws, inventory
from ec2.deployer_key import deployer_key
from ec2.errors import SecretMissing, StackFailed
from ec2.images import Built, build_images, choose_tag, forget_old_images
from ec2.lease import lease
from ec2.ledger import Entry
from ec2.plan import Plan
from ec2.planning import describe_release, make_plan
from ec2.preflight import Load, check_fit, survey
from ec2.provision import mark, provision
from ec2.reach import reached
from ec2.release import Release
from ec2.report import Report
from ec2.rollout import Arrival, finish, roll_out
from ec2.secrets import forget_all
from ec2.settings import Settings
from ec2.ship import ship_images
from ec2.ssh import Session
from ec2.stack import Launched, Stack
from ec2.stack import Plan as StackPlan
from ec2.template.stack_policy import build_stack_policy

Say = Callable[[str], None]
Agree = Callable[[Plan], None]


@dataclass
class Stopwatch:
    """How long each stage took, in seconds; whoever watches is told of each that begins."""

    at: Callable[[str], None]
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count what happens meanwhile."""
        self.at(name)
        started = time.monotonic()
        try:
            yield
        finally:
            self.seconds[name] = time.monotonic() - started


def deploy(
    settings: Settings,
    uncommitted_too: bool,
    agree: Agree,
    say: Say,
    at: Callable[[str], None],
    inside: bool = False,
) -> Report:
    """Have the stack serve this commit; `agree` is shown the plan and raises when it is not wanted.

    From `inside`, on a Jenkins host, the stack and the hosts of that role stay as they are.

    What happens is said; `at` is told each stage as it begins.

    Raises a LauncherError that says what stood in the way; what ran before still runs then.
    """
    took, cloud = Stopwatch(at), aws.connect(settings.region)
    with took.stage("images"):
        built = build_images(choose_tag(uncommitted_too), say)
    with lease(cloud("ssm"), settings.name, built.tag, say) as held, clearing_up(built.tag):
        with took.stage("plan"):
            key = deployer_key(cloud("ssm"), settings.name)
            plan = make_plan(settings, cloud, built, key, say, inside)
        agreed(plan, agree, settings, cloud)
        if plan.nothing_to_do:
            return unchanged(settings, plan, built, took)
        with took.stage("stack"):
            held.check()
            launched = launch(settings, cloud, plan.stack, say)
        hosts = inventory.hosts(launched.outputs)
        if inside:
            hosts = inventory.from_inside(hosts)
        release = describe_release(settings, cloud, built, hosts)
        with took.stage("connect"), reached(hosts, cloud, key) as sessions:
            fresh = [
                session for session in sessions if not plan.provisioned(session.host, mark(session.host))
            ]
            with took.stage("provision"):
                held.check()
                provision(fresh, say)
            with took.stage("preflight"):
                loads = {session: load(release, session) for session in sessions}
                facts = {**plan.facts, **survey(fresh)}
                check_fit({session.host.name: load for session, load in loads.items()}, facts)
            with took.stage("ship"):
                held.check()
                shipped = ship_images({session: load.images for session, load in loads.items()}, facts, say)
            with took.stage("rollout"):
                begun = Entry.begin("deploy", release.id, built.tag, built.names)
                roll_out(Arrival(release.id, release), begun, sessions, held.check, say)
            with took.stage("finish"):
                finish(release.id, begun.done(took.seconds, shipped.uplink_bytes), sessions)
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


@contextmanager
def clearing_up(tag: str) -> Iterator[None]:
    """Leave no old images on this machine, whatever happens meanwhile."""
    try:
        yield
    finally:
        forget_old_images(tag)


def plan(settings: Settings, uncommitted_too: bool, say: Say) -> Plan:
    """What deploy would do; nothing is changed. Raises as deploy does."""
    cloud = aws.connect(settings.region)
    built = build_images(choose_tag(uncommitted_too), say)
    key = deployer_key(cloud("ssm"), settings.name)
    made = make_plan(settings, cloud, built, key, say)
    Stack(settings.name, cloud("cloudformation"), say).discard(made.stack)
    return made


def agreed(plan: Plan, agree: Agree, settings: Settings, cloud: aws.Clients) -> None:
    """Show the plan; one that is not wanted, or cannot be, leaves nothing at AWS."""
    try:
        refuse_without_secrets(plan)
        agree(plan)
        if plan.forbidden:
            named = ", ".join(f"{change.logical_id} ({change.type})" for change in plan.forbidden)
            raise StackFailed(
                f"this would make anew what never is, as data or addresses would be lost: {named}",
                "change that back in stack.toml, or give the stack another name: that is another stack",
            )
    except BaseException:
        Stack(settings.name, cloud("cloudformation"), lambda _: None).discard(plan.stack)
        raise


def refuse_without_secrets(plan: Plan) -> None:
    """Raise SecretMissing where the settings need a secret that nobody has given."""
    if plan.missing_secrets:
        raise SecretMissing(
            f"nobody has given what stack.toml needs: {', '.join(plan.missing_secrets)}; nothing was changed",
            "\n".join(f"python -m ec2 secret {name}" for name in plan.missing_secrets),
        )


def launch(settings: Settings, cloud: aws.Clients, plan: StackPlan, say: Say) -> Launched:
    """Have CloudFormation make the hosts and all around them."""
    stack = Stack(settings.name, cloud("cloudformation"), say)
    # Whoever agreed to the plan agreed to the end of these.
    unprotect(cloud, [one.physical_id for one in plan.changes if one.action == "Remove" and one.is_host])
    launched = stack.launch(plan)
    if plan.change_set:
        stack.protect(True)
        stack.set_policy(json.dumps(build_stack_policy()))
    return launched


def unchanged(settings: Settings, plan: Plan, built: Built, took: Stopwatch) -> Report:
    """The report of a deployment with nothing to do."""
    return Report(
        stack=settings.name,
        outcome="unchanged",
        release=next(outlook.serves for outlook in plan.outlooks.values()),
        hosts=tuple(plan.outlooks),
        services={host.name: tuple(outlook.changes) for host, outlook in plan.outlooks.items()},
        left_out=built.left_out,
        pulled={},
        uplink_bytes=0,
        durations=took.seconds,
    )


def load(release: Release, session: Session) -> Load:
    """What the session's host is to hold and to run."""
    names = release.services_on(session.host)
    return Load(release.built.of(names), [release.built.services[name] for name in names])


def destroy(settings: Settings, say: Say) -> None:
    """Delete the stack and its secrets. Raises StackFailed with what could not be deleted."""
    cloud = aws.connect(settings.region)
    with lease(cloud("ssm"), settings.name, "destroy", say) as held:
        stack = Stack(settings.name, cloud("cloudformation"), say)
        if stack.exists():
            stack.protect(False)
            unprotect(cloud, [host.instance_id for host in inventory.hosts(stack.outputs())])
            stack.delete()
        held.end_with_stack()
        say(f"forgot {forget_all(cloud('ssm'), settings.name)} secrets")


def unprotect(cloud: aws.Clients, instance_ids: Iterable[str]) -> None:
    """Let AWS terminate the hosts, which it refuses as long as they are protected."""
    for instance_id in instance_ids:
        cloud("ec2").modify_instance_attribute(InstanceId=instance_id, DisableApiTermination={"Value": False})
