"""What goes on, on stderr: a line per thing that happens, and below it on a terminal what takes how long."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, Self, TextIO, cast

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

# The steps of a build are too many for lines.
FLEETING = "building, "
# A terminal or a pipe that is gone, a stream that is closed, none at all.
LOST = OSError, ValueError, AttributeError


class Heedless:
    """stderr, where nobody needs to read it: when every host has to go back, who watched may be gone."""

    @property
    def file(self) -> TextIO:
        """The one that is there now, below what rich puts in its place."""
        file: TextIO = getattr(sys.stderr, "rich_proxied_file", sys.stderr)
        return file

    def write(self, text: str) -> int:
        """Write, or not."""
        with suppress(*LOST):
            self.file.write(text)
        return len(text)

    def flush(self) -> None:
        """Have it written, or not."""
        with suppress(*LOST):
            self.file.flush()

    def __getattr__(self, name: str) -> Any:
        """What it is beyond that."""
        return getattr(self.file, name)


PAGE = Console(file=cast(TextIO, Heedless()), emoji=False, highlight=False)


class Working:
    """The last line of the terminal while work goes on: the stage, and since when. It leaves no trace."""

    def __init__(self, stage: str) -> None:
        columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
        self.bar = Progress(*columns, console=PAGE, transient=True, disable=not PAGE.is_terminal)
        self.task = self.bar.add_task(stage, total=None)

    def __enter__(self) -> Self:
        self.bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bar.stop()

    def at(self, stage: str) -> None:
        """The next stage begins."""
        self.bar.reset(self.task, description=stage)

    def say(self, sentence: str) -> None:
        """A line; what is fleeting is only seen while it lasts."""
        if sentence.startswith(FLEETING):
            self.bar.update(self.task, description=escape(sentence))
        else:
            say(sentence)

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Leave the terminal to a question meanwhile."""
        self.bar.stop()
        yield
        self.bar.start()


def say(sentence: str) -> None:
    """A line."""
    PAGE.print(escape(sentence), soft_wrap=True)
