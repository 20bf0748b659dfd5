"""Functions give what AWS documents for them."""

from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ec2.rehearsal.stacks.errors import ValidationError
from ec2.rehearsal.stacks.intrinsics import UNKNOWN, Scope, holds, leans_on_unknown, resolve

SCOPE = Scope(
    parameters={"Name": "news", "Ports": ["80", "443"], "Empty": "", "AWS::Region": "us-east-1"},
    mappings={"Sizes": {"us-east-1": {"small": "t3.micro"}}},
    conditions={
        "Named": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Name"}, ""]}]},
        "Both": {"Fn::And": [{"Condition": "Named"}, {"Fn::Equals": [1, "1"]}]},
        "Neither": {"Fn::Or": [{"Fn::Not": [{"Condition": "Both"}]}, {"Fn::Equals": ["a", "b"]}]},
    },
    physical_id=lambda name: f"id-of-{name}",
    attribute=lambda name, attribute: f"{attribute} of {name}",
    imported=lambda name: f"import of {name}",
    zones=lambda region: [f"{region}a", f"{region}b"],
    stored=lambda name: f"<{name}>",
)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ({"Ref": "Name"}, "news"),
        ({"Ref": "Host"}, "id-of-Host"),
        ({"Fn::GetAtt": ["Host", "PublicIp"]}, "PublicIp of Host"),
        ({"Fn::GetAtt": "Host.Endpoint.Port"}, "Endpoint.Port of Host"),
        ({"Fn::GetAtt": ["Host", {"Ref": "Name"}]}, "news of Host"),
        ({"Fn::Sub": "${Name}-${Host}-${Host.Arn}"}, "news-id-of-Host-Arn of Host"),
        ({"Fn::Sub": ["${Name} ${Own}", {"Own": {"Ref": "Name"}, "Name": "x"}]}, "x news"),
        ({"Fn::Sub": "${!aws:username} $5 ${Name}"}, "${aws:username} $5 news"),
        ({"Fn::Sub": "ports ${Ports}"}, "ports 80,443"),
        ({"Fn::Join": ["-", ["a", {"Ref": "Name"}, 5]]}, "a-news-5"),
        ({"Fn::Join": [",", {"Ref": "Ports"}]}, "80,443"),
        ({"Fn::Select": ["1", {"Ref": "Ports"}]}, "443"),
        ({"Fn::Split": [":", "a:b:"]}, ["a", "b", ""]),
        ({"Fn::Select": [0, {"Fn::GetAZs": ""}]}, "us-east-1a"),
        ({"Fn::GetAZs": "eu-west-1"}, ["eu-west-1a", "eu-west-1b"]),
        ({"Fn::Cidr": ["10.0.0.0/16", 2, 8]}, ["10.0.0.0/24", "10.0.1.0/24"]),
        ({"Fn::Cidr": ["10.0.0.0/24", "2", "4"]}, ["10.0.0.0/28", "10.0.0.16/28"]),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "AWS::Region"}, "small"]}, "t3.micro"),
        ({"Fn::FindInMap": ["Sizes", "x", "small", {"DefaultValue": {"Ref": "Name"}}]}, "news"),
        ({"Fn::If": ["Named", {"Ref": "Name"}, {"Ref": "AWS::NoValue"}]}, "news"),
        ({"Fn::ImportValue": {"Fn::Sub": "${Name}-vpc"}}, "import of news-vpc"),
        ({"Fn::Base64": "#!/bin/sh"}, "IyEvYmluL3No"),
        ("{{resolve:ssm:/a/b:3}} and {{resolve:ssm:c}}", "</a/b:3> and <c>"),
        ({"A": 1, "B": {"Ref": "AWS::NoValue"}, "C": [{"Ref": "AWS::NoValue"}, 2]}, {"A": 1, "C": [2]}),
        ({"Condition": {"StringEquals": {"aws:a": "b"}}}, {"Condition": {"StringEquals": {"aws:a": "b"}}}),
    ],
)
def test_a_function_gives_its_value(expression: Any, value: Any) -> None:
    assert resolve(expression, SCOPE) == value


@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        ({"Fn::Select": [2, ["a", "b"]]}, "there is no entry 2"),
        ({"Fn::Select": [-1, ["a", "b"]]}, "there is no entry -1"),
        ({"Fn::Cidr": ["10.0.0.0/24", 300, 4]}, "has no 300 networks"),
        ({"Fn::Cidr": ["10.0.0.7/24", 1, 4]}, "host bits"),
        ({"Fn::Join": [1, ["a"]]}, "needs a delimiter"),
        ({"Fn::Join": ["", [{"a": 1}]]}, "must be a text"),
        ({"Fn::FindInMap": ["Sizes", "x", "small"]}, "Unable to get mapping for Sizes::x::small"),
        ({"Fn::Transform": {"Name": "x"}}, "Fn::Transform is not supported"),
        ({"Fn::If": ["Nobody", 1, 2]}, "unresolved condition dependency Nobody"),
    ],
)
def test_a_function_that_cannot_be_resolved_says_why(expression: Any, sentence: str) -> None:
    with pytest.raises(ValidationError) as refused:
        resolve(expression, SCOPE)
    assert sentence in refused.value.message


def test_conditions_lean_on_each_other() -> None:
    assert [holds(name, SCOPE) for name in ("Named", "Both", "Neither")] == [True, True, False]


def test_the_branch_that_does_not_count_is_not_resolved() -> None:
    def absent(name: str) -> str:
        raise AssertionError(name)

    scope = replace(SCOPE, physical_id=absent)
    assert resolve({"Fn::If": ["Both", "a", {"Ref": "Host"}]}, scope) == "a"


@pytest.mark.parametrize(
    "expression",
    [
        {"Ref": "Host"},
        {"Fn::Sub": "${Host}:80"},
        {"Fn::Join": ["", ["a", {"Ref": "Host"}]]},
        {"Fn::Base64": {"Fn::Sub": "x ${Host}"}},
        {"Fn::Select": [1, {"Fn::Split": [".", {"Ref": "Host"}]}]},
        {"A": [{"B": {"Ref": "Host"}}]},
    ],
)
def test_what_leans_on_an_unknown_value_is_unknown(expression: Any) -> None:
    scope = replace(SCOPE, physical_id=lambda _: UNKNOWN)
    assert leans_on_unknown(resolve(expression, scope))
    assert resolve({"Fn::Select": [0, ["known", {"Ref": "Host"}]]}, scope) == "known"


@given(st.lists(st.text(st.characters(exclude_characters=",{}")), min_size=1))
def test_split_undoes_join(words: list[str]) -> None:
    assert resolve({"Fn::Split": [",", {"Fn::Join": [",", words]}]}, SCOPE) == words


@given(st.text(st.characters(exclude_characters="${}")), st.text(st.characters(exclude_characters="${}")))
def test_sub_leaves_everything_else_as_it_is(before: str, after: str) -> None:
    assert resolve({"Fn::Sub": f"{before}${{Name}}{after}"}, SCOPE) == f"{before}news{after}"


@given(st.integers(16, 24), st.integers(4, 8), st.integers(1, 16))
def test_cidr_gives_networks_that_lie_inside_and_apart(prefix: int, bits: int, count: int) -> None:
    block = ip_network(f"10.0.0.0/{prefix}")
    if count > 2 ** (32 - prefix - bits):
        return
    networks = [ip_network(one) for one in resolve({"Fn::Cidr": [str(block), count, bits]}, SCOPE)]
    assert [network.num_addresses for network in networks] == [2**bits] * count
    assert all(network.subnet_of(block) for network in networks)
    assert len(set(networks)) == count
