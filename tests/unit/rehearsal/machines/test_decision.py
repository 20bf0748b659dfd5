"""From what the API wants and what Docker has to the next step."""

import pytest

from ec2.rehearsal.machines.decision import POWERED_OFF, REBOOTED, Host, Step, next_step
from ec2.rehearsal.machines.instances import Instance


def instance(state: str) -> Instance:
    return Instance(
        "i-1",
        "app",
        state,
        "t3.micro",
        "ami-1",
        "vpc-1",
        "subnet-1",
        "10.0.0.4",
        "ip-10-0-0-4",
        "",
        "",
        "/dev/xvda",
    )


def host(running: bool, exit_status: int = 0, lasted: float = 600, fresh: bool = False) -> Host:
    return Host("i-1", "c1", running, exit_status, lasted, fresh)


RUNS, STOPPED = host(True), host(False)


@pytest.mark.parametrize(
    ("state", "there", "step"),
    [
        ("pending", None, Step.LAUNCH),
        ("pending", STOPPED, Step.START),
        ("pending", RUNS, Step.SAY_RUNNING),
        ("running", RUNS, None),
        ("running", None, Step.SAY_FAILED),
        ("stopping", RUNS, Step.STOP),
        ("stopping", STOPPED, Step.SAY_STOPPED),
        ("stopping", None, Step.SAY_STOPPED),
        ("stopped", STOPPED, None),
        ("stopped", RUNS, Step.STOP),
        ("shutting-down", RUNS, Step.REMOVE),
        ("shutting-down", STOPPED, Step.REMOVE),
        ("shutting-down", None, Step.SAY_TERMINATED),
        ("terminated", RUNS, Step.REMOVE),
        ("terminated", None, None),
    ],
)
def test_each_state_leads_one_step_on(state: str, there: Host | None, step: Step | None) -> None:
    assert next_step(instance(state), there) is step


def test_a_host_of_no_instance_is_removed() -> None:
    assert next_step(None, RUNS) is Step.REMOVE


def test_a_host_that_is_to_reboot_does_so_once_it_runs() -> None:
    assert next_step(instance("running"), RUNS, reboot=True) is Step.REBOOT
    assert next_step(instance("pending"), None, reboot=True) is Step.LAUNCH


def test_a_host_that_was_shut_down_from_inside_is_told_to_the_api() -> None:
    assert next_step(instance("running"), host(False, POWERED_OFF, lasted=3)) is Step.SAY_POWERED_OFF


def test_a_host_that_rebooted_itself_is_started_again_however_young() -> None:
    assert next_step(instance("running"), host(False, REBOOTED, lasted=3)) is Step.START


def test_a_host_that_ended_while_it_booted_is_given_up() -> None:
    assert next_step(instance("running"), host(False, 1, lasted=3)) is Step.SAY_FAILED


def test_a_host_that_ended_in_its_first_boot_is_given_up_however_long_that_took() -> None:
    for state in ("pending", "running"):
        given = next_step(instance(state), host(False, 137, lasted=60), booting=True, first_boot=True)
        assert given is Step.SAY_FAILED
    rebooted = host(False, REBOOTED, lasted=60)
    assert next_step(instance("running"), rebooted, booting=True, first_boot=True) is Step.START


def test_a_host_that_ended_before_anybody_saw_it_run_is_not_started_for_ever() -> None:
    assert next_step(instance("pending"), host(False, 1, lasted=0.1), booting=True) is Step.SAY_FAILED
    assert next_step(instance("pending"), host(False, 137, lasted=600)) is Step.START, "it was stopped before"


def test_a_host_that_the_engine_took_along_is_started_again() -> None:
    assert next_step(instance("running"), host(False, 137, lasted=600)) is Step.START


def test_a_host_that_was_made_and_never_started_is_started() -> None:
    assert next_step(instance("running"), host(False, 0, lasted=0, fresh=True)) is Step.START
