"""What Prometheus is told of deployments, in the words of its own format."""

from dataclasses import asdict, replace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from ec2.host.deployments import told
from ec2.ledger import Entry

BEGUN = Entry("deploy", "20261128-abc", "abc", "2026-11-28T15:00:00.000+00:00", "ada@desk")
DONE = BEGUN.done({"images": 3.2, "rollout": 20}, 123_456_789_012)
FAILED = replace(BEGUN, release="20261128-def", at="2026-11-28T16:00:00.000+00:00").failed("sick")
ROLLED_BACK = replace(BEGUN, action="rollback", at="2026-11-28T17:00:00.000+00:00").done({"rollback": 4}, 0)


def after(*entries: Entry) -> str:
    """The file once these ended one after the other."""
    text = ""
    for entry in entries:
        text = told(text, asdict(entry))
    return text


def samples(text: str, name: str) -> dict[tuple[str, ...], float]:
    """Values by the values of the labels, as Prometheus's own client reads them."""
    families = text_string_to_metric_families(text)
    found = [sample for family in families for sample in family.samples if sample.name == name]
    return {tuple(sample.labels.values()): sample.value for sample in found}


def test_counters_are_there_before_there_is_anything_to_count() -> None:
    assert samples(after(BEGUN), "stack_deployments_total") == {
        ("deploy", "done"): 0, ("deploy", "failed"): 0, ("rollback", "done"): 0, ("rollback", "failed"): 0,
    }  # fmt: skip
    assert samples(after(BEGUN), "stack_release_info") == {}


def test_what_serves_is_told_with_how_long_it_took() -> None:
    text = after(BEGUN, DONE)
    assert samples(text, "stack_deployments_total")["deploy", "done"] == 1
    assert samples(text, "stack_release_info") == {("20261128-abc", "abc"): 1}
    assert samples(text, "stack_deployment_stage_seconds") == {
        ("deploy", "images"): 3.2, ("deploy", "rollout"): 20,
    }  # fmt: skip
    assert samples(text, "stack_deployment_timestamp_seconds") == {("deploy", "done"): 1_795_878_000}
    assert samples(text, "stack_deployment_uplink_bytes") == {(): 123_456_789_012}


def test_what_failed_is_counted_and_what_served_serves() -> None:
    text = after(BEGUN, DONE, FAILED)
    assert samples(text, "stack_deployments_total")["deploy", "failed"] == 1
    assert samples(text, "stack_release_info") == {("20261128-abc", "abc"): 1}


def test_a_rollback_keeps_how_long_the_last_deployment_took() -> None:
    stages = samples(after(DONE, ROLLED_BACK), "stack_deployment_stage_seconds")
    assert stages == {("deploy", "images"): 3.2, ("deploy", "rollout"): 20, ("rollback", "rollback"): 4}


@pytest.mark.parametrize("entry", [DONE, FAILED, ROLLED_BACK])
def test_a_step_that_is_taken_twice_counts_once(entry: Entry) -> None:
    assert after(BEGUN, entry, entry) == after(BEGUN, entry)


@pytest.mark.parametrize("broken", ["stack_deployments_total{action=", "\0", "stack_release_info 1 2 3\n"])
def test_a_file_that_somebody_broke_begins_anew(broken: str) -> None:
    assert samples(told(broken, asdict(DONE)), "stack_deployments_total")["deploy", "done"] == 1
