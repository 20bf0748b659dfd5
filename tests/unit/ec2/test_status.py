"""What is wrong with a stack, in sentences, in JSON and on a terminal of 80 columns."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from rich.console import Console

from ec2.errors import HostUnreachable
from ec2.host_state import Alert, Container, Disk, HostState
from ec2.inventory import Host
from ec2.status import HostStatus, Status
from ec2.status_table import ago, print_status

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
APP = Host("app", ("app", "database"), "i-1", "198.18.0.7", "10.20.1.5")
MONITORING = Host("monitoring", ("monitoring",), "i-2", "198.18.0.8", "10.20.1.6")
RELEASE = "20260131T110000Z-0a1b2c3d4e5f"
NGINX = Container(
    "c" * 64, "nginx", 1, "running", "healthy", NOW - timedelta(hours=2), 0, "microblog/nginx:7"
)
GIB = 2**30
WELL = HostState(
    release=RELEASE,
    expected=("nginx",),
    since=NOW - timedelta(days=3),
    memory_total=2 * GIB,
    memory_used=GIB,
    load=(0.5, 0.4, 0.3),
    processors=2,
    disks=(Disk("/", 20 * GIB, 3 * GIB), Disk("/srv/database", 20 * GIB, 19 * GIB)),
    containers=(NGINX,),
)
STOPPED = HostStatus(
    MONITORING, "stopped", failure=HostUnreachable("monitoring is stopped", "python -m ec2 start")
)


def status(*hosts: HostStatus) -> Status:
    return Status("blog", NOW, hosts)


def sentences(*hosts: HostStatus) -> list[str]:
    return [problem.sentence for problem in status(*hosts).problems]


def changed(state: HostState, **facts: object) -> HostStatus:
    return HostStatus(APP, "running", HostState(**{**state.__dict__, **facts}))


def shown(of: Status) -> list[str]:
    page = StringIO()
    print_status(Console(file=page, width=80, highlight=False), of)
    return [line.rstrip() for line in page.getvalue().splitlines()]


def test_a_stack_on_one_release_with_every_service_healthy_has_no_problem() -> None:
    assert sentences(HostStatus(APP, "running", WELL), HostStatus(MONITORING, "running", WELL)) == []


def test_a_host_that_is_stopped_is_a_problem_and_a_row() -> None:
    found = status(HostStatus(APP, "running", WELL), STOPPED)
    assert [(each.sentence, each.hint) for each in found.problems] == [
        ("monitoring is stopped", "python -m ec2 start")
    ]
    assert [host["state"] for host in found.plain()["hosts"]] == ["running", "stopped"]
    assert found.plain()["hosts"][1]["release"] is None


def test_a_running_host_that_does_not_answer_leads_to_its_console() -> None:
    silent = HostStatus(
        APP, "running", failure=HostUnreachable("app was not reached", "python -m ec2 status")
    )
    (problem,) = status(silent).problems
    assert problem.hint.startswith("aws ec2 get-console-output")


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"release": ""}, "app: runs no release"),
        ({"expected": ("nginx", "mariadb")}, "app/mariadb has no container"),
        ({"unmounted": ("/srv/database",)}, "app: no volume is mounted at /srv/database"),
        ({"problems": ("Docker does not answer",)}, "app: Docker does not answer"),
    ],
)
def test_what_a_host_lacks_is_a_problem(facts: dict[str, object], sentence: str) -> None:
    assert sentences(changed(WELL, **facts)) == [sentence]


@pytest.mark.parametrize(
    ("state", "health", "lines", "sentence"),
    [
        ("running", "unhealthy", ("no route",), "app/x is unhealthy; the last it said:"),
        ("running", "starting", (), "app/x is starting and said nothing"),
        ("exited", "unhealthy", ("bye",), "app/x ended with status 3; the last it said:"),
        ("restarting", "", (), "app/x is restarting and said nothing"),
    ],
)
def test_a_service_that_is_not_well_is_a_problem_with_its_last_lines(
    state: str, health: str, lines: tuple[str, ...], sentence: str
) -> None:
    broken = Container("c", "x", 1, state, health, None, 3, "microblog/x:1", lines)
    (problem,) = status(changed(WELL, containers=(NGINX, broken))).problems
    assert (problem.sentence, problem.lines) == (sentence, lines)


def test_hosts_on_different_releases_are_a_problem() -> None:
    other = HostStatus(MONITORING, "running", HostState(**{**WELL.__dict__, "release": "older"}))
    assert sentences(HostStatus(APP, "running", WELL), other) == [
        f"hosts are on different releases: app: {RELEASE}; monitoring: older"
    ]


def test_on_80_columns_a_host_is_a_block_and_nothing_is_cut() -> None:
    assert shown(status(HostStatus(APP, "running", WELL), STOPPED)) == [
        "host           state        release           load, memory, disks",
        "app            running 3 d  20260131T110000Z  load       0.50 on 2 CPUs",
        "app, database  198.18.0.7   0a1b2c3d4e5f      memory     1.0 of 2.0 GiB",
        "                                              /          3.0 of 20.0 GiB",
        "                                              database   19.0 of 20.0 GiB",
        "",
        "monitoring     stopped      -",
        "monitoring     198.18.0.8",
        "",
        "host  service  state    health   for  image",
        "app   nginx    running  healthy  2 h  7",
        "",
        "monitoring is stopped",
        "try: python -m ec2 start",
        "",
        "1 problem",
    ]


def test_when_all_is_well_the_last_line_says_so_and_where() -> None:
    assert shown(status(HostStatus(APP, "running", WELL)))[-1] == "all is well at http://198.18.0.7/"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (7199, "1 h"),
        (86399, "23 h"),
        (86400 * 3, "3 d"),
        (-5, "0 s"),
    ],
)
def test_how_long_is_said_in_one_unit(seconds: int, words: str) -> None:
    assert ago(NOW - timedelta(seconds=seconds), NOW) == words


def test_alerts_that_fire_are_shown_and_are_no_problem_of_the_release() -> None:
    told = status(changed(WELL, alerts=(Alert("critical", "The host jenkins is gone."),)))
    assert told.problems == ()
    assert told.plain()["alerts"] == [{"severity": "critical", "summary": "The host jenkins is gone."}]
    printed = StringIO()
    print_status(Console(file=printed, width=80), told)
    assert "alert, critical: The host jenkins is gone.\n" in printed.getvalue()
