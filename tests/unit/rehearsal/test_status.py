"""What `status` prints, wide and narrow."""

from io import StringIO

import pytest
from rich.console import Console

from ec2.rehearsal.settings import Rehearsal
from ec2.rehearsal.status import print_status

HOST = {
    "name": "app",
    "id": "i-ccb0208dd134a1bd0",
    "state": "running",
    "check": "ok",
    "type": "t3.small",
    "private": "10.66.1.4",
    "public": "198.18.77.82",
    "groups": "example-SecurityGroup-GDBUITKU4BF1",
}
KNOWN = {"process": 7, "hosts": [HOST], "stacks": []}


@pytest.mark.parametrize(
    ("columns", "terminal", "shown"),
    [
        (120, True, ["app", HOST["id"], "t3.small", "10.66.1.4", HOST["public"], HOST["groups"]]),
        (80, True, ["app", HOST["id"], "t3.small", "10.66.1.4", HOST["public"]]),
        (50, True, ["app", HOST["id"], "running", HOST["public"]]),
        (80, False, ["app", HOST["id"], "t3.small", "10.66.1.4", HOST["public"], HOST["groups"]]),
    ],
)
def test_a_row_is_one_line_with_what_there_is_room_for(
    columns: int, terminal: bool, shown: list[str]
) -> None:
    page = Console(file=StringIO(), width=columns, force_terminal=terminal, color_system=None)
    print_status(page, Rehearsal(), KNOWN)
    assert isinstance(page.file, StringIO)
    (row,) = [line for line in page.file.getvalue().splitlines() if line.startswith("app")]
    for value in HOST.values():
        assert (value in row) == (value in [*shown, "running", "ok"])
