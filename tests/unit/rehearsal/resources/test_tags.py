"""The template's tags over the stack's."""

from ec2.rehearsal.stacks.resources.contract import Place
from ec2.rehearsal.stacks.resources.tags import TagChange, all_tags, own_tags, specified, tag_change

PLACE = Place("demo", "arn", "It", {"aws:cloudformation:stack-name": "demo", "Owner": "team"}, "r", "1")


def test_the_templates_own_win() -> None:
    given = {"Tags": [{"Key": "Owner", "Value": "me"}]}
    assert all_tags(given, PLACE) == {"aws:cloudformation:stack-name": "demo", "Owner": "me"}


def test_a_map_of_tags_is_as_good_as_a_list() -> None:
    assert all_tags({"Tags": {"Owner": "me"}}, PLACE)["Owner"] == "me"


def test_only_what_nobody_wants_any_more_is_dropped() -> None:
    old = {"Tags": [{"Key": "Name", "Value": "a"}, {"Key": "Owner", "Value": "me"}]}
    wanted = {"aws:cloudformation:stack-name": "demo", "Owner": "team"}
    assert tag_change(old, {}, PLACE) == TagChange(wanted, ["Name"])


def test_aws_own_tags_are_not_read() -> None:
    live = [{"Key": "b", "Value": "2"}, {"Key": "aws:x", "Value": "3"}, {"Key": "a", "Value": "1"}]
    assert own_tags(live) == [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]


def test_ec2_is_asked_for_no_empty_list() -> None:
    assert specified("vpc", {}) == {}
