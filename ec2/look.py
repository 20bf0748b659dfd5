"""How hosts are, each asked in one round trip."""

from collections.abc import Callable, Sequence

from ec2.errors import LauncherError
from ec2.everywhere import side_by_side
from ec2.host_scripts import host_script
from ec2.host_state import HostState, parse
from ec2.reach import Met
from ec2.release import PROJECT
from ec2.ssh import Session

# As roll-out has it.
CURRENT = "/srv/stack/current"
LOG_LINES = 5


def look(session: Session) -> HostState:
    """The host's state now. Raises CommandFailed and HostUnreachable."""
    volumes = [volume.mount_point for volume in session.host.volumes]
    arguments = [PROJECT, CURRENT, str(LOG_LINES), *volumes]
    return parse(session.run(host_script("status.sh"), arguments=arguments, sudo=True, what="status"))


def look_around(found: Sequence[Met], say: Callable[[str], None]) -> dict[Session, HostState]:
    """The state of each host that answers; of the others it is said why not. Raises when none answers."""

    def seen(one: Met) -> tuple[Session, HostState] | LauncherError:
        try:
            return one.reached, look(one.reached)
        except LauncherError as error:
            return error

    answers = side_by_side(found, seen)
    failures = [answer for answer in answers if isinstance(answer, LauncherError)]
    looks = dict(answer for answer in answers if not isinstance(answer, LauncherError))
    if failures and not looks:
        raise failures[0]
    for failure in failures:
        say(failure.message)
    return looks
