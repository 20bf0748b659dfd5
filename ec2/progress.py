"""What goes on, on stderr: a line per thing that happens, and below it on a terminal what takes how long."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

PAGE = Console(stderr=True, highlight=False)
# The steps of a build are too many for lines.
FLEETING = "building, "


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
