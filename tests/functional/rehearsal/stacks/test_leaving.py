"""What becomes of resources when they leave their stack."""

import json
from typing import Any

import pytest

from tests.functional.rehearsal.stacks.conftest import Stacks, refusal
from tests.functional.rehearsal.stacks.sample_templates import bucket, parameter, text, topic, volume


def test_a_retained_resource_stays_and_its_event_says_so(stacks: Stacks, aws: Any) -> None:
    policies = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
    template = text(Resources={"Kept": {**topic("kept"), **policies}, "Gone": topic("gone")})
    stack_id = stacks.create("retaining", template)["StackId"]
    stacks.delete("retaining")
    assert [one["TopicArn"].rsplit(":", 1)[-1] for one in aws("sns").list_topics()["Topics"]] == ["kept"]
    assert ("Kept", "DELETE_SKIPPED") in stacks.events(stack_id)
    assert ("Gone", "DELETE_COMPLETE") in stacks.events(stack_id)


@pytest.mark.parametrize(("policy", "left"), [("Retain", 1), ("RetainExceptOnCreate", 0)])
def test_only_retain_outlives_the_rollback_of_its_own_creation(
    stacks: Stacks, aws: Any, policy: str, left: int
) -> None:
    aws("ssm").put_parameter(Name="taken", Type="String", Value="before")
    kept = {**topic("kept"), "DeletionPolicy": policy, "UpdateReplacePolicy": "Retain"}
    body = text(Resources={"Kept": kept, "Taken": parameter("x", "taken", DependsOn="Kept")})
    assert stacks.create("rolled", body)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert len(aws("sns").list_topics()["Topics"]) == left


def test_the_original_of_a_replaced_resource_is_kept_when_asked_for(stacks: Stacks, aws: Any) -> None:
    def template(name: str) -> str:
        return text(Resources={"News": {**topic(name), "UpdateReplacePolicy": "Retain"}})

    stacks.create("replacing", template("a"))
    stacks.update("replacing", template("b"))
    assert len(aws("sns").list_topics()["Topics"]) == 2
    stacks.delete("replacing")
    assert [one["TopicArn"].rsplit(":", 1)[-1] for one in aws("sns").list_topics()["Topics"]] == ["a"]


def test_a_volume_leaves_a_snapshot(stacks: Stacks, aws: Any) -> None:
    policies = {"DeletionPolicy": "Snapshot", "UpdateReplacePolicy": "Snapshot"}
    stacks.create("snapped", text(Resources={"Disk": volume(**policies)}))
    held = aws("ec2").describe_volumes()["Volumes"]
    stacks.delete("snapped")
    assert aws("ec2").describe_volumes()["Volumes"] == []
    snapshots = aws("ec2").describe_snapshots(OwnerIds=["self"])["Snapshots"]
    assert held[0]["VolumeId"] in [snapshot["VolumeId"] for snapshot in snapshots]


def test_a_type_without_snapshots_cannot_be_asked_for_one(cloud: Any, stacks: Stacks) -> None:
    kept = {**topic("x"), "DeletionPolicy": "Snapshot"}
    refused = refusal(cloud.create_stack, StackName="x", TemplateBody=json.dumps({"Resources": {"X": kept}}))
    assert refused == (
        "ValidationError",
        "Template error: resource type AWS::SNS::Topic does not support deletion policy Snapshot",
    )


def test_a_failed_deletion_says_why_and_can_leave_the_resource_behind(
    stacks: Stacks, cloud: Any, aws: Any
) -> None:
    body = text(Resources={"Full": bucket("full-of-things"), "News": topic("news")})
    stack_id = stacks.create("stuck", body)["StackId"]
    aws("s3").put_object(Bucket="full-of-things", Key="thing", Body=b"thing")
    assert "RetainResources" not in stacks.settled("stuck")
    refused = refusal(cloud.delete_stack, StackName="stuck", RetainResources=["Full"])
    assert "Resources can only be retained when" in refused[1]
    stacks.delete("stuck")
    stack = stacks.settled("stuck")
    assert stack["StackStatus"] == "DELETE_FAILED"
    assert stack["StackStatusReason"] == "The following resource(s) failed to delete: [Full]. "
    assert "The bucket you tried to delete is not empty" in stacks.reasons("stuck", "DELETE_FAILED")[0]
    assert aws("sns").list_topics()["Topics"] == []
    stacks.delete("stuck", RetainResources=["Full"])
    assert stacks.settled(stack_id)["StackStatus"] == "DELETE_COMPLETE"
    assert aws("s3").list_objects_v2(Bucket="full-of-things")["KeyCount"] == 1


def test_a_resource_is_deleted_before_what_it_leans_on(stacks: Stacks) -> None:
    body = text(Resources={"News": topic("news"), "Address": parameter({"Ref": "News"})})
    stack_id = stacks.create("ordered", body)["StackId"]
    stacks.delete("ordered")
    events = stacks.events(stack_id)
    assert events.index(("Address", "DELETE_COMPLETE")) < events.index(("News", "DELETE_IN_PROGRESS"))
