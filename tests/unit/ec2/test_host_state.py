"""What a host says of itself becomes values."""

from datetime import UTC, datetime

from ec2.host_state import Alert, Container, Disk, HostState, parse

PRINTED = """\
release\t20260131T120000Z-0a1b2c3d4e5f
left_out\tjenkins grafana
expected\tnginx
expected\tmariadb
expected\tnode_exporter
since\t1769860800
memory\t2000\t500
load\t0.10\t0.20\t0.30
processors\t2
disk\t/\t1000\t250
disk\t/srv/database\t500\t5
container\tc1\tnginx\t1\trunning\thealthy\t2026-01-31T12:00:00.123456789Z\t0\tmicroblog/nginx:77aa
container\tc2\tmariadb\t1\texited\tunhealthy\t2026-01-31T12:05:00.5Z\t137\tmicroblog/mariadb:88bb
log\tshutting down
log\t\tgone\tfor good
"""


def container(service: str, state: str = "running", health: str = "healthy", number: int = 1) -> Container:
    return Container("c", service, number, state, health, None, 0, f"microblog/{service}:1")


def test_every_fact_has_its_place() -> None:
    state = parse(PRINTED)
    assert state.release == "20260131T120000Z-0a1b2c3d4e5f"
    assert state.left_out == ("jenkins", "grafana")
    assert state.since == datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
    assert (state.memory_used, state.memory_total) == (500, 2000)
    assert (state.load, state.processors) == ((0.1, 0.2, 0.3), 2)
    assert state.disks == (Disk("/", 1000, 250), Disk("/srv/database", 500, 5))


def test_a_container_that_is_not_well_comes_with_its_last_lines_as_they_were() -> None:
    mariadb, nginx = parse(PRINTED).containers
    assert (nginx.service, nginx.well, nginx.last_lines, nginx.tag) == ("nginx", True, (), "77aa")
    assert (mariadb.service, mariadb.well, mariadb.exit_code) == ("mariadb", False, 137)
    assert mariadb.last_lines == ("shutting down", "\tgone\tfor good")
    assert mariadb.since == datetime(2026, 1, 31, 12, 5, tzinfo=UTC)


def test_what_the_release_has_and_nobody_runs_is_missing() -> None:
    assert parse(PRINTED).missing == ("node_exporter",)


def test_a_container_without_a_health_check_is_well_while_it_runs_and_one_that_never_ran_has_no_time() -> (
    None
):
    line = "container\tc\tx\t1\t{}\t-\t{}\t0\tmicroblog/x:1"
    (running,) = parse(line.format("running", "2026-01-31T12:00:00Z")).containers
    (created,) = parse(line.format("created", "0001-01-01T00:00:00Z")).containers
    assert running.well
    assert not created.well
    assert created.since is None


def test_a_fact_that_is_not_known_here_changes_nothing() -> None:
    assert parse("colour\tblue\n") == HostState()


def test_a_service_with_two_containers_has_them_both_and_the_second_by_its_number() -> None:
    line = "container\tc\tmicroblog\t{}\trunning\thealthy\t2026-01-31T12:00:00Z\t0\tmicroblog/microblog:1\n"
    assert [str(each) for each in parse(line.format(2) + line.format(1)).containers] == [
        "microblog",
        "microblog-2",
    ]


def test_a_host_is_well_when_it_runs_all_of_a_release_and_has_its_disks() -> None:
    well = HostState(release="r", expected=("nginx",), containers=(container("nginx"),))
    assert well.well
    assert not HostState().well
    for fact in ("unmounted\t/srv/database", "problem\tDocker does not answer", "expected\tmariadb"):
        broken = "release\tr\n" + fact
        assert not parse(broken).well


def test_while_it_starts_a_service_is_not_well_yet() -> None:
    starting = HostState(release="r", containers=(container("nginx", health="starting"),))
    assert starting.unwell == starting.containers


def test_alerts_are_told_in_their_own_words() -> None:
    state = parse("alert\tcritical\tThe host jenkins is gone.\nalert\twarning\tThe microblog is slow.\n")
    assert state.alerts == (
        Alert("critical", "The host jenkins is gone."),
        Alert("warning", "The microblog is slow."),
    )
