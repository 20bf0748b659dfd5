"""Names that nobody gave."""

import re

from ec2.rehearsal.stacks.resources.contract import Place
from ec2.rehearsal.stacks.resources.names import generated_name


def place(stack_name: str, logical_id: str) -> Place:
    return Place(stack_name, "arn", logical_id, {}, "us-east-1", "123456789012")


def test_a_name_says_stack_and_logical_id() -> None:
    assert re.fullmatch("microblog-AppRole-[A-Z0-9]{12}", generated_name(place("microblog", "AppRole"), 64))


def test_no_two_names_are_alike() -> None:
    assert generated_name(place("a", "B"), 64) != generated_name(place("a", "B"), 64)


def test_a_long_stack_gives_way_to_the_logical_id() -> None:
    name = generated_name(place("s" * 128, "AppRole"), 64)
    assert len(name) == 64
    assert "-AppRole-" in name


def test_both_are_cut_where_both_are_long() -> None:
    name = generated_name(place("s" * 128, "L" * 255), 63)
    assert len(name) == 63
    assert re.fullmatch("s{24}-L{25}-[A-Z0-9]{12}", name)
