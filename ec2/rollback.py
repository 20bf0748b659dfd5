"""Back to an earlier release, whose images, configuration and secrets the hosts still have."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from compose.build import Say
from ec2 import aws
from ec2.history import History, read_history
from ec2.lease import lease
from ec2.ledger import Entry
from ec2.reach import standing
from ec2.rollout import Arrival, finish, roll_out
from ec2.settings import Settings

# Is shown the history and where it would go, and raises when that is not wanted.
Agree = Callable[[History, Entry], None]


@dataclass(frozen=True)
class RolledBack:
    """From which release to which, and how long that took once it was agreed, in seconds."""

    from_release: str
    to_release: str
    seconds: float


def roll_back(settings: Settings, wanted: str, agree: Agree, say: Say) -> RolledBack:
    """Have every host run an earlier release; "" means the one before what serves. Nobody notices.

    The database keeps its schema: migrations only add what earlier releases can live with. Raises
    NoSuchRelease where a host does not keep it, RolloutFailed with everything as it was, and as deploy does.
    """
    cloud = aws.connect(settings.region)
    with lease(cloud("ssm"), settings.name, "rollback", say) as held, standing(settings, cloud) as sessions:
        history = read_history(sessions)
        target = history.require_kept(history.find(wanted) if wanted else history.before_current())
        agree(history, target)
        started = time.monotonic()
        begun = Entry.begin("rollback", target.release, target.commit, target.images)
        roll_out(Arrival(target.release), begun, sessions, held.check, say)
        spent = time.monotonic() - started
        finish(target.release, begun.done({"rollback": spent}, 0), sessions)
    return RolledBack(history.current, target.release, spent)
