"""What a plan says, to a person and to a script."""

from dataclasses import replace

import pytest

from ec2.deploy import refuse_forbidden, refuse_without_secrets
from ec2.errors import SecretMissing, StackFailed
from ec2.facts import Facts, Sending
from ec2.inventory import Host
from ec2.outlook import Outlook, read_outlook
from ec2.plan import Plan
from ec2.plan_table import lines
from ec2.stack import INSTANCE, Change
from ec2.stack import Plan as StackPlan

APP = Host("app", ("app",), "i-1", "198.18.0.10", "10.20.1.4")
JENKINS = Host("jenkins", ("jenkins",), "i-2", "198.18.0.11", "10.20.1.5")
FACTS = Facts("amd64", 0.0, 2**30, 2**33)
STAYS = StackPlan("blog", "", creates=False, changes=())


def outlook(**changes: str) -> Outlook:
    return Outlook(FACTS, "20261124T100000Z-abc", "mark", changes)


def plan(seen: Outlook, sending: Sending = Sending(0, 0), stack: StackPlan = STAYS, tag: str = "abc") -> Plan:  # noqa: B008
    return Plan(stack, tag, {APP: seen}, {APP: sending})


def test_the_microblog_is_replaced_without_an_interruption() -> None:
    shown = lines(plan(outlook(microblog="replace", nginx="keep"), Sending(2, 1_500_000)))
    assert shown == [
        "the stack at AWS stays as it is",
        "app  replaced: microblog; 1 unchanged; 2 layers to send, 1.5 MB unpacked",
        "interruption: none",
    ]


def test_what_cannot_run_twice_says_what_people_notice() -> None:
    made = plan(outlook(nginx="replace", mysqld_exporter="replace", microblog="start", old="remove"))
    assert lines(made)[1:] == [
        "app  replaced: mysqld_exporter, nginx; started again: microblog; removed: old",
        "interruption by nginx: the microblog is not reached for about a second",
    ]


def test_nothing_to_do_is_one_line_and_needs_all_of_it() -> None:
    assert lines(plan(outlook(nginx="keep"))) == [
        "nothing to do: every host runs abc, healthy, on a stack as it should be"
    ]
    changes = StackPlan("blog", "deploy-1", creates=False, changes=())
    for other in (
        plan(outlook(nginx="start")),
        plan(outlook(nginx="keep"), tag="def"),
        plan(outlook(nginx="keep"), stack=changes),
        plan(outlook()),
        Plan(STAYS, "abc", {APP: outlook(nginx="keep")}, {APP: Sending(0, 0)}, {JENKINS: "it is stopped"}),
        Plan(STAYS, "abc"),
    ):
        assert not other.nothing_to_do


def test_what_a_killed_launcher_left_is_something_to_do() -> None:
    begun = Outlook(FACTS, "20261124T100000Z-abc", "mark", {"nginx": "keep"}, finished=False)
    left = plan(begun)
    assert not left.nothing_to_do
    assert lines(left)[1:3] == [
        "app  1 unchanged",
        "a deployment was broken off on these hosts; this one brings them together",
    ]
    other = Outlook(FACTS, "20261124T090000Z-abc", "mark", {"nginx": "keep"})
    apart = Plan(STAYS, "abc", {APP: outlook(nginx="keep"), JENKINS: other}, {})
    assert not apart.nothing_to_do


def test_a_new_stack_is_counted_and_an_update_is_told() -> None:
    new = StackPlan(
        "blog", "deploy-1", creates=True, changes=(Change("Add", "Vpc", "AWS::EC2::VPC", "False"),)
    )
    assert lines(Plan(new, "abc")) == ["to create the stack 'blog': 1 to add"]
    update = StackPlan(
        "blog", "deploy-2", creates=False, changes=(Change("Modify", "App", "AWS::EC2::Instance", "True"),)
    )
    assert lines(Plan(update, "abc"))[1] == "  replace App (AWS::EC2::Instance)"


def test_a_host_that_is_stopped_for_a_change_is_told_with_what_people_notice() -> None:
    resized = host_change("InstanceType", "SecurityGroupIds")
    update = StackPlan("blog", "deploy-2", creates=False, changes=(resized,))
    made = plan(outlook(nginx="keep"), stack=update)
    assert lines(made) == [
        "to update the stack 'blog': 1 to stop and start",
        "  stop and start AppHost (AWS::EC2::Instance)",
        "app  1 unchanged",
        "interruption by AppHost: it stops and starts, and what runs there is back after some minutes",
    ]
    assert made.forbidden == ()
    assert made.plain()["stack"][0]["stops"] is True


def test_a_volume_that_is_enlarged_is_told_with_what_that_takes() -> None:
    larger = Change("Modify", "AppDatabaseVolume", "AWS::EC2::Volume", "False", "vol-1", frozenset({"Size"}))
    update = StackPlan("blog", "deploy-2", creates=False, changes=(larger,))
    made = plan(outlook(nginx="keep"), stack=update)
    assert lines(made)[1] == (
        "  modify AppDatabaseVolume (AWS::EC2::Volume): "
        "AWS takes up to six hours per TiB to enlarge it; it stays in use meanwhile"
    )
    assert lines(made)[-1] == "interruption: none"


def test_what_changes_of_a_host_while_it_runs_interrupts_nobody() -> None:
    # A group that changes makes CloudFormation say so of every host that is in it.
    update = StackPlan("blog", "deploy-2", creates=False, changes=(host_change("SecurityGroupIds"),))
    made = plan(outlook(nginx="keep"), stack=update)
    assert lines(made)[1] == "  modify AppHost (AWS::EC2::Instance)"
    assert lines(made)[-1] == "interruption: none"


def test_where_hosts_change_what_they_said_before_is_not_believed() -> None:
    role = Change("Modify", "Role", "AWS::IAM::Role", "False")
    assert not StackPlan("blog", "deploy-2", creates=False, changes=(role,)).changes_hosts
    assert StackPlan("blog", "deploy-2", creates=False, changes=(role, host_change())).changes_hosts


def host_change(*properties: str) -> Change:
    """A change of the host app that CloudFormation calls conditional."""
    return Change("Modify", "AppHost", INSTANCE, "Conditional", "i-1", frozenset(properties))


def test_what_the_policy_of_the_stack_forbids_is_known_before() -> None:
    moved = Change("Modify", "Network", "AWS::EC2::VPC", "True")
    perhaps = host_change("InstanceType")
    other_disk = host_change("BlockDeviceMappings", "InstanceType")
    role = Change("Modify", "Role", "AWS::IAM::Role", "True")
    update = StackPlan("blog", "deploy-2", creates=False, changes=(moved, perhaps, other_disk, role))
    assert Plan(update, "abc").forbidden == (moved, other_disk)
    with pytest.raises(StackFailed, match=r"what never is.*: Network \(.*\), AppHost \(AWS::EC2::Instance\)"):
        refuse_forbidden(Plan(update, "abc"))
    first = StackPlan("blog", "deploy-1", creates=True, changes=(moved,))
    assert Plan(first, "abc").forbidden == ()


def test_a_host_that_goes_is_said_to_and_interrupts_nobody() -> None:
    removed = Change("Remove", "AppHost", "AWS::EC2::Instance", "False", physical_id="i-1")
    shrinks = StackPlan("blog", "deploy-2", creates=False, changes=(removed,))
    shown = lines(plan(outlook(nginx="replace"), stack=shrinks))
    assert shown[-2:] == ["app  goes, with all that runs there", "interruption: none"]


def test_a_host_that_is_not_reached_is_part_of_the_plan() -> None:
    made = Plan(STAYS, "abc", {APP: outlook(nginx="keep")}, {APP: Sending(0, 0)}, {JENKINS: "it is stopped"})
    assert "jenkins  not looked at: it is stopped" in lines(made)
    assert made.plain()["unseen"] == {"jenkins": "it is stopped"}


def test_what_a_host_prints_is_read() -> None:
    printed = (
        "architecture x86_64\ntime 10.0\nmemory_kib 1024\nfree_bytes 2048\n"
        "serves 20261124T100000Z-abc\nprovisioned 0123\nservice nginx keep\nservice microblog replace\n"
    )
    seen = read_outlook(printed, 9.0, 11.0)
    assert (seen.serves, seen.provisioned) == ("20261124T100000Z-abc", "0123")
    assert seen.changes == {"nginx": "keep", "microblog": "replace"}
    assert not seen.changes_nothing


def test_a_host_that_never_had_a_release_has_nothing_to_say_of_one() -> None:
    bare = "architecture x86_64\ntime 10.0\nmemory_kib 1024\ndocker not installed\nfree_bytes 2048\n"
    seen = read_outlook(bare, 9.0, 11.0)
    assert (seen.serves, seen.changes, seen.changes_nothing) == ("", {}, False)


def test_a_secret_that_nobody_has_given_is_told_and_refused_before_anybody_is_asked() -> None:
    wants = replace(plan(outlook(nginx="keep")), missing_secrets=("mail_password",))
    assert not wants.nothing_to_do
    assert lines(wants)[-1] == (
        "missing secret mail_password: nothing can be deployed before 'python -m ec2 secret mail_password'"
    )
    assert wants.plain()["missing_secrets"] == ["mail_password"]
    with pytest.raises(SecretMissing, match="nothing was changed") as refused:
        refuse_without_secrets(wants)
    assert refused.value.hint == "python -m ec2 secret mail_password"
