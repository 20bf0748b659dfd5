"""Every service healthy on the new release, or everything as it was."""

from collections.abc import Sequence

from compose.build import Say
from ec2.errors import LauncherError, RolloutFailed
from ec2.everywhere import everywhere
from ec2.host_scripts import host_script
from ec2.release import PROJECT, RELEASES, Release
from ec2.ssh import Session

CURRENT = "/srv/stack/current"
# A first start creates a database and migrates it; the slowest single service is Jenkins with three minutes.
HEALTHY_WITHIN_SECONDS = 240
LOG_LINES = 8


def roll_out(release: Release, sessions: Sequence[Session], say: Say) -> None:
    """Have every host run the release, data hosts first.

    Raises RolloutFailed with what each service that failed said last; every host is as it was then.
    """
    everywhere(sessions, lambda session: place(release, session))
    try:
        for wave in waves(sessions):
            everywhere(wave, lambda session: start(release, session, say))
    except LauncherError as error:
        say("going back to what ran before")
        everywhere(
            sessions,
            lambda session: session.run(
                host_script("go_back.sh"), arguments=[CURRENT, PROJECT], sudo=True, what="going back"
            ),
        )
        raise RolloutFailed(
            f"the release did not become healthy, and every host is as it was:\n{error.message}",
            error.hint or "mend that and deploy again",
        ) from error


def waves(sessions: Sequence[Session]) -> list[list[Session]]:
    """Hosts in the order in which they start: those with the database before those that ask it."""
    first = [session for session in sessions if "database" in session.host.roles]
    rest = [session for session in sessions if session not in first]
    return [wave for wave in (first, rest) if wave]


def place(release: Release, session: Session) -> None:
    """Put the release's files on the host; nothing runs by them yet."""
    words = ["tar", "--extract", "--same-owner", "--same-permissions", "--directory", "/"]
    session.run(words, input=release.archive(session.host), sudo=True, what="placing the release")
    folders = [str(part) for entry in release.data_folders(session.host) for part in entry]
    session.run(host_script("folders.sh"), arguments=folders, sudo=True, what="making folders for data")


def start(release: Release, session: Session, say: Say) -> None:
    """Have the host's services run by the release, and wait until all are healthy."""
    services = release.services_on(session.host)
    say(f"{session.host.name}: starting {len(services)} services")
    folder = f"{RELEASES}/{release.id}"
    session.run(
        host_script("start.sh"),
        arguments=[folder, CURRENT, str(HEALTHY_WITHIN_SECONDS), str(LOG_LINES), *services],
        sudo=True,
        what="starting services",
    )
