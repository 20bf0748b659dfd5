"""Every host on the release, or every host on what it ran before; whoever uses the microblog notices neither.

First the new side starts everywhere, beside what serves. Once it is healthy everywhere, services that cannot
run twice are replaced, and then each host switches. What served before ends last, when nothing can fail.
"""

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from compose.build import Say
from ec2.errors import HostUnreachable, LauncherError, LeaseLost, RolloutFailed
from ec2.everywhere import everywhere
from ec2.host_scripts import host_script
from ec2.inventory import Host
from ec2.ledger import Entry
from ec2.release import ROOT, Release
from ec2.signals import hear_no_more
from ec2.ssh import Session

# What a step says beside that is why it failed, and part of the account.
PROGRESS = "starting "
# The new side cannot become healthy without them.
NEEDED_FIRST = "mariadb"
# A host that goes down to boot again lets its engine go before the connection.
GO_BACK_TRIES = 3


@dataclass(frozen=True)
class Arrival:
    """What a host needs to run a release: its archive, or nothing where the host kept the release."""

    id: str
    release: Release | None = None

    def archive(self, host: Host) -> bytes | None:
        """To be unpacked at /."""
        return self.release.archive(host) if self.release else None

    def folders(self, host: Host) -> list[str]:
        """Each folder for data with its owner's uid and gid."""
        if not self.release:
            return []
        return [str(part) for entry in self.release.data_folders(host) for part in entry]


def roll_out(
    arriving: Arrival, begun: Entry, sessions: Sequence[Session], check: Callable[[], None], say: Say
) -> None:
    """Have every host run the release, data hosts first; `check` raises when the lease is lost.

    Raises RolloutFailed with what each service that failed said last; every host is as it was then. Ctrl-C
    and signals, too, leave every host as it was.
    """
    try:
        for wave in waves(sessions):
            check()
            everywhere(wave, lambda session: prepare(arriving, begun, session, say))
        check()
        everywhere(sessions, lambda session: step(session, "replace.sh", arriving.id, say))
        check()
        everywhere(sessions, lambda session: step(session, "switch.sh", arriving.id, say))
    except LeaseLost:
        raise
    except LauncherError as error:
        raise gone_back(arriving.id, sessions, begun, error, say) from error
    except BaseException:
        go_back(arriving.id, sessions, begun.failed("it was broken off"), say)
        raise


def gone_back(
    failed: str, sessions: Sequence[Session], begun: Entry, error: LauncherError, say: Say
) -> RolloutFailed:
    """What failed, once every host that can be reached is as it was."""
    try:
        go_back(failed, sessions, begun.failed(error.message), say)
    except LauncherError as left:
        return RolloutFailed(
            f"{error.message}\nso the release does not serve, and going back did not succeed everywhere:\n"
            f"{left.message}",
            "python -m ec2 status, and once every host answers: python -m ec2 deploy",
        )
    return RolloutFailed(
        f"{error.message}\nso the release does not serve: every host is as it was",
        "mend that, then: python -m ec2 deploy",
    )


def go_back(failed: str, sessions: Sequence[Session], ended: Entry, say: Say) -> None:
    """Have every host run what it ran before; one whose connection was cut is waited for.

    No signal breaks it off but Ctrl-C: hosts stay half-way then, until the next deployment. Raises what
    everywhere raises: a host that is not reached goes back with the next deployment.
    """
    hear_no_more()
    say("going back to what ran before; Ctrl-C now leaves hosts half-way")

    def back(session: Session) -> None:
        for tries_left in reversed(range(GO_BACK_TRIES)):
            session.reconnect()
            try:
                step(session, "go_back.sh", failed, say, ended.line())
                return
            except HostUnreachable:
                if not tries_left:
                    raise

    everywhere(sessions, back)


def finish(release: str, ended: Entry, sessions: Sequence[Session]) -> None:
    """End what served before, write down what was done, and keep of older releases only the last.

    Raises RolloutFailed that says that the release serves all the same.
    """
    try:
        everywhere(sessions, lambda session: step(session, "finish.sh", release, ignore, ended.line()))
    except LauncherError as error:
        raise RolloutFailed(
            f"{error.message}\nthe release {release} serves on every host, but not all was cleared up",
            "python -m ec2 deploy finishes that",
        ) from error


def waves(sessions: Sequence[Session]) -> list[list[Session]]:
    """Hosts in the order in which they start: those with the database before those that ask it."""
    first = [session for session in sessions if "database" in session.host.roles]
    rest = [session for session in sessions if session not in first]
    return [wave for wave in (first, rest) if wave]


def prepare(arriving: Arrival, begun: Entry, session: Session, say: Say) -> None:
    """Put the release on the host and start its new side."""
    archive = arriving.archive(session.host)
    arguments = ["kept" if archive is None else "sent", begun.line(), NEEDED_FIRST]
    step(session, "prepare.sh", arriving.id, say, *arguments, *arriving.folders(session.host), given=archive)


def step(
    session: Session, script: str, release: str, say: Say, *arguments: str, given: bytes | None = None
) -> str:
    """Take one step on the host; what it printed."""
    return session.run(
        step_words(script, release, *arguments),
        input=given,
        sudo=True,
        what=script.removesuffix(".sh").replace("_", " "),
        on_line=lambda line: say(f"{session.host.name}: {line}") if line.startswith(PROGRESS) else None,
    )


def step_words(script: str, *arguments: str, root: str = ROOT) -> list[str]:
    """The words that take a step: a group of processes of its own, so that the next step can end it."""
    told = f"DEPLOYMENTS={shlex.quote(host_script('deployments.py'))}"
    text = "\n".join([told, *map(host_script, ("release.sh", "slots.sh", "remains.sh", script))])
    return ["setsid", "--wait", "sh", "-c", text, script, root, *arguments]


def ignore(_: str) -> None:
    """Nobody wants to read that."""
