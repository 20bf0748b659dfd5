"""Drift: found in what was changed or deleted by hand, and nowhere else."""

import json
from typing import Any

from tests.functional.rehearsal.stacks.conftest import Stacks, refusal
from tests.functional.rehearsal.stacks.sample_templates import parameter, text, topic

BODY = text(
    Parameters={"Word": {"Type": "String", "NoEcho": True, "Default": "hush-hush"}},
    Resources={"News": topic("news", DisplayName="News"), "Secret": parameter({"Ref": "Word"}, "secret")},
)


def detected(stacks: Stacks, cloud: Any, name: str) -> dict[str, Any]:
    """The end of a detection."""
    detection = cloud.detect_stack_drift(StackName=name)["StackDriftDetectionId"]
    while True:
        told = cloud.describe_stack_drift_detection_status(StackDriftDetectionId=detection)
        if told["DetectionStatus"] != "DETECTION_IN_PROGRESS":
            return dict(told)


def test_an_untouched_stack_is_in_sync(stacks: Stacks, cloud: Any) -> None:
    stacks.create("still", BODY, Tags=[{"Key": "Owner", "Value": "a"}])
    told = detected(stacks, cloud, "still")
    assert (told["DetectionStatus"], told["StackDriftStatus"]) == ("DETECTION_COMPLETE", "IN_SYNC")
    assert stacks.settled("still")["DriftInformation"]["StackDriftStatus"] == "IN_SYNC"


def test_what_was_changed_and_deleted_by_hand_is_found(stacks: Stacks, cloud: Any, aws: Any) -> None:
    stacks.create("drifting", BODY)
    arn = aws("sns").list_topics()["Topics"][0]["TopicArn"]
    aws("sns").set_topic_attributes(TopicArn=arn, AttributeName="DisplayName", AttributeValue="Olds")
    aws("ssm").delete_parameter(Name="secret")
    told = detected(stacks, cloud, "drifting")
    assert (told["StackDriftStatus"], told["DriftedStackResourceCount"]) == ("DRIFTED", 2)
    drifts = cloud.describe_stack_resource_drifts(
        StackName="drifting", StackResourceDriftStatusFilters=["MODIFIED"]
    )["StackResourceDrifts"]
    assert [one["PropertyDifferences"] for one in drifts] == [
        [
            {
                "PropertyPath": "/DisplayName",
                "ExpectedValue": "News",
                "ActualValue": "Olds",
                "DifferenceType": "NOT_EQUAL",
            }
        ]
    ]
    every = cloud.describe_stack_resource_drifts(StackName="drifting")["StackResourceDrifts"]
    assert {one["LogicalResourceId"]: one["StackResourceDriftStatus"] for one in every} == {
        "News": "MODIFIED",
        "Secret": "DELETED",
    }
    assert "hush-hush" not in json.dumps(every, default=str)


def test_one_resource_can_be_looked_at_alone(stacks: Stacks, cloud: Any, aws: Any) -> None:
    stacks.create("alone", BODY)
    aws("ssm").put_parameter(Name="secret", Type="String", Value="loud", Overwrite=True)
    drift = cloud.detect_stack_resource_drift(StackName="alone", LogicalResourceId="Secret")
    told = drift["StackResourceDrift"]
    assert told["StackResourceDriftStatus"] == "MODIFIED"
    assert told["PropertyDifferences"][0]["ExpectedValue"] == "****"
    assert "hush-hush" not in json.dumps(told, default=str)
    asked = {"StackName": "alone", "LogicalResourceId": "Nothing"}
    assert refusal(cloud.detect_stack_resource_drift, **asked)[1] == (
        "Resource Nothing does not exist for stack alone"
    )
