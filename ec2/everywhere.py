"""The same work on several hosts side by side, to the end, with every failure reported at once."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from ec2.errors import LauncherError, SeveralFailed
from ec2.inventory import Host
from ec2.ssh import Session

Thing = TypeVar("Thing")
Result = TypeVar("Result")


def everywhere(sessions: Sequence[Session], action: Callable[[Session], Result]) -> list[Result]:
    """What the action gave for each session, in their order.

    Raises the one LauncherError there was, or SeveralFailed with all of them. Ctrl-C ends what runs.
    """
    return side_by_side(sessions, action, lambda: interrupt(sessions))


@contextmanager
def connected(hosts: Sequence[Host], identity_file: Path, known_hosts_file: Path) -> Iterator[list[Session]]:
    """A session with each of the hosts. Raises as everywhere does."""
    with ExitStack() as closing:
        sessions = [Session(host, identity_file, known_hosts_file) for host in hosts]
        for session in sessions:
            closing.callback(session.close)
        yield side_by_side(sessions, Session.__enter__, lambda: interrupt(sessions))


def interrupt(sessions: Iterable[Session]) -> None:
    """End what is waited for."""
    for session in sessions:
        session.interrupt()


def side_by_side(
    things: Sequence[Thing],
    action: Callable[[Thing], Result],
    on_interrupt: Callable[[], None] = lambda: None,
) -> list[Result]:
    """What the action gave for each thing, in their order; raises as everywhere does."""
    with ThreadPoolExecutor(max(len(things), 1)) as threads:
        try:
            futures = [threads.submit(action, thing) for thing in things]
            failed = [error for future in futures if (error := failure(future))]
        except BaseException:
            on_interrupt()
            raise
    if len(failed) > 1:
        raise SeveralFailed(failed)
    if failed:
        raise failed[0]
    return [future.result() for future in futures]


def failure(future: Future[Any]) -> LauncherError | None:
    """What the work failed with, once it has ended; a defect of ours is raised."""
    try:
        future.result()
    except LauncherError as error:
        return error
    return None
