"""The launcher, in the order in which it happens: each line takes what a line above gives."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from botocore.exceptions import BotoCoreError, ClientError

from compose.secret_files import ssh_key_pair
from ec2 import aws, instances, inventory
from ec2.deployer_key import DeployerKey, deployer_key
from ec2.errors import DeletionRefused, SecretMissing, StackFailed
from ec2.images import Built, build_images, choose_tag, forget_old_images
from ec2.lease import Lease, lease
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
from ec2.signals import signals_as_exceptions
from ec2.ssh import Session, require_client
from ec2.stack import Launched, Stack
from ec2.stack import Plan as StackPlan
from ec2.template.build import refuse_too_many_hosts
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
    refuse_too_many_hosts(settings)
    require_client()
    took, cloud = Stopwatch(at), aws.connect(settings.region)
    with took.stage("images"):
        built = build_images(choose_tag(uncommitted_too), say)
    with lease(cloud("ssm"), settings.name, built.tag, say) as held, clearing_up(built.tag):
        with took.stage("plan"):
            if not inside:
                Stack(settings.name, cloud("cloudformation"), say).make_way()
            key = deployer_key(cloud("ssm"), settings.name)
            plan = make_plan(settings, cloud, built, key, say, inside)
        agreed(plan, agree, held, cloud, inside)
        if plan.nothing_to_do:
            return unchanged(settings, plan, built, took)
        with took.stage("stack"):
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
                # What was stopped for a change is started as another machine.
                facts = {**plan.facts, **survey(sessions if plan.stack.changes_hosts else fresh)}
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
    refuse_too_many_hosts(settings)
    cloud = aws.connect(settings.region)
    return plan_for(settings, cloud, build_images(choose_tag(uncommitted_too), say), say)


def plan_for(settings: Settings, cloud: aws.Clients, built: Built, say: Say) -> Plan:
    """What deploy would do with these images; AWS keeps nothing of the question, whatever ends it."""
    with signals_as_exceptions():
        # Any key does for a stack that is not there; one that is keeps the key that it was launched with.
        made = make_plan(settings, cloud, built, DeployerKey(ssh_key_pair()[0]), say)
        Stack(settings.name, cloud("cloudformation"), say).discard(made.stack)
    return made


def agreed(plan: Plan, agree: Agree, held: Lease, cloud: aws.Clients, inside: bool = False) -> None:
    """Show the plan, and guard what stands; a plan that is not wanted, or cannot be, leaves nothing at AWS.

    Raises what `agree` does, SecretMissing, StackFailed, and LeaseLost where reading it took too long.
    """
    stack = Stack(held.stack, cloud("cloudformation"), lambda _: None)
    with discarding(plan.stack, stack):
        refuse_without_secrets(plan)
        agree(plan)
        refuse_forbidden(plan)
        held.check()
        if not inside:
            guard(stack, cloud)


@contextmanager
def discarding(plan: StackPlan, stack: Stack) -> Iterator[None]:
    """Leave no change set at AWS when what is done meanwhile fails; that is what is told then."""
    try:
        yield
    except BaseException:
        with suppress(BotoCoreError, ClientError):
            stack.discard(plan)
        raise


def refuse_forbidden(plan: Plan) -> None:
    """Raise StackFailed where data, an address or a host would be made anew."""
    if plan.forbidden:
        named = ", ".join(f"{change.logical_id} ({change.type})" for change in plan.forbidden)
        raise StackFailed(
            f"this would make anew what never is, as data or addresses would be lost: {named}",
            "change that back in stack.toml, or give the stack another name: that is another stack",
        )


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
    leaving = [one.physical_id for one in plan.changes if one.action == "Remove" and one.is_host]
    with discarding(plan, stack):
        instances.protect(cloud("ec2"), leaving, False)
    try:
        launched = stack.launch(plan)
    except StackFailed:
        if not plan.creates:
            guard_again(stack, cloud)
        raise
    if plan.change_set:
        guard(stack, cloud)
    return launched


def guard(stack: Stack, cloud: aws.Clients) -> None:
    """Have what stands of the stack protected: what was broken off may have left it open.

    Hosts are launched open: CloudFormation could not take back a launch that fails otherwise.
    """
    if stack.stands():
        stack.guard(json.dumps(build_stack_policy()))
        instances.protect(cloud("ec2"), stack.instances(), True)


def guard_again(stack: Stack, cloud: aws.Clients) -> None:
    """Guard what failed to change; where AWS refuses, the next deployment does, and the failure is told."""
    with suppress(BotoCoreError, ClientError):
        guard(stack, cloud)


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
        stack.settled()
        held.check()
        if stack.exists():
            take_down(stack, cloud)
        else:
            # One that was planned and never made is there all the same.
            stack.delete()
        forget(cloud("ssm"), held, say)


def forget(ssm: object, held: Lease, say: Say) -> None:
    """Remove the secrets, and the lease last: until then nobody else begins, or it is theirs by now."""
    held.check()
    say(f"forgot {forget_all(ssm, held.stack, but=held.folder)} secrets")
    held.end_with_stack()


def take_down(stack: Stack, cloud: aws.Clients) -> None:
    """Delete the stack, which AWS refuses as long as it or a host is protected; so it is where that fails."""
    stack.protect(False)
    instances.protect(cloud("ec2"), stack.instances(), False)
    try:
        stack.delete()
    except DeletionRefused:
        guard(stack, cloud)
        raise
