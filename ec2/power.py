"""All hosts of a stack stopped, or started again until every service is healthy."""

import time
from collections.abc import Callable, Sequence

from ec2 import aws, instances
from ec2.errors import HostNotSettled
from ec2.everywhere import everywhere
from ec2.inventory import Host
from ec2.lease import lease
from ec2.look import look
from ec2.reach import met, standing_hosts
from ec2.settings import Settings
from ec2.ssh import Session

# A host boots, and its services start one after the other; Jenkins alone takes three minutes.
REACHABLE_WITHIN_SECONDS = 300.0
HEALTHY_WITHIN_SECONDS = 420.0
BETWEEN_LOOKS_SECONDS = 2.0

Say = Callable[[str], None]


def stop(settings: Settings, agree: Callable[[Sequence[Host]], None], say: Say) -> tuple[Host, ...]:
    """Have every host of the stack stopped; those that this stopped. `agree` raises when it is not wanted.

    Raises HostNotSettled for a host that is protected from it: nothing is stopped then.
    """
    cloud = aws.connect(settings.region)
    hosts = standing_hosts(settings, cloud)
    if all(state == "stopped" for state in instances.states(cloud("ec2"), hosts).values()):
        return ()
    agree(hosts)
    ec2 = cloud("ec2")
    with lease(cloud("ssm"), settings.name, "stop", say) as held:
        running = [host for host, state in instances.settled(ec2, hosts, say).items() if state == "running"]
        refuse_protected(ec2, running)
        held.check()
        if running:
            say(f"stopping {', '.join(map(str, running))}")
            instances.stop(ec2, running)
        require("stopped", instances.settled(ec2, hosts, say))
        return tuple(running)


def refuse_protected(ec2: object, hosts: Sequence[Host]) -> None:
    """Respect what somebody protected from being stopped."""
    protected = instances.stop_protected(ec2, hosts)
    if protected:
        raise HostNotSettled(
            f"{', '.join(map(str, protected))}: protected from being stopped, so nothing was stopped",
            "aws ec2 modify-instance-attribute --no-disable-api-stop --instance-id "
            + " or ".join(host.instance_id for host in protected),
        )


def start(settings: Settings, say: Say) -> tuple[Host, ...]:
    """Have every host run and every service healthy; all the hosts. Nothing is deployed.

    Raises HostNotSettled, HostUnreachable, and SeveralFailed with what is not well after the limit.
    """
    cloud = aws.connect(settings.region)
    hosts, ec2 = standing_hosts(settings, cloud), cloud("ec2")
    with lease(cloud("ssm"), settings.name, "start", say) as held:
        stopped = [host for host, state in instances.settled(ec2, hosts, say).items() if state == "stopped"]
        held.check()
        if stopped:
            say(f"starting {', '.join(map(str, stopped))}")
            instances.start(ec2, stopped)
        else:
            say("every host runs already")
        require("running", instances.settled(ec2, hosts, say))
        with met(settings, cloud, hosts, REACHABLE_WITHIN_SECONDS) as found:
            sessions = [each.reached for each in found]
            everywhere(sessions, lambda session: wait_until_well(session, say))
    return hosts


def require(wanted: str, states: dict[Host, str]) -> None:
    """Raise HostNotSettled unless every host is in that state."""
    others = [f"{host} is {state}" for host, state in states.items() if state != wanted]
    if others:
        raise HostNotSettled(f"not every host is {wanted}: {', '.join(others)}", "python -m ec2 status")


def wait_until_well(session: Session, say: Say) -> None:
    """Wait for every service of the host, and say what is waited for when that changes."""
    host, started, said = session.host, time.monotonic(), ""
    while not (now := look(session)).well:
        if not (now.release or now.problems):
            raise HostNotSettled(f"{host} runs, but no release was deployed to it", "python -m ec2 deploy")
        waiting = [*now.missing, *map(str, now.unwell), *now.unmounted, *now.problems]
        listed = ", ".join(waiting)
        if time.monotonic() - started > HEALTHY_WITHIN_SECONDS:
            raise HostNotSettled(
                f"{host}: not well {HEALTHY_WITHIN_SECONDS:.0f} s after it was reached: {listed}",
                "python -m ec2 status",
            )
        if listed != said:
            say(f"{host}: waiting for {listed}")
            said = listed
        time.sleep(BETWEEN_LOOKS_SECONDS)
    say(f"{host}: all {len(now.expected)} services are healthy")
