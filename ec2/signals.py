"""The signals that end a program: the first ends the work as Ctrl-C does, and all is given back in peace.

What is heard is kept where the process itself keeps it, so contexts within each other agree on it.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

ENDING = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def signals_as_exceptions() -> Iterator[None]:
    """The signals that end a program end it like Ctrl-C meanwhile: with everything given back.

    SystemExit is raised for the first of them; more of them, and those after Ctrl-C, are not heard until the
    outermost context ends. One that is ignored from the beginning, as nohup has it, still is.
    """
    known = (signal.SIG_IGN, leave, not_heard)
    heard = [number for number in (*ENDING, signal.SIGINT) if signal.getsignal(number) not in known]
    before = {number: signal.signal(number, leave) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def leave(number: int, _: FrameType | None) -> None:
    """End the work."""
    hear_no_more()
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(128 + number)


def hear_no_more() -> None:
    """Let nothing but Ctrl-C break off what follows: somebody sits there, and may want that.

    The same end is told more than once: make hands SIGTERM on to what it started, Jenkins tells every
    process, and of a terminal that closes both the shell and the kernel tell.
    """
    for number in ENDING:
        if signal.getsignal(number) == leave:
            signal.signal(number, not_heard)


def not_heard(_: int, __: FrameType | None) -> None:
    """All is being given back by then."""
