"""A bucket's lifecycle: templates write its rules flat, the API in levels."""

from typing import Any

from ec2.rehearsal.stacks.resources.looking import picked
from ec2.rehearsal.stacks.resources.words import rename

Rule = dict[str, Any]

EXPIRATION = {"ExpirationInDays": "Days", "ExpirationDate": "Date"}
MARKER = "ExpiredObjectDeleteMarker"
TRANSITION = {"TransitionInDays": "Days", "TransitionDate": "Date"}
NONCURRENT = {"TransitionInDays": "NoncurrentDays"}
SIZES = ("ObjectSizeGreaterThan", "ObjectSizeLessThan")
ALIKE = ("Status", "AbortIncompleteMultipartUpload", "NoncurrentVersionExpiration")


def lifecycle_for_api(given: dict[str, Any]) -> dict[str, Any]:
    """The rules as PutBucketLifecycleConfiguration wants them."""
    return {"Rules": [rule_for_api(rule) for rule in given["Rules"]]}


def lifecycle_for_template(told: dict[str, Any]) -> dict[str, Any]:
    """The rules as a template writes them."""
    return {"Rules": [rule_for_template(rule) for rule in told["Rules"]]}


def rule_for_api(given: Rule) -> Rule:
    """One rule; the older forms for a single transition or a bare number of days are known, too."""
    rule = {**picked(given, *ALIKE), "Filter": filter_for_api(given)}
    expiration = rename(picked(given, *EXPIRATION, MARKER), EXPIRATION)
    transitions = given.get("Transitions") or [given[name] for name in ("Transition",) if name in given]
    noncurrent = given.get("NoncurrentVersionTransitions") or []
    if "NoncurrentVersionExpirationInDays" in given:
        rule["NoncurrentVersionExpiration"] = {"NoncurrentDays": given["NoncurrentVersionExpirationInDays"]}
    if "Id" in given:
        rule["ID"] = given["Id"]
    if expiration:
        rule["Expiration"] = expiration
    if transitions:
        rule["Transitions"] = [rename(entry, TRANSITION) for entry in transitions]
    if noncurrent:
        rule["NoncurrentVersionTransitions"] = [rename(entry, NONCURRENT) for entry in noncurrent]
    return rule


def filter_for_api(given: Rule) -> dict[str, Any]:
    """Which objects are meant: one condition by itself, several under And."""
    sizes = {name: int(given[name]) for name in SIZES if name in given}
    prefix = picked(given, "Prefix")
    tags = given.get("TagFilters") or []
    if len(tags) == 1 and not sizes and not prefix:
        return {"Tag": tags[0]}
    conditions = {**prefix, **sizes, **({"Tags": tags} if tags else {})}
    if not conditions:
        return {"Prefix": ""}
    return {"And": conditions} if len(conditions) > 1 or tags else conditions


def rule_for_template(told: Rule) -> Rule:
    """And back."""
    rule = picked(told, *ALIKE)
    if told.get("ID"):
        rule["Id"] = told["ID"]
    asked = told.get("Filter", {})
    conditions = asked.get("And", asked)
    tags = conditions.get("Tags") or [conditions[name] for name in ("Tag",) if name in conditions]
    rule |= {name: value for name, value in picked(conditions, "Prefix", *SIZES).items() if value != ""}
    if tags:
        rule["TagFilters"] = tags
    rule |= rename(told.get("Expiration", {}), {api: name for name, api in EXPIRATION.items()})
    for name, words in (("Transitions", TRANSITION), ("NoncurrentVersionTransitions", NONCURRENT)):
        if told.get(name):
            back = {api: template for template, api in words.items()}
            rule[name] = [rename(entry, back) for entry in told[name]]
    return rule
