"""Lifecycle rules there and back."""

from typing import Any

import pytest

from ec2.rehearsal.stacks.resources.bucket_lifecycle import lifecycle_for_api, lifecycle_for_template

RULES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "everything": (
        {"ExpirationInDays": 30},
        {"Filter": {"Prefix": ""}, "Expiration": {"Days": 30}},
    ),
    "a prefix": (
        {"Id": "x", "Prefix": "logs/", "ExpiredObjectDeleteMarker": True},
        {"ID": "x", "Filter": {"Prefix": "logs/"}, "Expiration": {"ExpiredObjectDeleteMarker": True}},
    ),
    "a tag": (
        {"TagFilters": [{"Key": "a", "Value": "b"}], "ExpirationInDays": 1},
        {"Filter": {"Tag": {"Key": "a", "Value": "b"}}, "Expiration": {"Days": 1}},
    ),
    "a prefix and a size": (
        {"Prefix": "logs/", "ObjectSizeGreaterThan": 100, "ExpirationInDays": 1},
        {
            "Filter": {"And": {"Prefix": "logs/", "ObjectSizeGreaterThan": 100}},
            "Expiration": {"Days": 1},
        },
    ),
    "old versions": (
        {
            "NoncurrentVersionExpiration": {"NoncurrentDays": 7},
            "NoncurrentVersionTransitions": [{"StorageClass": "GLACIER", "TransitionInDays": 3}],
            "Transitions": [{"StorageClass": "STANDARD_IA", "TransitionInDays": 30}],
        },
        {
            "Filter": {"Prefix": ""},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 7},
            "NoncurrentVersionTransitions": [{"StorageClass": "GLACIER", "NoncurrentDays": 3}],
            "Transitions": [{"StorageClass": "STANDARD_IA", "Days": 30}],
        },
    ),
}


@pytest.mark.parametrize(("template", "api"), RULES.values(), ids=RULES)
def test_a_rule_is_said_in_both_languages(template: dict[str, Any], api: dict[str, Any]) -> None:
    given, asked = ({"Rules": [{"Status": "Enabled", **rule}]} for rule in (template, api))
    assert lifecycle_for_api(given) == asked
    assert lifecycle_for_template(asked) == given


def test_older_forms_are_understood() -> None:
    old = {"Status": "Enabled", "Transition": {"StorageClass": "GLACIER", "TransitionInDays": 9}}
    rule = lifecycle_for_api({"Rules": [{**old, "NoncurrentVersionExpirationInDays": 5}]})["Rules"][0]
    assert rule["Transitions"] == [{"StorageClass": "GLACIER", "Days": 9}]
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 5}
